"""Administrators, tokens and sessions as values: nothing that proves anything is in a repr (T28)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records.administrators import Administrator, AdministratorState, ApiToken, Session
from gateway.records.authority import Appointment, Role
from tests.support.stores import ACME, NOON

ANN = Administrator("a-1", "ann", "Ann", NOON, "cli:root", "a-1")
OWNER = Appointment(Role.OWNER)


@pytest.mark.parametrize(
    "value",
    [
        replace(ANN, password_hash="canary", totp=b"canary", totp_offered=b"canary", recovery=("canary",)),
        ApiToken("t-1", "ci", "canary", "a-1", NOON, "ann", NOON + timedelta(days=1)),
        Session("s-1", "canary", "a-1", NOON, NOON, NOON, NOON),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_tells_a_secret(value: object) -> None:
    assert "canary" not in repr(value)


def test_who_has_no_second_factor_is_not_enrolled() -> None:
    assert not replace(ANN, totp_offered=b"x").enrolled
    assert replace(ANN, totp=b"x").enrolled


@pytest.mark.parametrize(
    ("account", "owns"),
    [
        (replace(ANN, appointments=(OWNER,)), True),
        (replace(ANN, appointments=(Appointment(Role.VIEWER), OWNER)), True),
        (replace(ANN, appointments=(OWNER,), state=AdministratorState.DISABLED), False),
        (replace(ANN, appointments=(Appointment(Role.OWNER, ACME.id),)), False),
        (replace(ANN, appointments=(Appointment(Role.OPERATOR),)), False),
        (ANN, False),
    ],
)
def test_an_owner_of_everything_is_one_who_can_act(account: Administrator, owns: bool) -> None:
    assert account.owns_everything is owns
