"""Address to mailbox on a real SQLite store: own and opened mailboxes, routes, redirects that end (product 1,
2.3, T12)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiscover.model import (
    AddressRedirect,
    AlternativeMailbox,
    Endpoints,
    Mailbox,
    NotFound,
    Question,
    Site,
    UrlRedirect,
)
from gateway.errors import GatewayError, Kind
from gateway.records import (
    Domain,
    Grant,
    Group,
    Organisation,
    OrganisationState,
    Resource,
    Right,
    User,
    UserState,
)
from gateway.services.discovery import Discovery, deployment
from gateway.services.names import MAXIMUM_ADDRESS
from gateway.store import DatabaseStore, migrate, open_store

ACME, OTHER = "m-" + "a" * 32, "m-" + "b" * 32
ENDPOINTS = Endpoints("https://usher.example/Microsoft-Server-ActiveSync")
SECOND = Endpoints("https://usher.example/Microsoft-Server-ActiveSync", ews="https://second.example/ews")
FOREIGN = UrlRedirect("https://exchange.example/autodiscover/autodiscover.xml")
BACK_HERE = ("https://usher.example/a", "https://example.org/a", "https://AutoDiscover.other.example./a")
ROUTES: dict[str, Endpoints | UrlRedirect] = {
    "default": ENDPOINTS,
    "foreign": FOREIGN,
    "second": SECOND,
    **{f"back{number}": UrlRedirect(url) for number, url in enumerate(BACK_HERE)},
}
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
    return Discovery(store, ROUTES, ("usher.example",))


def asked(address: str, legacy_dn: str = "") -> Question:
    return Question(address, legacy_dn)


@pytest.mark.parametrize("address", ["alice@example.org", "ALICE@Example.ORG", "al@example.org"])
def test_the_primary_address_and_an_alias_beside_it_give_the_mailbox(
    discovery: Discovery, address: str
) -> None:
    expected = Mailbox("alice@example.org", "Alice", ENDPOINTS, deployment(ACME))
    assert discovery.look_up(asked(address), Signed()) == expected


@pytest.mark.parametrize("domain", ["xn--bcher-kva.example", "XN--bcher-kva.example", "Bücher.example"])
def test_a_domain_is_known_in_the_letters_of_people_and_in_those_of_the_dns(
    store: DatabaseStore, discovery: Discovery, domain: str
) -> None:
    known = "xn--bcher-kva.example"
    with store.write() as transaction:
        transaction.directory.add_domain(Domain(known, ACME))
        transaction.directory.save_user(replace(ALICE, aliases=(f"änn@{known}",)))
    site = discovery.site(domain)
    assert isinstance(site, Site)
    assert site.domain == known
    assert discovery.look_up(asked(f"Änn@{domain}"), Signed()) == AddressRedirect(ALICE.address)


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


@pytest.fixture
def granted(store: DatabaseStore) -> None:
    """Alice may open a room, and through a group in a group Bob's mailbox; she may only send as Carla."""
    with store.write() as transaction:
        directory = transaction.directory
        directory.add_resource(Resource("r-room", ACME, "Room 1", "room@example.org"))
        directory.add_user(User("u-carla", ACME, "carla", "carla@example.org", "Carla"))
        for name in ("inner", "outer"):
            directory.add_group(Group(f"g-{name}", ACME, name, f"{name}@example.org"))
        directory.add_member("g-outer", "g-inner", nested=True)
        directory.add_member("g-inner", "u-alice", nested=False)
        full = frozenset({Right.FULL_ACCESS})
        directory.save_grant(Grant(ACME, "u-bob", "g-outer", full))
        directory.save_grant(Grant(ACME, "r-room", "u-alice", full))
        directory.save_grant(Grant(ACME, "u-carla", "u-alice", frozenset({Right.SEND_AS})))


@pytest.mark.usefixtures("granted")
def test_what_permissions_open_stands_beside_the_own_mailbox(discovery: Discovery) -> None:
    own = discovery.look_up(asked("alice@example.org"), Signed())
    assert isinstance(own, Mailbox)
    assert own.alternatives == (
        AlternativeMailbox("bob@example.org", "Bob"),
        AlternativeMailbox("room@example.org", "Room 1"),
    )


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize(("address", "name"), [("bob@example.org", "Bob"), ("Room@Example.org", "Room 1")])
def test_a_mailbox_that_is_open_to_the_asker_may_be_looked_up(
    discovery: Discovery, address: str, name: str
) -> None:
    found = discovery.look_up(asked(address), Signed())
    assert found == Mailbox(address.lower(), name, ENDPOINTS, deployment(ACME))


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize(
    ("asker", "address"),
    [
        ("u-alice", "carla@example.org"),
        ("u-alice", "inner@example.org"),
        ("u-bob", "alice@example.org"),
        ("u-bob", "room@example.org"),
    ],
)
def test_everything_else_is_as_unknown_as_nobody(discovery: Discovery, asker: str, address: str) -> None:
    assert discovery.look_up(asked(address), Signed(user=asker)) == NotFound()


@pytest.mark.usefixtures("granted")
def test_a_permission_that_is_taken_back_opens_nothing(store: DatabaseStore, discovery: Discovery) -> None:
    with store.write() as transaction:
        transaction.directory.remove_grant("u-bob", "g-outer")
    assert discovery.look_up(asked("bob@example.org"), Signed()) == NotFound()


@pytest.mark.usefixtures("granted")
def test_many_questions_are_judged_one_by_one_with_one_look_at_the_permissions(discovery: Discovery) -> None:
    questions = [asked(f"{name}@example.org") for name in ("alice", "bob", "carla", "room", "nobody")]
    found = discovery.find(questions, Signed())
    assert [type(finding.outcome) for finding in found] == [Mailbox, Mailbox, NotFound, Mailbox, NotFound]
    assert {finding.organisation for finding in found} == {ACME}


def test_the_route_of_a_user_outranks_that_of_the_organisation(
    store: DatabaseStore, discovery: Discovery
) -> None:
    save(store, replace(ALICE, backend="foreign"))
    assert discovery.look_up(asked("alice@example.org"), Signed()) == FOREIGN
    save(store, replace(ALICE, backend="second"))
    found = discovery.look_up(asked("alice@example.org"), Signed())
    assert isinstance(found, Mailbox)
    assert found.endpoints == SECOND


def test_the_route_of_a_domain_is_what_strangers_are_told(store: DatabaseStore, discovery: Discovery) -> None:
    with store.write() as transaction:
        transaction.directory.save_domain(Domain("example.net", ACME, backend="second"))
    assert discovery.site("Example.NET ") == Site("example.net", "acme", SECOND, deployment(ACME))
    assert discovery.site("example.org") == Site("example.org", "acme", ENDPOINTS, deployment(ACME))
    assert discovery.site("elsewhere.example") == NotFound()


def test_strangers_learn_of_nobody(discovery: Discovery) -> None:
    assert discovery.find([asked("alice@example.org")], None)[0].outcome == NotFound()


@pytest.mark.parametrize("backend", [name for name in ROUTES if name.startswith("back")])
def test_a_url_redirect_never_leads_back_to_this_gateway(
    store: DatabaseStore, discovery: Discovery, backend: str
) -> None:
    save(store, replace(ALICE, backend=backend))
    with pytest.raises(GatewayError) as caught:
        discovery.look_up(asked("alice@example.org"), Signed())
    assert caught.value.kind is Kind.INTERNAL


def test_whoever_moved_is_sent_to_the_end_of_the_way_at_once(
    store: DatabaseStore, discovery: Discovery
) -> None:
    save(store, replace(ALICE, moved_to="bob@example.org"))
    save(store, replace(BOB, moved_to="carol@other.example"))
    for address in ("alice@example.org", "a@example.net"):
        assert discovery.look_up(asked(address), Signed()) == AddressRedirect("carol@other.example")
    save(store, replace(CAROL, moved_to="carol@elsewhere.example"))
    assert discovery.look_up(asked("alice@example.org"), Signed()) == AddressRedirect(
        "carol@elsewhere.example"
    )


def test_the_old_login_may_ask_for_the_new_mailbox_and_for_no_other(
    store: DatabaseStore, discovery: Discovery
) -> None:
    """exchangelib goes on with the original credentials after an address redirect."""
    save(store, replace(ALICE, moved_to="carol@other.example"))
    (found,) = discovery.find([asked("carol@other.example")], Signed())
    assert found.outcome == Mailbox("carol@other.example", "Carol", ENDPOINTS, deployment(OTHER))
    assert found.organisation == ""
    assert discovery.look_up(asked("bob@example.org"), Signed()) == NotFound()
    save(store, replace(ALICE, moved_to=""))
    assert discovery.look_up(asked("carol@other.example"), Signed()) == NotFound()


@pytest.mark.parametrize(
    "end", ["alice@example.org", "al@example.org", "bob@example.org", "staff@example.org"]
)
def test_moves_in_a_circle_or_to_a_group_lead_nowhere_and_are_said(
    store: DatabaseStore, discovery: Discovery, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    with store.write() as transaction:
        transaction.directory.add_group(Group("g-staff", ACME, "staff", "staff@example.org"))
    save(store, replace(ALICE, moved_to="bob@example.org"))
    save(store, replace(BOB, moved_to=end))
    assert discovery.look_up(asked("alice@example.org"), Signed()) == NotFound()
    assert "u-alice" in caplog.text
    assert "@" not in caplog.text


def test_a_deployment_keeps_its_guid_and_shares_it_with_no_other() -> None:
    assert deployment(ACME) == "618fa6da-173a-5959-a196-3205e69b8440"
    assert deployment(OTHER) != deployment(ACME)


PEOPLE = [f"p{number}@{domain}" for number in range(3) for domain in ("example.org", "other.example")]
TARGETS = ["", *PEOPLE, "p0@elsewhere.example", "alias0@example.net", "p9@example.org"]


@st.composite
def directories(draw: st.DrawFn) -> list[User]:
    people = []
    for number, address in enumerate(PEOPLE):
        organisation = OTHER if address.endswith("other.example") else ACME
        people.append(
            User(
                f"u-{number}",
                organisation,
                address.partition("@")[0],
                address,
                f"P{number}",
                aliases=(f"alias{number}@example.net",) if organisation == ACME else (),
                backend=draw(st.sampled_from(["", "foreign", "second"])),
                moved_to=draw(st.sampled_from(TARGETS)),
            )
        )
    return people


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people=directories())
def test_following_redirects_as_a_client_does_ends(
    store: DatabaseStore, discovery: Discovery, people: list[User]
) -> None:
    with store.write() as transaction:
        for person in people:
            transaction.directory.remove_user(person.id)
        for person in people:
            transaction.directory.add_user(person)
    for person in people:
        for address in (person.address, *person.aliases):
            follow(discovery, address, Signed(person.organisation, person.id))


def follow(discovery: Discovery, address: str, login: Signed) -> None:
    """Like exchangelib: always with the login it began with, until a server elsewhere answers."""
    passed: list[str] = []
    for _ in range(10):
        passed.append(address)
        outcome = discovery.look_up(asked(address), login)
        if not isinstance(outcome, AddressRedirect):
            return
        address = outcome.address
        assert address not in passed
        if address.endswith("@elsewhere.example"):
            return
    pytest.fail(f"no end: {passed}")


def save(store: DatabaseStore, user: User) -> None:
    with store.write() as transaction:
        transaction.directory.save_user(user)
