"""``usher org safeguards`` (product 5.5)."""

from collections.abc import Callable
from typing import Any

from gateway.cli.org_safeguards import NUMBERS, SWITCHES
from gateway.services.safeguards import SafeguardChanges
from tests.support.desk import Usher


def test_safeguards_are_shown_and_changed(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    assert asked("org", "safeguards", acme)["approve_full_wipes"] is True
    changed = asked("org", "safeguards", acme, "--never-full-wipe", "--wipes-per-hour", "2")
    assert (changed["never_full_wipe"], changed["wipes_per_hour"]) == (True, 2)
    assert "wipes_per_hour" in usher("org", "safeguards", acme, "--wipes-per-hour", "0", code=2).stderr


def test_every_safeguard_has_its_option() -> None:
    assert set(SWITCHES) | set(NUMBERS) == set(SafeguardChanges.__dataclass_fields__)
