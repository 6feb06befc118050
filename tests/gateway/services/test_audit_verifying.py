"""Every way of touching the trail, on both databases: found, and told exactly (T26)."""

# ruff: noqa: S608 - an intruder's statements, of the tests' own making

from dataclasses import replace

import pytest

from certs.signing import Signer, new_signing_key
from gateway.errors import GatewayError, Kind
from gateway.records import CHECKPOINT, Seal
from gateway.services import audit_verifying
from gateway.services.audit_seals import sealed
from gateway.services.audit_verifying import AuditVerifier, LastReport, Report
from gateway.store import DatabaseStore
from gateway.store.tables_audit import audit
from tests.support.stores import NOON, store, store_url
from tests.support.trails import Trail, checkpointed, signer

__all__ = ["store", "store_url"]
SIZE = 7
EVERY = range(1, SIZE + 1)


@pytest.fixture
def trail(store: DatabaseStore) -> Trail:
    return checkpointed(store, SIZE)


def test_an_untouched_trail_is_sound(trail: Trail) -> None:
    report = trail.verified()
    assert report.sound
    assert (report.count, report.first, report.last, report.archived) == (SIZE, 1, SIZE, 0)
    assert report.checkpoint is not None and report.checkpoint.sequence == SIZE


def test_an_empty_trail_is_sound(store: DatabaseStore) -> None:
    report = Trail(store).verified()
    assert report.sound and (report.count, report.first, report.last) == (0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'nothing'",
        "at = '2026-03-02 00:00:00.000000+00'",
        "actor_name = 'somebody'",
        "actor_credential = ''",
        "after = '{}'",
        "hash = 'x'",
        "previous = 'x'",
    ],
)
def test_each_record_edited_in_turn_is_named(trail: Trail, change: str) -> None:
    for number in trail.in_turn(EVERY):
        trail.tamper(f"UPDATE audit SET {change} WHERE sequence = {number}")
        assert trail.told() == [("changed", number, number)]


@pytest.mark.parametrize(
    "change",
    [
        "reason = CAST(x'ff' AS TEXT)",
        "before = CAST(x'ff' AS TEXT)",
        "after = 'no JSON'",
        "reason = x'00'",
        "tag = 'nothing'",
        "at = 3",
    ],
)
def test_what_only_sqlite_keeps_is_a_change_and_no_accident(trail: Trail, change: str) -> None:
    if trail.store._engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses it")
    trail.tamper(f"UPDATE audit SET {change} WHERE sequence = 3")
    assert trail.told() == [("changed", 3, 3)]


def test_each_record_deleted_in_turn_is_named(trail: Trail) -> None:
    for number in trail.in_turn(EVERY):
        trail.tamper(f"DELETE FROM audit WHERE sequence = {number}")
        assert trail.told() == [("truncated" if number == SIZE else "removed", number, number)]


def test_deleted_ranges_are_named(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit WHERE sequence IN (2, 3, 5)")
    assert trail.told() == [("removed", 2, 3), ("removed", 5, 5)]


@pytest.mark.parametrize("apart", range(1, SIZE))
def test_each_two_records_swapped_are_named(trail: Trail, apart: int) -> None:
    for one in trail.in_turn(range(1, SIZE - apart + 1)):
        other = one + apart
        trail.tamper(
            f"UPDATE audit SET sequence = 99 WHERE sequence = {one}",
            f"UPDATE audit SET sequence = {one} WHERE sequence = {other}",
            f"UPDATE audit SET sequence = {other} WHERE sequence = 99",
        )
        findings = trail.verified().findings
        assert [each.fault.value for each in findings] == ["moved", "moved"]
        assert {each.first: each.place for each in findings} == {one: other, other: one}


def _shift(trail: Trail, first: int, by: int) -> None:
    """Renumber everything from ``first``."""
    trail.tamper(
        f"UPDATE audit SET sequence = sequence + 1000 WHERE sequence >= {first}",
        f"UPDATE audit SET sequence = sequence - 1000 + {by} WHERE sequence >= 1000",
    )


def test_a_deletion_that_was_closed_up_is_named(trail: Trail) -> None:
    for number in trail.in_turn(EVERY):
        trail.tamper(f"DELETE FROM audit WHERE sequence = {number}")
        _shift(trail, number + 1, -1)
        found = trail.told()
        assert ("truncated" if number == SIZE else "removed", number, number) in found
        assert number == SIZE or ("moved", number + 1, SIZE) in found


_OTHERS = ", ".join(column.name for column in audit.columns if column.name not in ("sequence", "reason"))
_COPY = (
    "INSERT INTO audit (sequence, reason, {others}) SELECT {place}, 'forged', {others}"
    " FROM audit WHERE sequence = {like}"
)


def test_an_inserted_record_is_named(trail: Trail) -> None:
    for number in trail.in_turn(EVERY):
        _shift(trail, number, 1)
        trail.tamper(_COPY.format(place=number, like=number + 1, others=_OTHERS))
        assert sorted(trail.told()) == [("inserted", number, number), ("moved", number, SIZE)]


def test_an_inserted_record_with_a_hash_of_its_own_is_named(trail: Trail) -> None:
    for number in trail.in_turn(EVERY):
        _shift(trail, number, 1)
        trail.tamper(_COPY.format(place=number, like=number + 1, others=_OTHERS))
        trail.rewrite(number, lambda row: row.update(reason="forged"), upto=number)
        assert ("inserted", number, number) in trail.told()
        assert ("moved", number, SIZE) in trail.told()


def test_a_record_replaced_with_a_hash_of_its_own_is_named(trail: Trail) -> None:
    for number in trail.in_turn(range(1, SIZE)):
        trail.rewrite(number, lambda row: row.update(reason="nothing"), upto=number)
        assert ("replaced", number, number) in trail.told()


def test_a_tail_that_was_cut_off_is_known_by_the_checkpoint(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit WHERE sequence > 5")
    assert trail.told() == [("truncated", 6, SIZE)]


def test_a_tail_cut_off_with_its_checkpoint_is_known_by_the_one_kept_elsewhere(trail: Trail) -> None:
    with trail.store.read() as transaction:
        *_, last = transaction.audit_chain.seals(CHECKPOINT)
    trail.tamper("DELETE FROM audit WHERE sequence > 5", "DELETE FROM audit_seals WHERE sequence > 5")
    assert trail.told() == []
    assert trail.told(last) == [("truncated", 6, SIZE), ("checkpoint missing", SIZE, SIZE)]


def test_history_rewritten_to_the_end_is_known_by_the_checkpoints(trail: Trail) -> None:
    for number in trail.in_turn(EVERY):
        trail.rewrite(number, lambda row: row.update(reason="nothing"), upto=SIZE)
        first = 1 if number <= 4 else 5
        assert trail.told() == [("rewritten", first, SIZE)]


def test_a_checkpoint_that_was_taken_away_is_missed(trail: Trail) -> None:
    trail.tamper("DELETE FROM audit_seals WHERE sequence = 4")
    assert trail.told() == [("checkpoint missing", 1, SIZE)]


@pytest.mark.parametrize(
    "change",
    ["signature = 'AAAA'", "signature = '%'", "hash = 'x'", "key = 'other'", "at = '2026-03-02 00:00:00+00'"],
)
def test_a_checkpoint_with_a_wrong_signature_is_named(trail: Trail, change: str) -> None:
    trail.tamper(f"UPDATE audit_seals SET {change} WHERE sequence = {SIZE}")
    assert trail.told() == [("forged", SIZE, SIZE)]


def test_a_checkpoint_of_a_strange_key_is_forged(trail: Trail) -> None:
    seal = sealed(Seal(CHECKPOINT, SIZE, "x", NOON, 3), Signer(new_signing_key()))
    assert trail.told(seal) == [("forged", SIZE, SIZE)]


def test_an_archived_beginning_is_not_missed(trail: Trail) -> None:
    trail.archived(3)
    report = trail.verified()
    assert report.sound and (report.first, report.last, report.archived) == (4, SIZE, 3)
    trail.tamper("DELETE FROM audit WHERE sequence = 4")
    assert trail.told() == [("removed", 4, 4)]


def test_an_archive_mark_that_nobody_signed_hides_nothing(trail: Trail) -> None:
    trail.archived(3)
    trail.tamper("UPDATE audit_seals SET signature = 'AAAA' WHERE kind = 'archive'")
    assert trail.told() == [("removed", 1, 3), ("forged", 3, 3)]


def test_it_goes_one_at_a_time_and_not_without_the_key(trail: Trail) -> None:
    verifier = AuditVerifier(trail.store, trail.clock, signer)
    with audit_verifying._ONE_AT_A_TIME, pytest.raises(GatewayError) as caught:
        verifier.verify()
    assert caught.value.kind is Kind.CONFLICT

    def missing() -> Signer:
        raise FileNotFoundError

    with pytest.raises(GatewayError) as caught:
        AuditVerifier(trail.store, trail.clock, missing).verify()
    assert caught.value.kind is Kind.UNAVAILABLE


def test_who_may_begin_none_is_told_the_last_one_for_an_hour(trail: Trail) -> None:
    last = LastReport()

    def lately() -> Report:
        return AuditVerifier(trail.store, trail.clock, signer, last).lately()

    with audit_verifying._ONE_AT_A_TIME, pytest.raises(GatewayError):
        lately()
    first = lately()
    trail.write(1, first=SIZE + 1)
    trail.clock.pass_by(minutes=59)
    assert lately() is first and first.last == SIZE
    trail.clock.pass_by(minutes=1)
    with audit_verifying._ONE_AT_A_TIME:
        assert lately() is first
    again = lately()
    assert (again.last, again.at) == (SIZE + 1, trail.clock.now())
    whole = AuditVerifier(trail.store, trail.clock, signer, last).verify()
    assert lately() is whole


def test_what_was_found_with_a_file_is_told_to_who_showed_it(trail: Trail) -> None:
    last = LastReport()
    verifier = AuditVerifier(trail.store, trail.clock, signer, last)
    other = Seal(CHECKPOINT, 3, "0" * 64, NOON, 3)
    assert not verifier.verify([other]).sound
    assert verifier.lately().sound


def test_a_seal_of_one_kind_is_none_of_the_other(trail: Trail) -> None:
    seal = trail.verified().checkpoint
    assert seal is not None
    assert trail.told(replace(seal, kind="archive")) == [("forged", SIZE, SIZE)]
