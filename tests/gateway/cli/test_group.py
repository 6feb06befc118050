"""``usher group`` (product 1, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli import api
from tests.support.desk import Usher


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], acme: str, ann: str) -> None:
    usher("group", "create", acme, "Staff", "--address", "staff@acme.example", "--backend", "other")
    usher("group", "create", acme, "crew")
    assert usher("group", "add", acme, "Staff", ann, "crew").stdout == f"added {ann}, crew to Staff\n"
    assert usher("group", "members", acme, "Staff").stdout.splitlines()[0].split() == [
        "KIND",
        "NAME",
        "ADDRESS",
    ]
    assert {each["address"] for each in asked("group", "members", acme, "Staff")["items"]} == {ann, ""}
    told = usher("user", "show", ann).stdout
    assert "served by     other" in told
    assert "groups        Staff" in told
    usher("group", "set", acme, "Staff", "--name", "All", "--state", "disabled", "--backend", "")
    shown = asked("group", "show", acme, "staff@acme.example")
    assert (shown["name"], shown["state"], shown["backend"]) == ("All", "disabled", "")
    usher("group", "drop", acme, "All", ann)
    usher("group", "remove", acme, "crew")
    assert asked("group", "members", acme, "All")["items"] == []
    assert usher("group", "list", acme).stdout.splitlines()[1].split() == [
        "All",
        "staff@acme.example",
        "disabled",
        "0",
    ]


def test_exit_codes(usher: Usher, acme: str, ann: str) -> None:
    usher("group", "create", acme, "a")
    usher("group", "create", acme, "a", code=4)
    usher("group", "create", acme, "b", "--backend", "nowhere", code=2)
    usher("group", "create", acme, "b", "--address", ann, code=4)
    usher("group", "add", acme, "a", "a", code=4)
    usher("group", "add", acme, "a", "nobody", code=3)
    usher("group", "drop", acme, "a", ann, code=3)
    usher("group", "show", acme, "b", code=3)
    usher("group", "add", acme, "a", code=2)


def test_lists_go_on_beyond_a_page(
    usher: Usher, asked: Callable[..., Any], acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        usher("group", "create", acme, name)
    usher("group", "add", acme, "a", "b", "c")
    monkeypatch.setattr(api, "PAGE", 1)
    assert [each["name"] for each in asked("group", "list", acme)["items"]] == names
    assert len(asked("group", "members", acme, "a")["items"]) == 2


def test_a_name_may_hold_a_slash(usher: Usher, asked: Callable[..., Any], acme: str, ann: str) -> None:
    usher("group", "create", acme, "In/side")
    usher("group", "create", acme, "Sales")
    usher("group", "add", acme, "In/side", ann)
    usher("group", "add", acme, "Sales", "In/side")
    assert [each["name"] for each in asked("group", "members", acme, "Sales")["items"]] == ["In/side"]
    usher("group", "show", acme, "Out/side", code=3)
    usher("group", "remove", acme, "In/side")
