"""What the console's pages are measured on (issue 6): a fleet with an organisation around it.

A page about nothing is quick. So the organisation of ``bench.device_list``'s fleet has all that
``tests.support.populous`` gives one, a queue, groups with thousands of members, rules of every kind, a trail
of some length and neighbours; and there is a thing for whatever an address names.
"""

from typing import Any

from sqlalchemy import insert, select

from bench import audit as trail
from bench.device_list import fill
from gateway.services.access_rules import VERSIONS_KEPT
from gateway.services.groups import GroupChanges
from gateway.store import DatabaseStore
from gateway.store.tables import addresses, group_users, users
from gateway.store.tables_inventory import inventory
from gateway.store.tables_rules import held_devices
from mdm.rule_documents import MEMBERS
from tests.browser.screenshots import things
from tests.support.accounts import appoint
from tests.support.desk import Desk
from tests.support.populous import populate
from tests.support.stores import ACME, NOON
from tests.support.world import ADMIN

FLEET = "bench.test"
HEADQUARTERS = "acme.example"
RECORDS = 20_000
NEIGHBOURS = 10
GROUPS = (("Everybody", 1), ("Field service", 4), ("Board", 500))
"""Names with how many people come to one member."""

RULES = (
    ("Nobody's model", "block", (("model", "Palm Pre"),)),
    ("Old systems", "block", (("os", "<15.0"), ("device_type", "iPhone"))),
    ("Versions of before", "quarantine", (("protocol_version", "2.5"),)),
    ("Programs that scrape", "block", (("user_agent", "*scraper*"),)),
    ("Field service", "allow", (("group", "Field service"), ("device_type", "Android"))),
    ("The board anywhere", "allow", (("group", "Board"),)),
    ("One of the fleet", "allow", (("user", f"user4242@{FLEET}"), ("model", "Pixel"))),
    ("From the branch", "allow", (("network", "10.7.0.0/16"),)),
    ("From nowhere", "block", (("network", "198.51.100.0/24"), ("domain", FLEET))),
    *((f"Model {number}", "allow", (("model", f"SM-G{number}"),)) for number in range(20)),
)
"""Rules, most of which mean nobody: for those each device has to be looked at."""


def furnished(desk: Desk, devices: int) -> dict[str, str]:
    """Fill a fresh desk, with an owner ``olga``; what the addresses of pages name."""
    made = desk.services
    trail.fill(made.store, RECORDS)
    appoint(desk, "olga")
    fill(made.store, devices)
    for number in range(NEIGHBOURS):
        made.tenants.create_organisation(ADMIN, f"neighbour{number}")
    for domain in (FLEET, HEADQUARTERS):
        made.tenants.add_domain(ADMIN, ACME.alias, domain)
    known = populate(made, ACME.alias, HEADQUARTERS)
    _addressed(made.store)
    _queued(made.store)
    _grouped(desk)
    book = made.access_rules.book(ACME.alias).rules
    present = [{name: each[name] for name in MEMBERS & set(each)} for each in book]
    for count in range(len(RULES) - VERSIONS_KEPT, len(RULES)):
        some = [*present, *map(_document, RULES[: count + 1])]
        made.access_rules.replace_all(ADMIN, ACME.alias, some, force=True)
    return things(made, known, ACME.alias, HEADQUARTERS)


def _document(rule: tuple[str, str, tuple[tuple[str, str], ...]]) -> dict[str, Any]:
    name, effect, conditions = rule
    asked = [{"criterion": criterion, "is": [value]} for criterion, value in conditions]
    return {"name": name, "effect": effect, "conditions": asked}


def _addressed(store: DatabaseStore) -> None:
    """The fleet's users have their address where all addresses are."""
    with store._engine.begin() as connection:
        mine = select(users.c.address, users.c.id).where(users.c.address.endswith(f"@{FLEET}"))
        rows = [
            {"address": address, "domain": FLEET, "user_id": identity, "position": 0}
            for address, identity in connection.execute(mine)
        ]
        connection.execute(insert(addresses), rows)


def _queued(store: DatabaseStore) -> None:
    """Devices of the fleet that are held stand in the queue."""
    key = (inventory.c.organisation, inventory.c.user_id, inventory.c.device_id)
    waits = {"since": NOON, "reason": "the default", "rules": [], "requests": 3, "last_request": NOON}
    with store._engine.begin() as connection:
        queued = select(held_devices.c.device_id)
        held = select(*key).where(inventory.c.held > 0, inventory.c.device_id.not_in(queued))
        rows = [{**row, **waits} for row in connection.execute(held).mappings()]
        connection.execute(insert(held_devices), rows)


def _grouped(desk: Desk) -> None:
    """Groups of the fleet's people, one within another."""
    made = desk.services
    with made.store._engine.begin() as connection:
        mine = select(users.c.id).where(users.c.organisation == ACME.id).order_by(users.c.id)
        people = connection.scalars(mine).all()
    for name, each in GROUPS:
        group = made.groups.create(ADMIN, ACME.alias, name, GroupChanges())
        rows = [{"group_id": group.id, "user_id": person} for person in people[::each]]
        with made.store._engine.begin() as connection:
            connection.execute(insert(group_users), rows)
    made.groups.add_member(ADMIN, ACME.alias, "Everybody", "Field service")
