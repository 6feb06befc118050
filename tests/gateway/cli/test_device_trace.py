"""``usher device trace`` (product 8)."""

from collections.abc import Callable
from typing import Any

from gateway.records.protocol import Exchange
from tests.support.desk import Desk, Usher

TOLD = {
    "command": "Provision",
    "method": "POST",
    "version": "16.1",
    "verdict": "final key",
    "http_status": 200,
    "status": "1",
    "octets_received": 40,
    "octets_sent": 90,
    "ms": 3.5,
    "request_document": ["Provision", ["Status", "1\x1b[2J"], ["PolicyKey", "***"]],
    "answer_document": None,
}


def test_on_told_and_off(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    assert "recording until" in usher("device", "trace", ann, "--for", "2h", "--reason", "it loops").stdout
    desk.services.protocol_logs.write([Exchange(phone.key, desk.world.clock.now(), TOLD)])
    text = usher("device", "trace", ann, "phone1").stdout
    assert "Provision 16.1  200 Status 1  final key  40/90 octets  3.5 ms" in text
    assert "PolicyKey(***)" in text
    assert "\x1b" not in text
    assert asked("device", "trace", ann)["exchange"]["http_status"] == 200
    assert "Provision" in usher("device", "trace", ann, "--off").stdout
    usher("device", "trace", ann, "--off", code=3)


def test_a_length_is_a_number_with_a_unit(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    for length in ("30", "1d", "soon", "-5m"):
        usher("device", "trace", ann, "--for", length, code=2)
    usher("device", "trace", ann, "--for", "25h", code=2)


def test_follow_ends_with_the_recording(usher: Usher, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    desk.services.protocol_logs.write([Exchange(phone.key, desk.world.clock.now(), TOLD)])
    assert "Provision" in usher("device", "trace", ann, "--follow").stdout
