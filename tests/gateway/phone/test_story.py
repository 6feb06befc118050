"""Events as lines and as JSON."""

import json

from gateway.phone.story import Event, Step, silent

EVENT = Event(1_700_000_000.0625, "alice@example.test", "A1", Step.PING, "waits", {"heartbeat": 60})


def test_a_line_has_the_time_the_name_and_the_text():
    line = EVENT.as_line("alice")
    assert line.endswith(":20.062  alice  waits")
    assert EVENT.as_line().endswith(".062  waits")


def test_json_holds_the_facts_and_lets_none_of_them_hide_a_fixed_field():
    event = Event(1.5, "a", "d", Step.WIPE, "text", {"kind": "device", "step": "forged"})
    assert json.loads(event.as_json()) == {
        "at": 1.5, "address": "a", "device_id": "d", "step": "wipe", "text": "text", "kind": "device",
    }  # fmt: skip


def test_nobody_has_to_listen():
    assert silent(EVENT) is None
