"""Budgets as arithmetic; what they do to requests is in test_wipes and tests/attacks/test_wipe_abuse.py."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Safeguards
from gateway.services.wipe_guards import Halted, daily_budget


@pytest.mark.parametrize(
    ("fleet", "percent", "devices"),
    [(0, 2, 1), (1, 2, 1), (49, 2, 1), (50, 2, 1), (100, 2, 2), (200_000, 2, 4000), (3, 100, 3)],
)
def test_a_share_of_the_fleet_and_one_device_at_least(fleet: int, percent: int, devices: int) -> None:
    assert daily_budget(Safeguards(wipes_per_day_percent=percent), fleet) == devices


def test_what_halts_is_a_conflict_in_words() -> None:
    error = Halted("because").error()
    assert isinstance(error, GatewayError)
    assert (error.kind, error.public) == (Kind.CONFLICT, "because")
