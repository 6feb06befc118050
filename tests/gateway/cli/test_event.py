"""``usher event`` (product 7.9)."""

import json
import threading
from collections.abc import Callable
from typing import Any

from gateway.cli import event as module
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD


def test_events_are_listed(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    found = asked("event", "list")["items"]
    assert found[0]["type"] == "admin:organisation:created"
    assert "admin:user:created" in usher("event", "list").stdout
    last = found[-1]["sequence"]
    assert asked("event", "list", "--after", str(last))["items"] == []
    devices = asked("event", "list", "--device", f"{ann}/PHONE1", "--type", "device:partnership:created")
    assert [each["device"]["device_id"] for each in devices["items"]] == ["PHONE1"]
    assert asked("event", "list", "--org", "acme", "--type", "device:wipe:failed")["items"] == []
    usher("event", "list", "--type", "no:such:type", code=2)


def test_what_happens_is_printed_one_a_line(usher: Usher, desk: Desk, ann: str) -> None:
    def happen() -> None:
        for name in ("bob", "carl"):
            desk.services.users.create(ADMIN, "acme", f"{name}@acme.example", password=PASSWORD)

    timer = threading.Timer(1.0, happen)
    timer.start()
    told = usher("event", "follow", "--type", "admin:user:created", "--count", "2", "--json").stdout
    timer.join()
    lines = [json.loads(line) for line in told.splitlines()]
    assert [each["type"] for each in lines] == ["admin:user:created"] * 2
    after = lines[0]["sequence"]
    again = usher("event", "follow", "--after", str(after), "--type", "admin:user:created", "--count", "1")
    assert again.stdout.split()[0] == str(lines[1]["sequence"])
    assert module.LOOK_EVERY_S >= 1
