"""The change feed's rows as values."""

from dataclasses import fields

import pytest

from gateway.records import Change, Contact


@pytest.mark.parametrize("value", [Change, Contact])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)
