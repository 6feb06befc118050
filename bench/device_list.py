"""The device list of 200,000 devices: any filter with any sort, the first page (issue 4, numbers).

Each field is asked alone and with another one, unselective and selective, sorted upwards and downwards; the
figure is the 95th percentile over all of these questions, each asked through the service, rows read and
made into devices included.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from bench.figures import Figure, report
from gateway.records import Organisation, User
from gateway.records.inventory import FIELDS
from gateway.services.inventory import Inventory, Question
from gateway.store import DatabaseStore, migrate, open_store
from gateway.store import devices as devices_store
from gateway.store import users as users_store
from gateway.store.inventory_rows import InventoryRows
from gateway.store.tables import devices, users
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey, DeviceState, Wipe, WipeKind
from tests.support.postgres import shared_cluster
from tests.support.stores import ACME, GLOBEX, NOON, Clock

DEVICES = 200_000
PER_USER = 2
BATCH = 2000
P95 = 0.95
SEED = 4
MODELS = ("iPhone15,2", "iPhone16,1", "SM-S918B", "Pixel 8", "WindowsOutlook", "iPad14,1", "Nine")
FILTERS = {
    "address": ("user1", "*99", "=user77777@bench.test"),
    "user_name": ("user 1", "*77"),
    "device_id": ("D0001", "*FF", "!D0"),
    "type": ("iphone", "!iphone"),
    "family": ("*ios", "nobody"),
    "model": ("pixel", "*s918", "=", "!sm-"),
    "friendly_name": ("phone of user 1", "*12345"),
    "alias": ("lent", "="),
    "os": ("ios 17", "*18.1"),
    "os_language": ("de",),
    "imei": ("35", "*777"),
    "phone_number": ("+49", "*0000"),
    "operator": ("tele",),
    "user_agent": ("apple", "*outlook"),
    "protocol": ("16.1", "<14.1", ">=16.0"),
    "state": ("Wipe Required", "Provisioning Required,Wipe Succeeded", "!Provisioning Succeeded"),
    "access": ("block", "!rules"),
    "access_reason": ("*lost",),
    "diagnosis": ("*loop", "!="),
    "conflict": ("!=",),
    "held": ("yes", "no"),
    "suspended": ("yes",),
    "wipe": ("ordered,delivered", "!none"),
    "policy": ("3",),
    "first_seen": ("<400d", ">=10d"),
    "last_seen": ("<30d", "20d..10d"),
    "last_sync": ("never", ">1d"),
    "last_ip": ("10.1.0.0/16", "2001:db8:5::/48"),
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        sqlite = f"sqlite:///{Path(folder) / 'usher.db'}"
        migrate(sqlite)
        figures = (
            Figure("device_list_p95_postgresql_ms", _measured(shared_cluster().fresh_database()), "ms", 150),
            Figure("device_list_p95_sqlite_ms", _measured(sqlite), "ms", 300),
        )
        return report(figures)


def _measured(url: str) -> float:
    store = open_store(url)
    try:
        began = time.perf_counter()
        fill(store, DEVICES)
        settle(store)
        print(f"{DEVICES} rows in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        inventory = Inventory(store, Clock())
        taken = sorted(_timed(inventory, question) for question in questions())
    finally:
        store.close()
    slowest, question = taken[-1]
    print(
        f"{len(taken)} questions, median {taken[len(taken) // 2][0]:.0f} ms, "
        f"slowest {slowest:.0f} ms: {question}",
        file=sys.stderr,
    )
    return taken[int(len(taken) * P95)][0]


def _timed(inventory: Inventory, question: Question) -> tuple[float, str]:
    began = time.perf_counter()
    inventory.find(question, limit=100)
    return (
        time.perf_counter() - began
    ) * 1000, f"{dict(question.fields or {})} {question.search} {question.sort}"


def questions() -> Iterator[Question]:
    """Every field's filters, each with a sort of its own choosing and with a second filter; every sort."""
    draw = random.Random(SEED)
    sorts = [sign + name for name in FIELDS for sign in ("", "-")]
    for sort in sorts:
        yield Question(ACME.id, sort=sort)
        yield Question(ACME.id, sort=sort, search="user 12")
    for name, texts in FILTERS.items():
        for text in texts:
            other = draw.choice([each for each in FILTERS if each != name])
            both = {name: text, other: draw.choice(FILTERS[other])}
            for fields in ({name: text}, both):
                yield Question(ACME.id, fields=fields, sort=draw.choice(sorts))
                yield Question(ACME.id, fields=fields, search="77", sort=draw.choice(sorts))


def fill(store: DatabaseStore, count: int) -> None:
    """One organisation has nearly all of them, as the hardest question has no other bound. Rows are written
    by the batch, for the way by which a single device is added would take minutes."""
    draw = random.Random(SEED)
    with store.write() as transaction:
        for organisation in (ACME, GLOBEX):
            transaction.directory.add_organisation(organisation)
    for begin in range(0, count, BATCH):
        home = GLOBEX if begin == 0 else ACME
        owners = [_user(number, home) for number in range(begin // PER_USER, (begin + BATCH) // PER_USER)]
        batch = [_device(begin + place, owners[place // PER_USER], draw) for place in range(BATCH)]
        with store._engine.begin() as connection:
            connection.execute(insert(users), [users_store._row(each) for each in owners])
            connection.execute(insert(devices), [devices_store._row(each) for each in batch])
            InventoryRows(connection).keep(batch)


def settle(store: DatabaseStore) -> None:
    """What autovacuum has long done in a fleet that grew by and by; SQLite has nothing of the kind."""
    if store._engine.dialect.name == "postgresql":
        with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _user(number: int, home: Organisation) -> User:
    address = f"user{number}@bench.test"
    return User(f"u-{number:032x}", home.id, f"user{number}", address, f"User {number}")


def _device(number: int, owner: User, draw: random.Random) -> Device:
    key = DeviceKey(owner.organisation, owner.id, f"D{draw.getrandbits(96):024X}")
    model = draw.choice(MODELS)
    seen = NOON - timedelta(seconds=draw.randrange(90 * 86400))
    rare = draw.random()
    wiped = Wipe(WipeKind.ACCOUNT, seen, "bench") if rare < 0.01 else None
    device = Device(
        key, "iPhone" if "iP" in model else "Android", draw.choice(("12.1", "14.1", "16.1")), seen, seen
    )
    return replace(
        device,
        state=DeviceState.WIPE_REQUIRED if wiped else draw.choice(list(DeviceState)[:2]),
        wipe=wiped,
        access=AccessLevel.BLOCK if 0.01 <= rare < 0.02 else None,
        access_reason="lost" if 0.01 <= rare < 0.02 else "",
        diagnosis="provisioning loop" if 0.02 <= rare < 0.03 else "",
        held_since=seen if 0.03 <= rare < 0.05 else None,
        alias="lent out" if 0.05 <= rare < 0.06 else "",
        last_sync=seen if rare > 0.1 else None,
        last_ip=f"10.{draw.randrange(256)}.{draw.randrange(256)}.7"
        if rare > 0.2
        else f"2001:db8:{number % 99:x}::1",
        user_agent=f"Apple-{model}/2101.{number % 50}",
        policy_digest=f"{draw.getrandbits(256):064x}",
        information=DeviceInformation(
            model=model,
            imei=f"35{number:013}",
            friendly_name=f"Phone of {owner.display_name}",
            os=f"iOS {draw.choice(('16.7', '17.6', '18.1'))}",
            os_language="de",
            phone_number=f"+4917{number:08}",
            mobile_operator="Telekom",
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
