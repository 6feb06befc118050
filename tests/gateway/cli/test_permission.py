"""``usher permission`` (product 1, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli import api
from tests.support.desk import Usher

ROOM = "room@acme.example"


@pytest.fixture(autouse=True)
def _room(usher: Usher, acme: str, ann: str) -> None:
    usher("resource", "create", acme, ROOM)
    usher("group", "create", acme, "staff")


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], acme: str, ann: str) -> None:
    given = usher("permission", "grant", acme, ROOM, ann, "send_as", "full_access")
    assert given.stdout == f"{ann} has full_access, send_as on {ROOM}\n"
    usher("permission", "grant", acme, ROOM, "staff", "full_access")
    assert len(asked("permission", "list", acme)["items"]) == 2
    (shown,) = asked("permission", "list", acme, "--grantee", "staff")["items"]
    assert (shown["mailbox"], shown["grantee"], shown["rights"]) == (ROOM, "staff", ["full_access"])
    assert f"{ROOM}  {ann}" in usher("permission", "list", acme, "--mailbox", ROOM).stdout
    usher("permission", "revoke", acme, ROOM, ann)
    assert len(asked("permission", "list", acme, "--mailbox", ROOM)["items"]) == 1


def test_exit_codes(usher: Usher, acme: str, ann: str) -> None:
    usher("permission", "grant", acme, ROOM, ann, code=2)
    usher("permission", "grant", acme, ROOM, ann, "all", code=2)
    usher("permission", "grant", acme, "nobody@acme.example", ann, "send_as", code=3)
    usher("permission", "grant", acme, ann, ann, "send_as", code=2)
    usher("permission", "revoke", acme, ROOM, ann, code=3)


def test_lists_go_on_beyond_a_page(
    usher: Usher, asked: Callable[..., Any], acme: str, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mailbox, grantee in ((ROOM, ann), (ROOM, "staff"), (ann, "staff")):
        usher("permission", "grant", acme, mailbox, grantee, "full_access")
    monkeypatch.setattr(api, "PAGE", 1)
    assert len(asked("permission", "list", acme)["items"]) == 3
