"""``usher job`` (product 5.6)."""

import threading
from collections.abc import Callable
from typing import Any

from tests.support.desk import Desk, Usher


def test_jobs_are_seen_and_cancelled(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    job = asked("offboard", ann)["id"]
    lines = usher("job", "list", "acme").stdout.splitlines()
    assert lines[1].split()[:3] == [job, "offboarding", ann]
    assert asked("job", "list", "acme")["items"][0]["id"] == job
    assert "step 1 of 5" in usher("job", "show", "acme", job).stdout
    assert "cancelled" in usher("job", "cancel", "acme", job, "--reason", "stays").stdout
    usher("job", "cancel", "acme", job, code=4)
    usher("job", "show", "acme", "j-none", code=3)


def test_wait_stays_to_the_end(usher: Usher, desk: Desk, ann: str) -> None:
    timer = threading.Timer(0.3, desk.services.jobs.round)
    timer.start()
    told = usher("offboard", ann, "--wait").stdout
    timer.join()
    assert "done: 0 of 0 devices acknowledged their wipe" in told
