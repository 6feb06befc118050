"""The audit trail: records appended in a transaction each, and a million of them verified (issue 5, numbers).

The million is written by the batch, each record chained as the store chains it, for one by one would take an
hour. Appending is measured behind a trail of that length, through the store, each record durable when the
next one begins; verifying through the service, checkpoints included. Pages of the trail are asked with each
filter, to see that none goes over all of it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

from sqlalchemy import insert

from bench.figures import Figure, report
from gateway.records import Actor, AuditQuestion, AuditRecord, AuditTag
from gateway.records.chain import GENESIS
from gateway.services.audit_verifying import AuditVerifier
from gateway.store import DatabaseStore, migrate, open_store
from gateway.store import audit as audit_store
from gateway.store.tables_audit import audit
from tests.support.postgres import shared_cluster
from tests.support.stores import ACME, GLOBEX, NOON, Clock
from tests.support.trails import Trail, signer

RECORDS = 1_000_000
APPENDED = 3000
BATCH = 20_000
TAGS = tuple(AuditTag)
RARE = "rare@acme.example"
QUESTIONS = {
    "all": AuditQuestion(),
    "organisation": AuditQuestion(GLOBEX.id),
    "device": AuditQuestion(ACME.id, target="u-00000000000000000000000000004242/PHONE1"),
    "user": AuditQuestion(ACME.id, user="u-00000000000000000000000000004242"),
    "tag": AuditQuestion(ACME.id, tag=AuditTag.WIPES_PANIC),
    "actor": AuditQuestion(actor=RARE),
    "refused": AuditQuestion(refused=True),
    "span": AuditQuestion(since=NOON + timedelta(seconds=RECORDS - 50)),
    "nothing": AuditQuestion(actor="nobody", tag=AuditTag.WIPES_PANIC),
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        sqlite = f"sqlite:///{Path(folder) / 'usher.db'}"
        migrate(sqlite)
        return report(chain(_figures("sqlite", sqlite), _figures("postgresql", _postgresql())))


def _postgresql() -> str:
    return shared_cluster().fresh_database()


def _figures(name: str, url: str) -> Iterator[Figure]:
    store = open_store(url)
    try:
        began = time.perf_counter()
        fill(store, RECORDS)
        print(f"{name}: {RECORDS} records in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        Trail(store).checkpoint()
        yield Figure(f"audit_verify_1m_{name}_s", _verified(store), "s", 60)
        yield Figure(f"audit_append_{name}_per_s", _appended(store), "1/s", 500, at_least=True)
        _ask(name, store)
    finally:
        store.close()


def _verified(store: DatabaseStore) -> float:
    began, worked = time.perf_counter(), time.process_time()
    found = AuditVerifier(store, Clock(), signer).verify()
    taken, worked = time.perf_counter() - began, time.process_time() - worked
    print(f"verified with {worked:.0f} s of this process's CPU", file=sys.stderr)
    if not found.sound or found.count != RECORDS:
        raise AssertionError(f"{found.count} records, {found.findings}")
    return taken


def _appended(store: DatabaseStore) -> float:
    records = [_record(RECORDS + number) for number in range(APPENDED)]
    began = time.perf_counter()
    for record in records:
        with store.write() as transaction:
            transaction.audit.append(record)
    return APPENDED / (time.perf_counter() - began)


def _ask(name: str, store: DatabaseStore) -> None:
    """Both orders of each question; what is slow shows on standard error."""
    for what, question in QUESTIONS.items():
        for newest in (False, True):
            began = time.perf_counter()
            with store.read() as transaction:
                found = transaction.audit.find(replace(question, newest_first=newest), 100)
            took = (time.perf_counter() - began) * 1000
            order = "newest first" if newest else "oldest first"
            print(f"{name}: {what}, {order}: {len(found)} in {took:.0f} ms", file=sys.stderr)


def fill(store: DatabaseStore, records: int) -> None:
    """Write the trail of a store that has none, the same records each time."""
    last, previous = 0, GENESIS
    for begin in range(0, records, BATCH):
        rows = []
        for number in range(begin, begin + BATCH):
            row = audit_store._chained(_record(number), last, previous)
            last, previous = row["sequence"], row["hash"]
            rows.append(row)
        with store._engine.begin() as connection:
            connection.execute(insert(audit), rows)
    if store._engine.dialect.name == "postgresql":
        with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE audit")


def _record(number: int) -> AuditRecord:
    """A record as an order of a wipe leaves one."""
    user = f"u-{number % 10_000:032}"
    rare = number % 50_000 == 7
    return AuditRecord(
        tag=AuditTag.WIPES_PANIC if rare else TAGS[number % 40],
        at=NOON + timedelta(seconds=number),
        actor=Actor(
            "admin", f"{'rare' if rare else 'root'}@acme.example", "192.0.2.1", "usher", "r-1", "p-1"
        ),
        organisation=GLOBEX.id if number % 100 == 1 else ACME.id,
        target=f"{user}/PHONE1",
        before={"state": "Provisioning Succeeded", "policy_key": "set", "wipe": None},
        after={
            "state": "Wipe Required",
            "policy_key": "none",
            "wipe": {"kind": "account", "ordered_at": "2026-03-01T12:30:15+00:00", "ordered_by": "root"},
        },
        reason="the phone was lost",
        outcome="refused: there is no such device" if rare else "done",
    )


if __name__ == "__main__":
    sys.exit(main())
