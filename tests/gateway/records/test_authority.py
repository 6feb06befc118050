"""Roles, scopes and what they reach (product 7.6; T9, T25)."""

import re
from pathlib import Path

import pytest

from gateway.records.authority import (
    EVERYTHING,
    MACHINE,
    NOTHING_AT_ALL,
    PERSONAL,
    ROLES,
    Appointment,
    Authority,
    Permission,
    Reach,
    Role,
    reach_of,
)

HERE, THERE = "m-here", "m-there"


def test_every_role_has_permissions_and_none_a_full_wipe() -> None:
    assert set(ROLES) == set(Role)
    for permissions in ROLES.values():
        assert Permission.SELF in permissions
        assert Permission.WIPE_FULL not in permissions


@pytest.mark.parametrize("role", Role)
def test_a_full_wipe_has_to_be_named_and_needs_the_right_to_wipe(role: Role) -> None:
    named = Appointment(role, full_wipe=True).permissions
    assert (Permission.WIPE_FULL in named) is (Permission.DEVICE_WIPE in ROLES[role])


@pytest.mark.parametrize("role", Role)
def test_who_may_wipe_may_write_and_read(role: Role) -> None:
    """Routes that take a further permission from the body go on within its reach alone."""
    if Permission.DEVICE_WIPE in ROLES[role]:
        assert {Permission.DEVICE_WRITE, Permission.DEVICE_READ} <= ROLES[role]


def test_an_approver_cannot_ask_for_what_is_to_be_approved() -> None:
    assert Permission.DEVICE_WIPE not in ROLES[Role.APPROVER]


def test_the_whole_gateway_outdoes_all_else() -> None:
    both = (Appointment(Role.VIEWER), Appointment(Role.VIEWER, HERE))
    assert reach_of(both, Permission.USER_READ) == EVERYTHING


def test_reaches_of_several_appointments_add_up_for_each_permission() -> None:
    given = (
        Appointment(Role.VIEWER, HERE),
        Appointment(Role.HELP_DESK, THERE, domain="a.example"),
        Appointment(Role.HELP_DESK, THERE, group="g-1"),
    )
    whom = reach_of(given, Permission.DEVICE_READ)
    parts = (frozenset({"a.example"}), frozenset({"g-1"}), frozenset({THERE}))
    assert whom == Reach(False, frozenset({HERE}), *parts)
    assert reach_of(given, Permission.DEVICE_WIPE) == Reach(False, frozenset(), *parts)
    assert whom.whole(HERE)
    assert not whom.whole(THERE)


def test_a_part_of_an_organisation_gives_nothing_that_concerns_the_whole() -> None:
    part = Appointment(Role.OWNER, HERE, domain="a.example", full_wipe=True)
    assert part.permissions <= PERSONAL
    assert Permission.WIPE_FULL in part.permissions
    assert not reach_of((part,), Permission.POLICY_WRITE)


def test_a_token_does_no_more_than_it_was_made_for() -> None:
    token = Authority("t", appointments=MACHINE, limits=frozenset({Permission.DEVICE_READ}))
    assert token.reach(Permission.DEVICE_READ) == EVERYTHING
    assert token.reach(Permission.DEVICE_WIPE) == NOTHING_AT_ALL
    assert not token.holds(Permission.DEVICE_WIPE)
    assert not Authority("nobody").holds(Permission.SELF)


def test_two_permissions_reach_what_both_reach() -> None:
    one, other = (
        Reach(organisations=frozenset("ab")),
        Reach(organisations=frozenset("bc"), partly=frozenset("a")),
    )
    both = one & other
    assert (both.organisations, both.partly, both.parts) == (frozenset("b"), frozenset("a"), (one, other))
    assert both
    assert not both.whole("a")
    assert EVERYTHING & one == one & EVERYTHING == one


def test_the_page_about_roles_has_these_tables() -> None:
    page = (Path(__file__).parents[3] / "docs" / "roles.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| `[a-z]+(:[a-z]+)?` \|", line)]
    assert rows == [_row(permission) for permission in Permission]


def _row(permission: Permission) -> str:
    mark = "★" if permission in PERSONAL else "●"
    cells = (mark if permission in ROLES[role] else "" for role in Role)
    return f"| {' | '.join([f'`{permission.value}`', *cells])} |"
