"""Policies as the API shows them."""

from datetime import timedelta

from gateway.endpoints.api.policy_views import BUILT_IN, differences, effective_view, progress, view
from gateway.records import Rollout, RolloutState
from gateway.services.rollouts import Progress
from mdm.layers import Layer, Reach, lay
from mdm.policy import SETTINGS, SWITCHES
from tests.support.stores import NOON


def test_the_built_in_policy_says_nothing() -> None:
    assert view(None) is BUILT_IN
    assert BUILT_IN.document == {"settings": {}}


def test_every_value_has_its_origin() -> None:
    layer = Layer(Reach.GROUP, "g-1", "strict", 3, {"settings": {"AllowCamera": False}, "refresh_hours": 4})
    shown = effective_view(lay([layer]))
    by_name = {each.name: each for each in shown.values}
    assert len(by_name) == len(SETTINGS) + len(SWITCHES) + 1
    camera, hours, browser = by_name["AllowCamera"], by_name["refresh_hours"], by_name["AllowBrowser"]
    assert (camera.value, camera.policy, camera.version, camera.reach, camera.target) == (
        False,
        "strict",
        3,
        "group",
        "g-1",
    )
    assert (hours.value, hours.policy) == (4, "strict")
    assert (browser.value, browser.policy, browser.reach) == (True, "", "")


def test_progress_in_numbers() -> None:
    rollout = Rollout(
        "m-1", 2, "default@3", "root", NOON, 3600, 5, RolloutState.RUNNING, planned=9, moved=2, held_s=60
    )
    shown = progress(Progress(rollout, waiting=4, behind=1))
    assert (shown.minutes, shown.planned, shown.moved, shown.came, shown.waiting) == (60, 9, 2, 3, 4)
    assert shown.ends_at == NOON + timedelta(seconds=3660)


def test_what_differs() -> None:
    (one,) = differences({"AllowCamera": (True, False)}).items
    assert (one.name, one.before, one.after) == ("AllowCamera", True, False)
