"""A trail of a few records, what an intruder with the database does to it, and a clean reading of it."""

# ruff: noqa: S608 - an intruder's statements, of the tests' own making

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from sqlalchemy import Connection, text

from certs.signing import Signer, new_signing_key
from gateway.records import ARCHIVE, CHECKPOINT, Actor, AuditRecord, AuditTag, Seal
from gateway.records.chain import COLUMNS, Link, link
from gateway.services.audit_seals import sealed
from gateway.services.audit_verifying import AuditVerifier, Report
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, Clock

WHO = Actor("admin", "root", "192.0.2.1", "curl/8", "r-1", "p-1", "c-1")
_TABLES = ("audit", "audit_seals")


@cache
def signer() -> Signer:
    return Signer(new_signing_key())


def record(number: int = 1, **values: object) -> AuditRecord:
    """Record ``number`` of a trail; every one is another."""
    told = {
        "tag": AuditTag.WIPE_REQUIRED if number % 3 else AuditTag.WIPE_CANCELLED,
        "at": NOON + timedelta(seconds=number),
        "actor": WHO,
        "organisation": ACME.id,
        "target": f"u-{number % 4}/PHONE{number % 2}",
        "before": {"state": number},
        "after": {"state": [number, None, {"é": 1e22, "a": -0.0}]},
        "reason": f"reason {number}",
    }
    return AuditRecord(**{**told, **values})  # type: ignore[arg-type]


@dataclass
class Trail:
    """The trail of one store."""

    store: DatabaseStore
    clock: Clock = field(default_factory=Clock)

    def write(self, count: int, first: int = 1) -> None:
        """Records in a transaction each."""
        for number in range(first, first + count):
            with self.store.write() as transaction:
                transaction.audit.append(record(number))

    def checkpoint(self) -> Seal:
        """A genuine one at the present end."""
        with self.store.write() as transaction:
            chain = transaction.audit_chain
            before = chain.last_seal(CHECKPOINT)
            sequence, hashed = chain.last()
            count = sequence - (before.sequence if before else 0)
            seal = sealed(Seal(CHECKPOINT, sequence, hashed, self.clock.now(), count), signer())
            chain.add_seal(seal)
        return seal

    def archived(self, sequence: int) -> None:
        """Mark records as archived, and remove them."""
        with self.store.write() as transaction:
            chain = transaction.audit_chain
            hashed = next(each.hash for each in chain.links() if each.sequence == sequence)
            chain.add_seal(sealed(Seal(ARCHIVE, sequence, hashed, self.clock.now(), sequence), signer()))
            chain.remove(sequence, sequence)

    def verified(self, *kept: Seal) -> Report:
        return AuditVerifier(self.store, self.clock, signer).verify(kept)

    def told(self, *kept: Seal) -> list[tuple[str, int, int]]:
        """What is wrong, in short."""
        return [(each.fault.value, each.first, each.last) for each in self.verified(*kept).findings]

    def tamper(self, *statements: str, **values: object) -> None:
        """What somebody does who owns the database: without the triggers."""
        with self.store._engine.begin() as connection:
            for statement in _switched(connection, "DISABLE"):
                connection.execute(text(statement))
            for statement in statements:
                connection.execute(text(statement), values)

    def in_turn(self, numbers: Iterable[int]) -> Iterator[int]:
        """Each number, the trail being as it is now for each."""
        with self.store._engine.begin() as connection:
            for table in _TABLES:
                connection.execute(text(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
        for number in numbers:
            yield number
            for table in _TABLES:
                self.tamper(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept_{table}")

    def rewrite(self, number: int, change: Callable[[dict[str, object]], object], upto: int) -> None:
        """Change a record and chain it and those after it anew, up to ``upto``."""
        with self.store.read() as transaction:
            links = [
                each.as_document() for each in transaction.audit_chain.links(after=number - 1, upto=upto)
            ]
        change(links[0])
        previous, statements = str(links[0]["previous"]), []
        for document in links:
            document["previous"] = previous
            values = Link.of_document(document).values
            previous = link(tuple(values), str(document["previous"]))
            statements.append(
                f"UPDATE audit SET reason = '{document['reason']}', previous = '{document['previous']}',"
                f" hash = '{previous}' WHERE sequence = {values[COLUMNS.index('sequence')]}"
            )
        self.tamper(*statements)


def _switched(connection: Connection, how: str) -> list[str]:
    if connection.dialect.name == "postgresql":
        return [f"ALTER TABLE {table} {how} TRIGGER USER" for table in _TABLES]
    found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    return [f"DROP TRIGGER {name}" for (name,) in found]


def checkpointed(store: DatabaseStore, size: int) -> Trail:
    """A trail of ``size`` records with a checkpoint after the fourth and one at its end."""
    made = Trail(store)
    made.write(4)
    made.checkpoint()
    made.write(size - 4, first=5)
    made.checkpoint()
    return made
