"""Whatever a narrowed transaction is asked for, it tells of nobody out of reach, on every database."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, literal, select, text

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditRecord, AuditTag, HeldDevice
from gateway.records.authority import EVERYTHING, NOTHING_AT_ALL, Reach
from gateway.records.inventory import Listing
from gateway.store import DatabaseStore
from gateway.store.tables import devices, metadata
from gateway.store.transaction import RowTransaction
from gateway.store.within import OPEN, rule_of
from mdm.device import DeviceKey
from tests.support.stores import ACME, GLOBEX, NOON, device
from tests.support.tenancy import ANN, BOB, DAG, DIVIDED, FOREIGN, INNER, OUTER, PEOPLE, SHUT, settle

HOMES = (ACME.id, GLOBEX.id)
BY_ID = {person.id: person for person in PEOPLE}
KEYS = [DeviceKey(person.organisation, person.id, "PHONE") for person in PEOPLE]
Look = Callable[[RowTransaction], Iterable[str]]


@pytest.fixture(autouse=True)
def _settled(store: DatabaseStore) -> None:
    settle(store)
    with store.write() as transaction:
        for person in PEOPLE:
            _tell(transaction, person.organisation, person.id)
            _tell(transaction, person.organisation, f"{person.id}/PHONE")


def _tell(transaction: RowTransaction, organisation: str, target: str) -> None:
    actor = Actor("admin", "root")
    transaction.audit.append(AuditRecord(AuditTag.DEVICE_NAMED, NOON, actor, organisation, target))


LOOKS: Mapping[str, Look] = {
    "users": lambda t: [user.id for home in HOMES for user in t.directory.users(home)],
    "user": lambda t: [person.id for person in PEOPLE if t.directory.user(person.id)],
    "users by id": lambda t: list(t.directory.users_by_id(set(BY_ID))),
    "address": lambda t: [person.id for person in PEOPLE if t.directory.user_by_address(person.address)],
    "entity": lambda t: [person.id for person in PEOPLE if t.directory.entity_by_address(person.address)],
    "login": lambda t: [user.id for person in PEOPLE for user in t.directory.users_by_login(person.login)],
    "devices": lambda t: [each.key.user for each in t.devices.list()],
    "device": lambda t: [key.user for key in KEYS if t.devices.get(key)],
    "devices by key": lambda t: [key.user for key in t.devices.get_all(KEYS)],
    "count": lambda t: [key.user for key in KEYS if t.devices.count(key.organisation, key.user)],
    "tombstone": lambda t: [k.user for k in KEYS if t.devices.tombstone(replace(k, device_id="GONE"))],
    "found": lambda t: [each.key.user for each in t.devices.find(Listing()).devices],
    "held": lambda t: [each.key.user for home in HOMES for each in t.held.list(home)],
    "held one": lambda t: [key.user for key in KEYS if t.held.get(key)],
    "orders": lambda t: [each.key.user for each in t.wipe_orders.list()],
    "order": lambda t: [PEOPLE[n].id for n in range(4) if t.wipe_orders.get(f"w-{n}")],
    "jobs": lambda t: [each.user for home in HOMES for each in t.jobs.list(home)],
    "job": lambda t: [PEOPLE[n].id for n in range(4) if t.jobs.get(f"j-{n}")],
    "running": lambda t: [each.user for each in t.jobs.running()],
    "archive": lambda t: [each.key.user for home in HOMES for each in t.archive.list(home)],
    "archived": lambda t: [e.key.user for home in HOMES for e in t.archive.of(home, "PHONE")],
    "link": lambda t: [u for n in range(4) if (u := t.profile_links.find(f"digest-{n}", NOON))],
    "expected": lambda t: [each.key.user for home in HOMES for each in t.rules.all_expected(home)],
    "second keys": lambda t: [key.user for key in KEYS if t.backend_keys.of(key)],
    "passwords": lambda t: [key.user for key in KEYS if t.device_passwords.get(key)],
    "trail": lambda t: [each.target.partition("/")[0] for each in t.audit.query()],
    "trail of one": lambda t: [p.id for p in PEOPLE if t.audit.query(target=f"{p.id}/PHONE")],
}
"""Every way to somebody: the ids of whom it comes to."""


@pytest.mark.parametrize("name", DIVIDED)
def test_a_reach_is_whom_it_reaches_by_whichever_way(store: DatabaseStore, name: str) -> None:
    reach, reached = DIVIDED[name]
    with store.within(reach).read() as transaction:
        found = {way: {BY_ID[each].login for each in look(transaction)} for way, look in LOOKS.items()}
        counted = transaction.devices.counts(Listing()).total
    assert found == dict.fromkeys(LOOKS, reached)
    assert counted == len(reached)


def test_everybody_is_reached_where_everything_is_and_nobody_where_nothing_is(store: DatabaseStore) -> None:
    with store.within(EVERYTHING).read() as transaction:
        assert all(set(look(transaction)) == set(BY_ID) for look in LOOKS.values())
    with store.within(NOTHING_AT_ALL).read() as transaction:
        assert not any(list(look(transaction)) for look in LOOKS.values())
        assert not transaction.directory.organisations()


def test_of_two_reaches_what_both_reach_is_left(store: DatabaseStore) -> None:
    both = store.within(DIVIDED["other domain"][0]).within(DIVIDED["group"][0])
    with both.read() as transaction:
        assert {BY_ID[each].login for look in LOOKS.values() for each in look(transaction)} == {"bob"}
        assert [each.alias for each in transaction.directory.organisations()] == ["acme"]
        assert not transaction.reach.whole(ACME.id)
    with both.within(DIVIDED["other organisation"][0]).read() as transaction:
        assert not any(list(look(transaction)) for look in LOOKS.values())
    with both.write() as transaction, pytest.raises(GatewayError):
        transaction.devices.add(device("NEW", ANN))


def _houses(transaction: RowTransaction) -> dict[str, set[str]]:
    directory = transaction.directory
    groups = [group for home in HOMES for group in directory.groups(home)]
    return {
        "organisations": {each.alias for each in directory.organisations()},
        "domains": {each.name for each in directory.domains()},
        "groups": {each.id for each in groups},
        "members": {each.id for group in groups for each in directory.members(group.id)},
        "resources": {each.name for home in HOMES for each in directory.resources(home)},
        "grants": {each.organisation for home in HOMES for each in directory.grants(home)},
    }


def test_of_a_part_there_is_the_organisation_and_what_gives_reach(store: DatabaseStore) -> None:
    with store.within(DIVIDED["domain and group"][0]).read() as transaction:
        assert _houses(transaction) == {
            "organisations": {"acme"},
            "domains": {"acme.example"},
            "groups": {INNER},
            "members": {BOB.id},
            "resources": set(),
            "grants": set(),
        }
    with store.within(DIVIDED["group"][0]).read() as transaction:
        assert _houses(transaction)["groups"] == {OUTER, INNER}, "a disabled one gives nothing"
        assert _houses(transaction)["members"] == {INNER, BOB.id}
        assert transaction.directory.domain("acme.example") is None
        assert transaction.directory.group_by_name(ACME.id, SHUT) is None


def test_of_a_whole_organisation_there_is_all_and_of_another_nothing(store: DatabaseStore) -> None:
    with store.within(DIVIDED["other organisation"][0]).read() as transaction:
        told = _houses(transaction)
        assert told["organisations"] == {"globex"}
        assert told["domains"] == {"globex.example"}
        assert (told["groups"], told["members"]) == ({FOREIGN}, {DAG.id})
        assert (told["resources"], told["grants"]) == ({"Room"}, {GLOBEX.id})
        assert transaction.directory.organisation("acme") is None
        assert transaction.directory.organisation(ACME.id) is None
        assert transaction.policies.all_current(ACME.id) == []
        assert transaction.rollouts.last(ACME.id) is None


def test_what_decides_for_a_person_is_not_narrowed(store: DatabaseStore) -> None:
    with store.within(DIVIDED["other domain"][0]).read() as transaction:
        directory = transaction.directory
        assert {group.id for group in directory.groups_of(BOB.id)} == {INNER, OUTER}
        assert transaction.assignments.places([BOB.id]) == {
            BOB.id: ("other.example", frozenset({INNER, OUTER}))
        }
        assert set(directory.groups_within(OUTER)) == {INNER, SHUT}
        assert directory.holder(ANN.address) == ANN.id
        assert directory.any_domain("globex.example") is not None
        assert len(transaction.devices.sharing(ACME.id, "PHONE")) == 3
        assert transaction.wipe_orders.fleet(ACME.id) == 3
        earlier = NOON.replace(year=2025)
        assert transaction.wipe_orders.count_devices(ACME.id, earlier) == 3
        assert transaction.wipe_orders.count_by(ACME.id, {"root"}, (), earlier) == 3


REFUSED: Mapping[str, Callable[[RowTransaction], object]] = {
    "a user elsewhere": lambda t: t.directory.add_user(
        replace(DAG, id="u-new", login="new", address="new@globex.example")
    ),
    "a user in another domain": lambda t: t.directory.add_user(
        replace(ANN, id="u-new", login="new", address="new@other.example")
    ),
    "an address out of reach": lambda t: t.directory.save_user(replace(ANN, address="ann@other.example")),
    "a device of somebody": lambda t: t.devices.add(device("NEW", BOB)),
    "a member": lambda t: t.directory.add_member(FOREIGN, ANN.id, nested=False),
    "a held device": lambda t: t.held.put(HeldDevice(KEYS[1], NOON, "", (), 1, NOON)),
    "a link": lambda t: t.profile_links.add("digest", BOB.id, NOON),
    "a password": lambda t: t.device_passwords.put(KEYS[1], b"mine", NOON),
    "an organisation": lambda t: t.directory.add_organisation(replace(ACME, id="m-new", alias="new")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_is_put_out_of_reach(store: DatabaseStore, what: str) -> None:
    narrowed = store.within(DIVIDED["domain"][0])
    with pytest.raises(GatewayError) as refused, narrowed.write() as transaction:
        REFUSED[what](transaction)
    assert refused.value.kind is Kind.FORBIDDEN


def test_within_reach_a_user_is_made_changed_and_removed(store: DatabaseStore) -> None:
    with store.within(DIVIDED["domain"][0]).write() as transaction:
        made = replace(ANN, id="u-new", login="new", address="new@acme.example")
        transaction.directory.add_user(made)
        transaction.directory.save_user(replace(made, aliases=("newer@acme.example",)))
        transaction.devices.save(replace(device("PHONE", ANN), alias="Ann's"))
        transaction.directory.remove_user("u-new")
        transaction.directory.remove_user(BOB.id)
        transaction.devices.remove(KEYS[1])
        assert not transaction.held.remove(KEYS[1])
    with store.read() as transaction:
        assert transaction.directory.user("u-new") is None
        assert transaction.directory.user(BOB.id) == BOB, "what is out of reach is not there to be removed"
        found = [transaction.devices.get(key) for key in KEYS[:2]]
        assert [each and each.alias for each in found] == ["Ann's", ""]


def test_every_table_is_judged() -> None:
    """A new table stands in ``within`` or has the columns by which it is judged."""
    assert [
        table.name for table in metadata.sorted_tables if table.name not in OPEN and not rule_of(table)
    ] == []


def _statements(engine: Engine) -> list[str]:
    told: list[str] = []

    def tell(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told.append(statement)

    event.listen(engine, "before_cursor_execute", tell)
    return told


def test_with_everything_in_reach_the_statements_are_those_of_the_repositories(store: DatabaseStore) -> None:
    told = _statements(store._engine)
    with store.read() as transaction:
        transaction.devices.get(KEYS[0])
    with store.within(EVERYTHING).read() as transaction:
        transaction.devices.get(KEYS[0])
        assert not transaction.devices._connection.dispatch.before_execute
    wanted = select(devices).where(
        devices.c.organisation == "", devices.c.user_id == "", devices.c.device_id == ""
    )
    reads = [each for each in told if "devices" in each]
    assert reads == [str(wanted.compile(store._engine))] * 2


def test_a_statement_that_cannot_be_judged_is_refused(store: DatabaseStore) -> None:
    with store.within(Reach(organisations=frozenset({ACME.id}))).read() as transaction:
        connection = transaction.devices._connection
        for statement in (
            select(devices).union_all(select(devices)),
            select(select(devices).subquery()),
            select(select(devices.c.alias).limit(1).scalar_subquery()),
            text("SELECT * FROM devices"),
        ):
            with pytest.raises(LookupError):
                connection.execute(statement)  # type: ignore[call-overload]
        assert connection.scalar(select(literal(1))) == 1
