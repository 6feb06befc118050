"""Address to mailbox on a real SQLite store (product 2.3, T12)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autodiscover.model import AddressRedirect, Endpoints, Mailbox, NotFound, Question, UrlRedirect
from gateway.errors import GatewayError, Kind
from gateway.records import Domain, Organisation, OrganisationState, User, UserState
from gateway.services.discovery import MAXIMUM_ADDRESS, Discovery
from gateway.store import DatabaseStore, migrate, open_store

ACME, OTHER = "m-" + "a" * 32, "m-" + "b" * 32
ENDPOINTS = Endpoints("https://usher.example/Microsoft-Server-ActiveSync")
FOREIGN = UrlRedirect("https://exchange.example/autodiscover/autodiscover.xml")
ALICE = User(
    "u-alice", ACME, "alice", "alice@example.org", "Alice", aliases=("al@example.org", "a@example.net")
)
BOB = User("u-bob", ACME, "bob", "bob@example.org", "Bob")
CAROL = User("u-carol", OTHER, "carol", "carol@other.example", "Carol")


@dataclass(frozen=True)
class Signed:
    organisation: str = ACME
    user: str = "u-alice"


@pytest.fixture
def store(tmp_path: Path) -> DatabaseStore:
    url = f"sqlite:///{tmp_path}/usher.db"
    migrate(url)
    opened = open_store(url)
    with opened.write() as transaction:
        directory = transaction.directory
        for ident, alias in ((ACME, "acme"), (OTHER, "other")):
            directory.add_organisation(Organisation(ident, alias, alias, datetime(2026, 1, 1, tzinfo=UTC)))
        for name, owner in (("example.org", ACME), ("example.net", ACME), ("other.example", OTHER)):
            directory.add_domain(Domain(name, owner))
        for user in (ALICE, BOB, CAROL):
            directory.add_user(user)
    return opened


@pytest.fixture
def discovery(store: DatabaseStore) -> Discovery:
    return Discovery(store, {"default": ENDPOINTS, "foreign": FOREIGN}, "guid")


def asked(address: str, legacy_dn: str = "") -> Question:
    return Question(address, legacy_dn)


@pytest.mark.parametrize("address", ["alice@example.org", "ALICE@Example.ORG", "al@example.org"])
def test_the_primary_address_and_an_alias_beside_it_give_the_mailbox(
    discovery: Discovery, address: str
) -> None:
    expected = Mailbox("alice@example.org", "Alice", ENDPOINTS, "guid")
    assert discovery.look_up(asked(address), Signed()) == expected


def test_an_alias_in_another_domain_redirects_to_the_primary_address(discovery: Discovery) -> None:
    assert discovery.look_up(asked("a@example.net"), Signed()) == AddressRedirect("alice@example.org")


@pytest.mark.parametrize(
    "address",
    [
        "nobody@example.org",
        "bob@example.org",
        "carol@other.example",
        "nobody@other.example",
        "alice@elsewhere.example",
        "alice",
        "@",
        "@example.org",
        "",
        "a" * MAXIMUM_ADDRESS + "@example.org",
        "alice@example.org@elsewhere.example",
        "*@example.org",
        "alice@example.org' OR '1'='1",
    ],
)
def test_whatever_is_not_the_askers_own_is_one_and_the_same_answer(
    discovery: Discovery, address: str
) -> None:
    assert discovery.look_up(asked(address), Signed()) == NotFound()


def test_a_distinguished_name_outranks_the_address(discovery: Discovery) -> None:
    assert discovery.look_up(asked("alice@example.org", "/o=x/cn=alice"), Signed()) == NotFound()


def test_a_domain_that_is_not_served_any_more_knows_nobody(
    store: DatabaseStore, discovery: Discovery
) -> None:
    with store.write() as transaction:
        transaction.directory.save_user(replace(ALICE, aliases=("al@example.org",)))
        transaction.directory.remove_domain("example.net")
    assert discovery.look_up(asked("a@example.net"), Signed()) == NotFound()


@pytest.mark.parametrize("state", [UserState.DISABLED, UserState.SYSTEM])
def test_a_user_who_is_not_enabled_is_not_found(
    store: DatabaseStore, discovery: Discovery, state: UserState
) -> None:
    with store.write() as transaction:
        transaction.directory.save_user(replace(ALICE, state=state))
    assert discovery.look_up(asked("alice@example.org"), Signed()) == NotFound()


@pytest.mark.parametrize(
    "state", [state for state in OrganisationState if state is not OrganisationState.ACTIVE]
)
def test_only_an_active_organisation_is_served(
    store: DatabaseStore, discovery: Discovery, state: OrganisationState
) -> None:
    change(store, state=state)
    with pytest.raises(GatewayError) as caught:
        discovery.look_up(asked("alice@example.org"), Signed())
    assert caught.value.kind is Kind.UNAVAILABLE


def test_an_organisation_that_is_gone_is_not_served(discovery: Discovery) -> None:
    with pytest.raises(GatewayError) as caught:
        discovery.look_up(asked("alice@example.org"), Signed(organisation="m-" + "0" * 32))
    assert caught.value.kind is Kind.UNAVAILABLE


def test_a_foreign_backend_answers_for_itself(store: DatabaseStore, discovery: Discovery) -> None:
    change(store, backend="foreign")
    assert discovery.look_up(asked("alice@example.org"), Signed()) == FOREIGN


def test_a_backend_that_is_not_configured_is_our_own_fault(
    store: DatabaseStore, discovery: Discovery
) -> None:
    change(store, backend="missing")
    with pytest.raises(GatewayError) as caught:
        discovery.look_up(asked("alice@example.org"), Signed())
    assert caught.value.kind is Kind.INTERNAL


def change(store: DatabaseStore, **changes: object) -> None:
    with store.write() as transaction:
        organisation = transaction.directory.organisation(ACME)
        assert organisation is not None
        transaction.directory.save_organisation(replace(organisation, **changes))  # type: ignore[arg-type]  # by name
