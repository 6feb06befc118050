"""The fields of the device list and its questions as values."""

from dataclasses import fields

import pytest

from gateway.records.inventory import FIELDS, NAMES, Condition, Counts, Found, Kind, Listing, Ordering, Place
from mdm.device import AccessLevel, DeviceState


@pytest.mark.parametrize("value", [Condition, Ordering, Place, Listing, Found, Counts])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)


def test_only_choices_have_choices_and_every_name_is_a_text() -> None:
    assert all(bool(field.choices) == (field.kind is Kind.CHOICE) for field in FIELDS.values())
    assert all(FIELDS[name].kind is Kind.TEXT for name in NAMES)


def test_the_choices_are_the_enumerations_own() -> None:
    assert FIELDS["state"].choices == tuple(state.value for state in DeviceState)
    assert set(FIELDS["access"].choices) == {"rules", *(level.value for level in AccessLevel)}
