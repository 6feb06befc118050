"""What is shown of accounts, tokens and sessions: nothing that proves them (T28)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from gateway.endpoints.api.administrator_views import (
    AppointmentBody,
    administrator_view,
    session_view,
    token_view,
)
from gateway.records.administrators import Administrator, ApiToken, Session
from gateway.records.authority import Appointment, Permission, Role
from tests.support.stores import NOON

ANN = Administrator(
    "a-1",
    "ann",
    "Ann",
    NOON,
    "cli:root",
    "a-1",
    password_hash="canary",
    totp=b"canary",
    totp_offered=b"canary",
    recovery=("canary", "canary2"),
    appointments=(Appointment(Role.HELP_DESK, "m-1", group="g-1"),),
)
TOKEN = ApiToken("t-1", "ci", "canary", "a-1", NOON, "ann", NOON + timedelta(days=1))
SESSION = Session("s-1", "canary", "a-1", NOON, NOON, NOON, NOON + timedelta(hours=12))


@pytest.mark.parametrize(
    "view",
    [administrator_view(ANN), token_view(TOKEN), session_view(SESSION, "s-1")],
    ids=lambda v: type(v).__name__,
)
def test_nothing_that_proves_anything_is_shown(view: BaseModel) -> None:
    assert "canary" not in view.model_dump_json()


def test_an_account_says_what_it_has() -> None:
    view = administrator_view(ANN)
    assert (view.second_factor, view.recovery_codes_left) == (True, 2)
    assert view.appointments[0].model_dump() == {
        "role": Role.HELP_DESK,
        "organisation": "m-1",
        "domain": "",
        "group": "g-1",
        "full_wipe": False,
    }


def test_a_tokens_permissions_come_in_their_order() -> None:
    assert token_view(TOKEN).permissions is None
    limited = replace(TOKEN, limits=frozenset({Permission.USER_WRITE, Permission.USER_READ}))
    assert token_view(limited).permissions == [Permission.USER_READ, Permission.USER_WRITE]


def test_a_session_says_whether_it_asks_and_until_when_it_is_confirmed() -> None:
    view = session_view(SESSION, "s-2")
    assert (view.current, view.confirmed_until) == (False, NOON + timedelta(minutes=5))
    assert session_view(SESSION, "s-1").current


def test_an_appointment_is_strict() -> None:
    given = AppointmentBody.model_validate({"role": "help desk", "organisation": "acme", "group": "staff"})
    assert given.value() == Appointment(Role.HELP_DESK, "acme", group="staff")
    for wrong in ({"role": "king"}, {}, {"role": "owner", "x": 1}, {"role": "owner", "full_wipe": "yes"}):
        with pytest.raises(ValidationError):
            AppointmentBody.model_validate(wrong)
