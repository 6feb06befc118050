"""``usher resource`` (product 1, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli import api
from tests.support.desk import Usher


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    usher("resource", "create", acme, "Room@acme.example", "--name", "Room 1")
    assert usher("resource", "list", acme).stdout.splitlines() == [
        "ADDRESS            NAME    KIND  STATE",
        "room@acme.example  Room 1  room  enabled",
    ]
    usher("resource", "set", acme, "room@acme.example", "--kind", "equipment", "--state", "disabled")
    shown = asked("resource", "show", acme, "room@acme.example")
    assert (shown["kind"], shown["state"], shown["name"]) == ("equipment", "disabled", "Room 1")
    usher("resource", "set", acme, shown["id"], "--name", "Beamer", "--address", "b@acme.example")
    usher("resource", "remove", acme, "b@acme.example")
    assert asked("resource", "list", acme)["items"] == []


def test_exit_codes(usher: Usher, acme: str, ann: str) -> None:
    usher("resource", "create", acme, ann, code=4)
    usher("resource", "create", acme, "room@nowhere.example", code=2)
    usher("resource", "create", acme, "room@acme.example", "--kind", "boat", code=2)
    usher("resource", "show", acme, "room@acme.example", code=3)
    usher("resource", "remove", acme, ann, code=3)


def test_lists_go_on_beyond_a_page(
    usher: Usher, asked: Callable[..., Any], acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        usher("resource", "create", acme, f"r{number}@acme.example")
    monkeypatch.setattr(api, "PAGE", 2)
    assert len(asked("resource", "list", acme)["items"]) == 3
