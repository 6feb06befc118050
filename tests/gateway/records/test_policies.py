"""Policies, assignments and rollouts as values."""

from dataclasses import fields

import pytest

from gateway.records import Assignment, PolicyVersion, Rollout


@pytest.mark.parametrize("value", [PolicyVersion, Assignment, Rollout])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)
