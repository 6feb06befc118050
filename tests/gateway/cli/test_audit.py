"""``usher audit`` (product 8, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli import audit
from tests.support.desk import Desk, Usher


def test_filters_and_pages(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.phone(ann)
    usher("device", "wipe", ann, "--reason", "lost")
    monkeypatch.setattr(audit, "PAGE", 2)
    everything = asked("audit", "list")["items"]
    numbers = [each["sequence"] for each in everything]
    assert numbers == sorted(numbers) and len(numbers) > 4
    assert [each["sequence"] for each in asked("audit", "list", "--limit", "3")["items"]] == numbers[:3]
    assert [
        each["sequence"] for each in asked("audit", "list", "--after", str(numbers[-2]))["items"]
    ] == numbers[-1:]
    (wipe,) = asked("audit", "list", "--tag", "admin:wipe:required", "--org", "acme")["items"]
    assert wipe["reason"] == "lost"
    assert asked("audit", "list", "--target", wipe["target"])["items"][-1] == wipe
    assert "lost" in usher("audit", "list").stdout


def test_the_trail_of_a_removed_organisation(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    number = asked("org", "show", acme)["id"]
    usher("org", "remove", acme, "--alias", acme)
    tags = [each["tag"] for each in asked("audit", "list", "--org", number)["items"]]
    assert tags[-1] == "admin:organisation:removed"


def test_wrong_questions(usher: Usher) -> None:
    usher("audit", "list", "--tag", "nothing", code=2)
    usher("audit", "list", "--limit", "0", code=2)
