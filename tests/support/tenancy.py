"""Two organisations with everything that belongs to somebody, and the reaches that divide them (T25, T35).

``acme`` has two domains, and a group within a group; whoever is in the inner one is nobody of the other
domain. ``globex`` has what ``acme`` has.
"""

from datetime import timedelta

from gateway.records import (
    ArchiveCause,
    ArchivedDevice,
    BackendKey,
    Domain,
    EntityState,
    ExpectedDevice,
    Grant,
    Group,
    HeldDevice,
    Job,
    Organisation,
    Resource,
    ResourceKind,
    Right,
    User,
)
from gateway.records.authority import Reach
from gateway.store import DatabaseStore
from gateway.store.transaction import RowTransaction
from mdm.device import AccessLevel, DeviceKey, WipeKind
from mdm.orders import WipeOrder
from tests.support.stores import ACME, GLOBEX, NOON, device


def _person(letter: str, home: Organisation, domain: str) -> User:
    name = {"a": "ann", "b": "bob", "c": "cas", "d": "dag"}[letter]
    return User(f"u-{letter * 32}", home.id, name, f"{name}@{domain}", name.title(), password_hash="h")


ANN = _person("a", ACME, "acme.example")
BOB = _person("b", ACME, "other.example")
CAS = _person("c", ACME, "other.example")
DAG = _person("d", GLOBEX, "globex.example")
PEOPLE = (ANN, BOB, CAS, DAG)

OUTER, INNER, SHUT, FOREIGN = (f"g-{letter * 32}" for letter in "1234")
"""``INNER`` with Bob is in ``OUTER``; Cas is in ``SHUT``, which is disabled; Dag is in ``FOREIGN``."""

DIVIDED = {
    "organisation": (Reach(organisations=frozenset({ACME.id})), {"ann", "bob", "cas"}),
    "other organisation": (Reach(organisations=frozenset({GLOBEX.id})), {"dag"}),
    "domain": (Reach(domains=frozenset({"acme.example"}), partly=frozenset({ACME.id})), {"ann"}),
    "other domain": (
        Reach(domains=frozenset({"other.example"}), partly=frozenset({ACME.id})),
        {"bob", "cas"},
    ),
    "group": (Reach(groups=frozenset({OUTER}), partly=frozenset({ACME.id})), {"bob"}),
    "disabled group": (Reach(groups=frozenset({SHUT}), partly=frozenset({ACME.id})), set[str]()),
    "domain and group": (
        Reach(domains=frozenset({"acme.example"}), groups=frozenset({INNER}), partly=frozenset({ACME.id})),
        {"ann", "bob"},
    ),
    "organisation and group": (
        Reach(organisations=frozenset({GLOBEX.id}), groups=frozenset({OUTER}), partly=frozenset({ACME.id})),
        {"bob", "dag"},
    ),
    "a domain that another organisation took": (
        Reach(domains=frozenset({"globex.example"}), partly=frozenset({ACME.id})),
        set[str](),
    ),
}
"""Name to reach, and the logins of whom it reaches."""


def settle(store: DatabaseStore) -> None:
    """Write both organisations."""
    with store.write() as transaction:
        for home in (ACME, GLOBEX):
            transaction.directory.add_organisation(home)
        for name, home in (("acme.example", ACME), ("other.example", ACME), ("globex.example", GLOBEX)):
            transaction.directory.add_domain(Domain(name, home.id))
            transaction.directory.save_domain_check(name, NOON, {"verified": True, "records": []})
        _groups(transaction)
        for number, person in enumerate(PEOPLE):
            transaction.directory.add_user(person)
            _belongings(transaction, person, number)
        for group, person in ((INNER, BOB), (SHUT, CAS), (FOREIGN, DAG)):
            transaction.directory.add_member(group, person.id, nested=False)
        transaction.directory.add_member(OUTER, INNER, nested=True)
        transaction.directory.add_member(OUTER, SHUT, nested=True)
        for home in (ACME, GLOBEX):
            _house(transaction, home)


def _groups(transaction: RowTransaction) -> None:
    for identity, home in ((OUTER, ACME), (INNER, ACME), (FOREIGN, GLOBEX)):
        transaction.directory.add_group(Group(identity, home.id, identity))
    transaction.directory.add_group(Group(SHUT, ACME.id, SHUT, state=EntityState.DISABLED))


def _belongings(transaction: RowTransaction, person: User, number: int) -> None:
    phone = device("PHONE", person)
    key, order = phone.key, f"w-{number}"
    transaction.devices.add(phone)
    transaction.devices.bury(device("GONE", person))
    transaction.held.put(HeldDevice(key, NOON, "why", (), 1, NOON))
    transaction.wipe_orders.add(WipeOrder(order, key, WipeKind.ACCOUNT, NOON, "root"))
    transaction.jobs.add(
        Job(f"j-{number}", person.organisation, "offboarding", person.id, "wipe", NOON, "root", NOON, NOON)
    )
    transaction.archive.add(ArchivedDevice(key, person.address, ArchiveCause.STALE, NOON, {}, ()))
    transaction.profile_links.add(f"digest-{number}", person.id, NOON + timedelta(days=1))
    transaction.rules.expect(
        ExpectedDevice(
            DeviceKey(key.organisation, key.user, "SOON"), AccessLevel.ALLOW, "", None, NOON, "root"
        )
    )
    transaction.backend_keys.put(BackendKey(key, "default"))
    transaction.device_passwords.put(key, b"sealed", NOON)


def _house(transaction: RowTransaction, home: Organisation) -> None:
    room = Resource(f"r-{home.alias}", home.id, "Room", f"room@{home.alias}.example", ResourceKind.ROOM)
    transaction.directory.add_resource(room)
    owner = next(person for person in PEOPLE if person.organisation == home.id)
    transaction.directory.save_grant(Grant(home.id, room.id, owner.id, frozenset({Right.FULL_ACCESS})))
