"""A change, its record and its announcement: together or not at all."""

import pytest
from sqlalchemy import text

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records import AuditTag, Scope
from gateway.services.acts import ATTEMPTS, Act, Acts, Entry
from gateway.store import DatabaseStore
from tests.support.stores import ACME, Clock
from tests.support.world import ADMIN

ACT = Act(AuditTag.ORGANISATION_CREATED, ADMIN, ACME.id, "acme", "because")


def create(entry: Entry) -> str:
    entry.transaction.directory.add_organisation(ACME)
    entry.record(after={"alias": "acme"})
    entry.announce(Scope.ORGANISATION, ACME.id)
    return "done"


def test_change_record_and_announcement_come_together(store: DatabaseStore) -> None:
    assert Acts(store, Clock()).perform(ACT, create) == "done"
    with store.read() as transaction:
        assert transaction.directory.organisations() == [ACME]
        record = transaction.audit.query()[0]
        assert (record.tag, record.actor, record.target, record.reason) == (ACT.tag, ADMIN, "acme", "because")
        assert transaction.changes.last() == 1


def test_without_its_record_there_is_no_change(store: DatabaseStore) -> None:
    with store._engine.begin() as connection:
        refuse = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        connection.execute(text(f"CREATE TRIGGER broken BEFORE INSERT ON audit {refuse}"))
    with pytest.raises(GatewayError):
        Acts(store, Clock()).perform(ACT, create)
    with store.read() as transaction:
        assert transaction.directory.organisations() == []
        assert transaction.changes.last() == 0


def test_a_refused_act_is_recorded_on_its_own(store: DatabaseStore) -> None:
    def refuse(entry: Entry) -> None:
        create(entry)
        raise GatewayError(Kind.CONFLICT, "No.", faults={"alias": "taken"})

    with pytest.raises(GatewayError):
        Acts(store, Clock()).perform(ACT, refuse)
    with store.read() as transaction:
        assert transaction.directory.organisations() == []
        (record,) = transaction.audit.query()
    assert (record.tag, record.outcome) == (AuditTag.ACT_REFUSED, "refused: No.")
    assert record.after == {"act": "admin:organisation:created", "faults": {"alias": "taken"}}


def test_a_lost_race_is_run_again(store: DatabaseStore) -> None:
    runs: list[int] = []

    def lose(entry: Entry) -> str:
        runs.append(1)
        if len(runs) < ATTEMPTS:
            raise LostRace
        return create(entry)

    assert Acts(store, Clock()).perform(ACT, lose) == "done"
    assert len(runs) == ATTEMPTS


def test_races_lost_again_and_again_are_a_conflict(store: DatabaseStore) -> None:
    runs: list[int] = []

    def lose(_: Entry) -> None:
        runs.append(1)
        raise LostRace

    with pytest.raises(LostRace):
        Acts(store, Clock()).perform(ACT, lose)
    assert len(runs) == ATTEMPTS


def test_an_outage_is_not_an_act_that_was_refused(store: DatabaseStore) -> None:
    def fail(_: Entry) -> None:
        raise GatewayError(Kind.UNAVAILABLE)

    with pytest.raises(GatewayError):
        Acts(store, Clock()).perform(ACT, fail)
    with store.read() as transaction:
        assert transaction.audit.query() == []
