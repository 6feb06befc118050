"""The directory on every database: races that must not close a circle, and a size at which no look-up may
read a whole table (product 1; issue 3: 1,000 domains, 10,000 users)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine import Connection

from gateway.errors import GatewayError
from gateway.records import EntityState, UserSource, UserState
from gateway.services.user_changes import UserChanges
from gateway.store import DatabaseStore
from gateway.store import tables as t
from tests.support.stores import ACME
from tests.support.world import ADMIN, World

DOMAINS, USERS, GROUPS = 1_000, 10_000, 5_000
SOMEBODY = "u-05000"


def test_a_circle_that_two_close_at_once_stays_open(store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    for name in "abcd":
        world.groups.create(ADMIN, "acme", name)
    halves = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]

    def close(half: tuple[str, str]) -> bool:
        try:
            world.groups.add_member(ADMIN, "acme", *half)
        except GatewayError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(close, halves)) == [False, True, True, True]
    with store.read() as transaction:
        for name in "abcd":
            group = world.groups.get("acme", name).id
            assert group not in transaction.directory.groups_within(group)


def test_moves_that_two_order_at_once_make_no_circle(store: DatabaseStore) -> None:
    world = World(store)
    users = []
    for alias in ("acme", "globex"):
        world.organisation(alias)
        users.append(world.user(f"u@{alias}.example"))

    def move(number: int) -> bool:
        changes = UserChanges(moved_to=users[1 - number].address)
        try:
            world.users.change(ADMIN, users[number].id, changes)
        except GatewayError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(move, range(2))) == [False, True]


def test_an_address_that_two_take_at_once_is_one_thing(store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    ann, bob = world.user(), world.user("bob@acme.example")

    def take(user: str) -> bool:
        try:
            world.users.change(ADMIN, user, UserChanges(added_alias="team@acme.example"))
        except GatewayError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, [ann.id, bob.id])) == [False, True]


@pytest.fixture
def large(store: DatabaseStore) -> Iterator[DatabaseStore]:
    """Every user in a group, every tenth group in the one before it, and a grant on every tenth mailbox."""
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        for table, rows in _rows().items():
            transaction.directory._connection.execute(insert(t.metadata.tables[table]), rows)
    with store._engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    yield store


def _rows() -> dict[str, list[dict[str, object]]]:
    numbers = range(USERS)
    plain = {"organisation": ACME.id, "backend": ""}
    return {
        "domains": [plain | {"name": _domain(n), "is_default": not n, "proof": ""} for n in range(DOMAINS)],
        "users": [plain | _user(n) for n in numbers],
        "addresses": [
            {"address": f"p{n}@{_domain(n)}", "domain": _domain(n), "user_id": f"u-{n:05}", "position": 0}
            for n in numbers
        ],
        "groups": [plain | _group(n) for n in range(GROUPS)],
        "group_users": [{"group_id": f"g-{n % GROUPS:05}", "user_id": f"u-{n:05}"} for n in numbers],
        "group_groups": [
            {"group_id": f"g-{n - 1:05}", "member_id": f"g-{n:05}"} for n in range(1, GROUPS) if n % 10
        ],
        "grants": [_grant(n) for n in range(0, USERS, 10)],
    }


def _domain(number: int) -> str:
    return f"d{number % DOMAINS}.example"


def _user(number: int) -> dict[str, object]:
    texts = dict.fromkeys(("display_name", "first_name", "last_name", "moved_to"), "")
    address = f"p{number}@{_domain(number)}"
    states = {"source": UserSource.LOCAL, "state": UserState.ENABLED, "details": {}, "only_listed": False}
    return {"id": f"u-{number:05}", "login": f"p{number}", "address": address} | states | texts


def _group(number: int) -> dict[str, object]:
    names = {"id": f"g-{number:05}", "name": f"n{number:05}", "address": ""}
    return names | {"state": EntityState.ENABLED, "priority": 0}


def _grant(number: int) -> dict[str, object]:
    mailbox, group = f"u-{number:05}", f"g-{number // 10 % GROUPS:05}"
    sides = {"mailbox": mailbox, "mailbox_user": mailbox, "grantee": group, "grantee_group": group}
    rights = {"full_access": True, "send_as": False, "send_on_behalf": False}
    return sides | rights | {"organisation": ACME.id}


LOOKUPS = {
    "user by address": lambda directory: directory.user_by_address("p5000@d0.example"),
    "entity by address": lambda directory: directory.entity_by_address("p5000@d0.example"),
    "users by login": lambda directory: directory.users_by_login("p5000"),
    "groups of": lambda directory: directory.groups_of(SOMEBODY),
    "mailboxes open to": lambda directory: directory.mailboxes_open_to(SOMEBODY),
    "domain": lambda directory: directory.domain("d7.example"),
    "addresses in": lambda directory: directory.addresses_in("d7.example"),
    "a page of users": lambda directory: directory.users(ACME.id, after="p5@d5.example", limit=10),
}


def test_no_look_up_reads_a_whole_table(large: DatabaseStore) -> None:
    for name, look_up in LOOKUPS.items():
        with large.read() as transaction:
            connection = transaction.directory._connection
            asked = _asked(connection, lambda d=transaction.directory, ask=look_up: ask(d))  # type: ignore[misc]
            assert asked, name
            for statement, parameters in asked:
                assert _whole_tables(connection, statement, parameters) == [], (name, statement)


def test_what_they_find_is_there(large: DatabaseStore) -> None:
    with large.read() as transaction:
        directory = transaction.directory
        user = directory.user_by_address("P5000@d0.example")
        assert user is not None
        assert user.id == SOMEBODY
        assert [group.id for group in directory.groups_of("u-05002")] == ["g-00000", "g-00001", "g-00002"]
        assert [mailbox.address for mailbox in directory.mailboxes_open_to("u-00001")] == [
            "p0@d0.example",
            "p10@d10.example",
        ]
        assert directory.addresses_in("d7.example") == 10


Asked = list[tuple[str, object]]


def _asked(connection: Connection, call: object) -> Asked:
    """The statements that ``call`` sends."""
    found: Asked = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    call()  # type: ignore[operator]
    event.remove(connection, "before_cursor_execute", note)
    return found


def _whole_tables(connection: Connection, statement: str, parameters: object) -> list[str]:
    """Tables that the database would read from one end to the other."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
        steps = [row[-1] for row in rows]
        return [step for step in steps if step.startswith("SCAN ") and step.split()[1] in t.metadata.tables]
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)  # type: ignore[arg-type]
    (document,) = rows.scalars()
    plan = document if isinstance(document, list) else json.loads(document)
    return list(_scanned(plan[0]["Plan"]))


def _scanned(plan: dict[str, object]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] not in SMALL:
        yield str(plan["Relation Name"])
    for inner in plan.get("Plans", ()):  # type: ignore[attr-defined]
        yield from _scanned(inner)


SMALL = frozenset({"resources"})
"""Tables that are empty here: PostgreSQL reads their one page and not their index."""
