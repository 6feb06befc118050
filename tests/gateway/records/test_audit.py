"""A line of the trail as a value."""

from dataclasses import fields

import pytest

from gateway.records import Actor, AuditRecord


@pytest.mark.parametrize("value", [Actor, AuditRecord])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)
