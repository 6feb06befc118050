"""``usher offboard`` (product 5.6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.cli.offboard import read_span
from tests.support.desk import Desk, Usher


def test_a_user_is_off_boarded(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    job = asked("offboard", ann, "--deadline", "12h", "--reason", "left")
    assert (job["step"], job["document"]["kind"]) == ("wipe", "account")
    desk.services.jobs.round()
    assert "waits for 1 of 1 devices" in usher("offboard", ann).stdout, "the one that runs"


def test_wrong_use(usher: Usher, ann: str) -> None:
    usher("offboard", ann, "--deadline", "soon", code=2)
    usher("offboard", ann, "--deadline", "0m", code=2)
    usher("offboard", ann, "--kind", "device", code=2)
    usher("offboard", "nobody@acme.example", code=3)


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("12h", 12), ("2d", 48)])
def test_spans(text: str, hours: float) -> None:
    assert read_span(text) == timedelta(hours=hours)
