"""Rows of administrators on every database, and who is within whose reach (T25)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records import Domain
from gateway.records.administrators import Administrator, AdministratorState
from gateway.records.authority import Appointment, Reach, Role
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON

ROOT = Appointment(Role.OWNER)
AT_ACME = Appointment(Role.OPERATOR, ACME.id, full_wipe=True)
AT_GLOBEX = Appointment(Role.OWNER, GLOBEX.id)
IN_A_DOMAIN = Appointment(Role.HELP_DESK, ACME.id, domain="acme.example")
WITHIN_ACME = Reach(organisations=frozenset({ACME.id}))


def account(name: str = "ann", *appointments: Appointment, **values: object) -> Administrator:
    identity = f"a-{name}"
    made = Administrator(identity, name, name.title(), NOON, "cli:root", identity, appointments=appointments)
    return replace(made, **values)  # type: ignore[arg-type]


FULL = account(
    "full",
    ROOT,
    AT_ACME,
    IN_A_DOMAIN,
    address="full@acme.example",
    issuer="https://idp.example",
    subject="42",
    password_hash="$argon2id$",
    password_until=NOON + timedelta(hours=1),
    totp=b"sealed",
    totp_offered=b"offered",
    totp_counter=2**40,
    recovery=("d1", "d2"),
    vouched_by="a-ann",
    vouched_at=NOON,
    state=AdministratorState.DISABLED,
)


@pytest.fixture(autouse=True)
def _organisations(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
        transaction.directory.add_domain(Domain("acme.example", ACME.id))


def add(store: DatabaseStore, *accounts: Administrator) -> None:
    with store.write() as transaction:
        for each in accounts:
            transaction.administrators.add(each)


def test_an_account_comes_back_as_it_was(store: DatabaseStore) -> None:
    add(store, FULL, account())
    with store.read() as transaction:
        for key in (FULL.id, FULL.name):
            assert transaction.administrators.get(key) == FULL
        assert transaction.administrators.list() == [account(), FULL]
        assert transaction.administrators.list(after="ann") == [FULL]
        assert transaction.administrators.list(limit=1) == [account()]
        assert transaction.administrators.of_person("a-ann") == [account()]
        assert transaction.administrators.get("nobody") is None


def test_what_is_saved_takes_its_place(store: DatabaseStore) -> None:
    add(store, FULL)
    changed = replace(FULL, totp=None, recovery=("d2",), appointments=(AT_GLOBEX,), display_name="New")
    with store.write() as transaction:
        transaction.administrators.save(changed)
        assert transaction.administrators.account(FULL.id) == changed
        assert transaction.administrators.named(FULL.name) == changed


def test_a_name_is_given_once(store: DatabaseStore) -> None:
    add(store, account())
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.administrators.add(replace(account(), id="a-other"))


def test_an_id_beats_a_name_that_looks_like_one(store: DatabaseStore) -> None:
    add(store, account(), account("a-ann"))
    with store.read() as transaction:
        assert transaction.administrators.get("a-ann") == account()


def test_an_appointment_goes_with_what_it_is_for(store: DatabaseStore) -> None:
    add(store, account("ann", AT_GLOBEX, IN_A_DOMAIN, AT_ACME))
    with store.write() as transaction:
        transaction.directory.remove_domain("acme.example")
        found = transaction.administrators.get("ann")
        assert found and found.appointments == (AT_GLOBEX, AT_ACME)
        transaction.directory.remove_organisation(ACME.id)
        found = transaction.administrators.get("ann")
        assert found and found.appointments == (AT_GLOBEX,)


def test_only_who_is_wholly_within_reach_is_seen(store: DatabaseStore) -> None:
    inside = (account("desk", IN_A_DOMAIN), account("op", AT_ACME))
    outside = (
        account("both", AT_ACME, AT_GLOBEX),
        account("globex", AT_GLOBEX),
        account("nothing"),
        account("owner", ROOT),
        account("too", AT_ACME, ROOT),
    )
    add(store, *inside, *outside)
    with store.within(WITHIN_ACME).read() as transaction:
        assert transaction.administrators.list() == list(inside)
        for each in outside:
            assert transaction.administrators.get(each.id) is None
            assert transaction.administrators.account(each.id) == each
            assert transaction.administrators.named(each.name) == each
            assert transaction.administrators.of_person(each.person) == [each]
        assert transaction.administrators.owners_of_everything() == [outside[3], outside[4]]


def test_a_reach_of_persons_reaches_no_administrator(store: DatabaseStore) -> None:
    add(store, account("desk", IN_A_DOMAIN))
    partly = Reach(domains=frozenset({"acme.example"}), partly=frozenset({ACME.id}))
    with store.within(partly).read() as transaction:
        assert transaction.administrators.list() == []


def test_who_is_removed_is_gone_with_all_appointments(store: DatabaseStore) -> None:
    add(store, FULL)
    with store.write() as transaction:
        transaction.administrators.remove(FULL.id)
        assert transaction.administrators.list() == []
        transaction.administrators.add(account("full"))
        found = transaction.administrators.get("full")
        assert found and found.appointments == ()
