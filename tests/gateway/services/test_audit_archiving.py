"""What leaves the database is in a file that can be believed, and what is wrong with the trail stays."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import ARCHIVE, AuditQuestion, AuditTag
from gateway.services import audit_archiving
from gateway.services.audit_archiving import AuditArchiving
from gateway.services.audit_files import FileInspection
from gateway.store import DatabaseStore
from tests.support.stores import NOON, store, store_url
from tests.support.trails import WHO, Trail, checkpointed, signer

__all__ = ["store", "store_url"]
SIZE = 9


class Sheets:
    """A file in memory."""

    name = "old.jsonl"

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)

    def read(self) -> Iterator[str]:
        return iter(self.lines)


@pytest.fixture
def trail(store: DatabaseStore) -> Trail:
    return checkpointed(store, SIZE)


def archiving(trail: Trail) -> AuditArchiving:
    return AuditArchiving(trail.store, trail.clock, signer)


def after(number: int) -> object:
    """A moment between record ``number`` and the next one."""
    return NOON + timedelta(seconds=number + 0.5)


def there(trail: Trail) -> list[int]:
    with trail.store.read() as transaction:
        return [each.sequence for each in transaction.audit.find(AuditQuestion())]


def refused(trail: Trail, paper: Sheets, number: int = 6) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        archiving(trail).archive(WHO, after(number), paper)  # type: ignore[arg-type]
    assert caught.value.kind is Kind.CONFLICT
    assert there(trail)[:SIZE] == list(range(1, SIZE + 1)), "nothing was removed"
    return caught.value


def test_old_records_move_to_a_file(trail: Trail) -> None:
    paper = Sheets()
    mark = archiving(trail).archive(WHO, after(6), paper)  # type: ignore[arg-type]
    assert (mark.sequence, mark.count) == (6, 6)
    assert there(trail) == [7, 8, 9, 10]
    report = FileInspection(signer()).report(paper.read())
    assert report.sound and (report.first, report.last, report.end) == (1, 6, mark)
    assert trail.verified().sound
    with trail.store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.AUDIT_ARCHIVED)
    assert (record.actor, record.after["last"], record.after["hash"]) == (WHO, 6, mark.hash)
    assert record.after["file"] == "old.jsonl"


def test_the_next_archive_goes_on_where_the_last_one_ended(trail: Trail) -> None:
    first, second = Sheets(), Sheets()
    archiving(trail).archive(WHO, after(3), first)  # type: ignore[arg-type]
    archiving(trail).archive(WHO, after(8), second)  # type: ignore[arg-type]
    reports = [FileInspection(signer()).report(each.read()) for each in (first, second)]
    assert [(each.first, each.last, each.sound) for each in reports] == [(1, 3, True), (4, 8, True)]
    assert there(trail) == [9, 10, 11]
    assert trail.verified().sound


def test_everything_may_be_archived_and_the_numbers_go_on(trail: Trail) -> None:
    archiving(trail).archive(WHO, after(1000), Sheets())  # type: ignore[arg-type]
    trail.write(1, first=50)
    assert there(trail) == [SIZE + 1, SIZE + 2]
    assert trail.verified().sound


def test_a_young_record_among_old_ones_ends_it(trail: Trail) -> None:
    """Clocks differ: numbers are the order, and an archive has no gap."""
    trail.write(1, first=2)
    archiving(trail).archive(WHO, after(5), Sheets())  # type: ignore[arg-type]
    assert there(trail)[0] == 6 and trail.verified().sound


def test_nothing_old_is_nothing_to_do(trail: Trail) -> None:
    assert refused(trail, Sheets(), 0).public == audit_archiving.NOTHING_DUE


@pytest.mark.parametrize("number", [1, 3, 6, 7])
@pytest.mark.parametrize("how", ["reason = 'x'", "before = '{}'", "hash = 'x'"])
def test_what_was_tampered_with_stays(trail: Trail, number: int, how: str) -> None:
    trail.tamper(f"UPDATE audit SET {how} WHERE sequence = {number}")  # noqa: S608
    assert refused(trail, Sheets()).public == audit_archiving.BROKEN


def test_what_was_rewritten_before_a_checkpoint_stays(trail: Trail) -> None:
    trail.rewrite(2, lambda row: row.update(reason="x"), upto=SIZE)
    assert refused(trail, Sheets()).public == audit_archiving.BROKEN


def test_a_mark_that_nobody_signed_removes_nothing(trail: Trail) -> None:
    trail.tamper(
        "INSERT INTO audit_seals (kind, sequence, hash, at, count, key, signature)"
        " SELECT 'archive', sequence, hash, at, count, key, signature FROM audit_seals WHERE sequence = 4"
    )
    assert refused(trail, Sheets()).public == audit_archiving.BROKEN
    with pytest.raises(GatewayError):
        archiving(trail).sweep()
    assert there(trail) == list(range(1, SIZE + 1))


class Bad(Sheets):
    """A disk that does not keep what it is given."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, lines: Iterable[str]) -> None:
        super().write(lines)
        del self.lines[self._number]


@pytest.mark.parametrize("number", [0, 3, -2, -1])
def test_a_file_that_does_not_read_back_removes_nothing(trail: Trail, number: int) -> None:
    assert refused(trail, Bad(number)).public == audit_archiving.UNREAD


class Late(Sheets):
    """While this one is written, another archive comes and goes."""

    def __init__(self, trail: Trail) -> None:
        super().__init__()
        self._trail = trail

    def write(self, lines: Iterable[str]) -> None:
        super().write(lines)
        archiving(self._trail).archive(WHO, after(2), Sheets())  # type: ignore[arg-type]


def test_two_archives_at_once_are_one(trail: Trail) -> None:
    with pytest.raises(GatewayError) as caught:
        archiving(trail).archive(WHO, after(6), Late(trail))  # type: ignore[arg-type]
    assert caught.value.public == audit_archiving.OVERTAKEN
    assert there(trail)[0] == 3 and trail.verified().sound


def test_rows_are_removed_a_batch_at_a_time(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_archiving, "BATCH", 2)
    archiving(trail).archive(WHO, after(7), Sheets())  # type: ignore[arg-type]
    assert there(trail) == [8, 9, 10]
    with trail.store.read() as transaction:
        assert len(transaction.audit_chain.seals(ARCHIVE)) == 1
