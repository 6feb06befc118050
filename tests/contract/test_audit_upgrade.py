"""A trail from before the chain is numbered without gaps, chained, and closed (0011), on every database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.records.chain import GENESIS
from gateway.store import DatabaseStore, migrate, open_store
from gateway.store import engine as engines
from gateway.store.schema import bring
from tests.support.postgres import shared_cluster
from tests.support.stores import ACME, NOON
from tests.support.trails import Trail

OLD = (3, 4, 7, 20)
"""A sequence of PostgreSQL leaves a gap behind each transaction that was undone."""

INSERT = text(
    "INSERT INTO audit (sequence, tag, at, actor_kind, actor_name, actor_address, actor_user_agent,"
    " request_id, organisation, target, before, after, reason, outcome) VALUES (:sequence,"
    " 'admin:wipe:required', :at, 'admin', 'root', '', '', '', :organisation, 'x', :before, :after, '',"
    " 'done')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseStore]:
    if request.param == "postgresql":
        url = shared_cluster().fresh_database("template0")
    else:
        url = f"sqlite:///{tmp_path / 'usher.db'}"
    engine = engines.connect(url)
    with engine.connect() as connection, engines.writing(connection).begin():
        bring(connection, "0010")
        for number in OLD:
            at = (NOON + timedelta(seconds=number)).strftime("%Y-%m-%d %H:%M:%S.%f")
            documents = {"before": '{"n": 1.0}', "after": '{"b": [1e22, "é"], "a": null}'}
            given = {"sequence": number, "at": at, "organisation": ACME.id, **documents}
            connection.execute(INSERT, given)
    engine.dispose()
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


def test_what_was_there_is_chained(old: DatabaseStore) -> None:
    with old.read() as transaction:
        found = transaction.audit.query()
    assert [each.sequence for each in found] == [1, 2, 3, 4]
    assert [each.at for each in found] == [
        NOON.replace(microsecond=123456) + timedelta(seconds=n) for n in OLD
    ]
    assert found[0].previous == GENESIS
    assert Trail(old).verified().sound


def test_the_trail_goes_on_behind_it_and_is_closed(old: DatabaseStore) -> None:
    Trail(old).write(2)
    report = Trail(old).verified()
    assert report.sound and (report.first, report.last) == (1, 6)
    for statement in ("UPDATE audit SET reason = ''", "DELETE FROM audit WHERE sequence = 1"):
        with old._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement))
