"""Whom names in a file mean; ``test_sections`` has the faults."""

import pytest

from gateway.cli.declared.resolving import Directory
from gateway.cli.declared.values import Kind
from tests.support.described import DIRECTORY, state

ODD = Directory(
    users={"ann@acme.example": "u-ann"},
    addresses={"u-ann": "ann@acme.example"},
    groups={"ann@acme.example": "g-1", "g-3": "g-2", "x": "g-3", "y": "g-4"},
    group_addresses={"x": "g-4"},
    names={"g-1": "ann@acme.example", "g-2": "g-3", "g-3": "x", "g-4": "y"},
)
"""Groups that are called like a user, like another group's id and like another one's address."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@acme.example", "u-ann"),
        ("ANN.B@acme.example", "u-ann"),
        ("u-bob", "u-bob"),
        ("Staff", "g-staff"),
        ("STAFF@acme.example", "g-staff"),
        ("g-staff", "g-staff"),
        ("staff", None),
        ("room@acme.example", None),
    ],
)
def test_who_can_be_in_a_group(text: str, found: str | None) -> None:
    assert DIRECTORY.member(text) == found


def test_whose_mailbox() -> None:
    named = ("ann.b@acme.example", "ROOM@acme.example", "Staff")
    assert [DIRECTORY.mailbox(each) for each in named] == ["u-ann", "r-room", None]


@pytest.mark.parametrize("group", ["g-1", "g-2", "g-3", "g-4"])
def test_a_group_is_written_so_that_it_is_found_again(group: str) -> None:
    assert ODD.member(ODD.written(group)) == group
    assert ODD.group(ODD.written(group, among_users=False)) == group


def test_a_group_whose_name_misleads_is_written_by_its_id() -> None:
    assert [ODD.written(group) for group in ODD.names] == ["g-1", "g-2", "g-3", "y"]


def test_what_is_yet_to_be_made_is_known_by_its_name() -> None:
    text = """
[organisations.acme.groups.Inner]
address = "inner@acme.example"
[organisations.acme.groups.Outer]
members = ["inner@acme.example", "Staff"]
[organisations.acme.resources."van@acme.example"]
[organisations.acme.permissions."van@acme.example"]
Outer = ["send_as"]
[organisations.acme.policies.p]
assigned = [{ group = "Inner" }, { domain = "new.example" }]
[organisations.acme.domains."new.example"]
"""
    names = [key[1:] for key in state(text).items]
    assert (Kind.MEMBER, ("Outer", "new:Inner")) in names
    assert (Kind.MEMBER, ("Outer", "g-staff")) in names
    assert (Kind.PERMISSION, ("new:van@acme.example", "new:Outer")) in names
    assert (Kind.ASSIGNMENT, ("p", "group", "new:Inner", "")) in names
    assert (Kind.ASSIGNMENT, ("p", "domain", "new.example", "")) in names
