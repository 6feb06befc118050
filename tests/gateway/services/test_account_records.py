"""Accounts in the audit trail: acts stand where the account belongs, and nothing that proves it is shown."""

import pytest

from gateway.records import AuditTag
from gateway.records.authority import Appointment, Role
from gateway.services.account_records import act_on, appointment_document, home_of, shown
from gateway.store import DatabaseStore
from tests.gateway.store.test_administrators import account
from tests.support.accounts import ROOT_ACTOR, House, house
from tests.support.stores import ACME, GLOBEX

OPERATOR = Appointment(Role.OPERATOR, ACME.id)
ELSEWHERE = Appointment(Role.VIEWER, GLOBEX.id)


@pytest.mark.parametrize(
    ("appointments", "home"),
    [((OPERATOR,), ACME.id), ((), ""), ((Appointment(Role.OWNER),), ""), ((OPERATOR, ELSEWHERE), "")],
)
def test_an_act_stands_in_the_trail_of_the_one_organisation_it_is_about(
    appointments: tuple[Appointment, ...], home: str
) -> None:
    assert home_of(account("ann", *appointments)) == home


@pytest.fixture
def home(store: DatabaseStore) -> House:
    return house(store)


def test_an_act_on_an_account_is_looked_up_and_on_nobody_stands_nowhere(home: House) -> None:
    made = home.make("ann", OPERATOR)
    acts = [act_on(home.store, AuditTag.PASSKEY_REMOVED, ROOT_ACTOR, each) for each in (made.id, "a-nobody")]
    assert [(act.organisation, act.target) for act in acts] == [(ACME.id, made.id), ("", "a-nobody")]


def test_nothing_that_proves_an_account_is_shown() -> None:
    secretive = account(
        "ann",
        OPERATOR,
        password_hash="$argon2id$hash",
        totp=b"sealed",
        totp_offered=b"offered",
        recovery=("digest",),
    )
    told = repr(shown(secretive))
    assert not [each for each in ("argon2id", "sealed", "offered", "digest") if each in told]


def test_of_an_appointment_what_is_empty_is_left_out() -> None:
    assert appointment_document(OPERATOR) == {"role": "operator", "organisation": ACME.id}
    narrow = Appointment(Role.OPERATOR, ACME.id, domain="acme.example", full_wipe=True)
    assert appointment_document(narrow) == {
        "role": "operator",
        "organisation": ACME.id,
        "domain": "acme.example",
        "full_wipe": True,
    }
