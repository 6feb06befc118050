"""Jobs and archived devices as values."""

import pytest

from gateway.records import ArchivedDevice, Job, JobState


@pytest.mark.parametrize("value", [Job, ArchivedDevice])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_a_job_begins_running() -> None:
    assert Job.__dataclass_fields__["state"].default is JobState.RUNNING
