"""Rule sets and devices that wait as values."""

from dataclasses import fields

import pytest

from gateway.records import ExpectedDevice, HeldDevice, RuleSetVersion


@pytest.mark.parametrize("value", [RuleSetVersion, ExpectedDevice, HeldDevice])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)
