"""``usher policy rollout`` (product 4.3)."""

from collections.abc import Callable
from typing import Any

from tests.support.desk import Desk, Usher


def test_watch_and_steer(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    usher("policy", "rollout", "show", "acme", code=3)
    desk.phone(ann)
    said = usher("policy", "set", "acme", "--set", "AllowCamera=false", "--over", "60").stdout
    assert said == "version 1 is in force; 1 devices provision again over 60 minutes\n"
    shown = usher("policy", "rollout", "show", "acme").stdout
    assert "1 devices: 0 told, 0 came by themselves, 1 waiting" in shown and "60 minutes" in shown
    assert asked("policy", "rollout", "pause", "acme", "--reason", "lunch")["state"] == "paused"
    usher("policy", "rollout", "pause", "acme", code=4)
    assert asked("policy", "rollout", "resume", "acme")["state"] == "running"
    assert asked("policy", "rollout", "now", "acme")["hastened"] is True
    assert "1 keep an older policy" in usher("policy", "rollout", "cancel", "acme").stdout
    assert asked("policy", "rollout", "history", "acme")["items"][0]["state"] == "cancelled"
    assert "default@1" in usher("policy", "rollout", "history", "acme").stdout
