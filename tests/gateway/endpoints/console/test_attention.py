"""Devices to look at, what counts as misbehaviour, and the archive (product 5.7, 5.8)."""

import httpx

from gateway.endpoints.console.attention import BEHAVIOURS, NOTED, document
from gateway.endpoints.console.wording import languages
from gateway.endpoints.forms import Form
from gateway.records.authority import Appointment, Authority, Role
from gateway.services.safeguards import SafeguardChanges
from mdm.misbehaviour import BOUNDS, DEFAULTS, Behaviour, Crossing
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN

HOME = "/console/o/acme"
FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])


async def test_devices_to_look_at_are_named_with_the_reason(desk: Desk, browser: httpx.AsyncClient) -> None:
    flooding, claiming = (desk.phone("ann@acme.example", name) for name in ("PHONE1", "PHONE2"))
    desk.phone("ann@globex.example", "FOREIGN")
    desk.services.misbehaviour.suspend(flooding.key, FLOOD)
    desk.services.identities.dispute(claiming.key, "it jumped", ADMIN)
    page = (await browser.get(f"{HOME}/attention")).text
    assert "flood" in page
    assert "it jumped" in page
    assert "FOREIGN" not in page


async def test_thresholds_are_changed_and_refused(desk: Desk, browser: httpx.AsyncClient) -> None:
    place = f"{HOME}/misbehaviour"
    page = (await browser.get(place)).text
    assert f'value="{DEFAULTS[Behaviour.ERRORS].slow}"' in page
    done = await browser.post(place, data={"errors.slow": "7", "service.errors.slow": "9"})
    assert done.headers["location"] == place
    held = desk.services.misbehaviour.thresholds("acme")
    assert (held.ordinary[Behaviour.ERRORS].slow, held.service[Behaviour.ERRORS].slow) == (7, 9)
    wrong = await browser.post(place, data={"errors.slow": "-1", "reason": "a trial"})
    assert wrong.status_code == 400
    assert "errors.slow" in wrong.text
    assert 'value="-1"' in wrong.text
    assert desk.services.misbehaviour.thresholds("acme").ordinary[Behaviour.ERRORS].slow == 7


def test_a_number_is_one_and_anything_else_stays_what_it_was() -> None:
    told = document(Form((("errors.slow", " 7 "), ("errors.suspend", "²"))))
    assert told["errors"] == {"slow": 7, "suspend": "²"}


async def test_the_archive_tells_why(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert "No device has left" in (await browser.get(f"{HOME}/archive")).text
    desk.services.safeguards.change(
        ADMIN, "acme", SafeguardChanges(stale_days=1, archive_days=2), may_loosen=True
    )
    desk.phone("ann@acme.example")
    desk.services.archive.round()
    page = (await browser.get(f"{HOME}/archive")).text
    assert "not heard of for long" in page
    assert "PHONE1" in page


async def test_who_may_only_look_changes_no_threshold(sitting: Sitting) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        assert (await client.get(f"{HOME}/attention")).status_code == 200
        assert (await client.post(f"{HOME}/misbehaviour", data={"reason": "x"})).status_code == 403


def test_the_second_language_has_every_heading() -> None:
    for language in languages().values():
        assert [each for each in (*BEHAVIOURS, *BOUNDS) if each not in language.texts] == []
    assert [title for title, *_ in NOTED if title not in languages()["de"].texts] == []
