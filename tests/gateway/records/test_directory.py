"""The directory's nouns."""

from dataclasses import fields

import pytest

from gateway.records import Domain, Grant, Group, Organisation, Resource, User


@pytest.mark.parametrize("value", [Organisation, Domain, User, Group, Resource, Grant])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)
