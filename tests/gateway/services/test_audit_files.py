"""Trails in files: whatever is in them, each line is judged and none is an accident."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records import ARCHIVE, CHECKPOINT, Seal
from gateway.services.audit_files import FileInspection, FileReport, checkpoints_of
from gateway.services.audit_seals import sealed
from gateway.services.checkpoints import as_document
from tests.gateway.services.test_audit_inspection import chain, sealing
from tests.support.stores import NOON
from tests.support.trails import signer

SIZE = 6
LINKS = chain(SIZE)
LINES = [json.dumps(each.as_document()) for each in LINKS]
END = json.dumps(as_document(sealed(Seal(ARCHIVE, SIZE, LINKS[-1].hash, NOON, SIZE), signer())))


def reported(lines: list[str], *kept: Seal) -> FileReport:
    return FileInspection(signer(), kept).report(lines)


def told(lines: list[str], *kept: Seal) -> list[tuple[str, int, int]]:
    return [(each.fault.value, each.first, each.last) for each in reported(lines, *kept).findings]


def test_a_whole_archive_is_sound() -> None:
    report = reported([*LINES, END])
    assert report.sound and (report.count, report.first, report.last, report.sealed) == (SIZE, 1, SIZE, SIZE)
    assert report.end is not None and not report.exported


@pytest.mark.parametrize("number", range(1, SIZE + 1))
def test_each_line_taken_out_or_changed_is_named(number: int) -> None:
    without = [*LINES[: number - 1], *LINES[number:], END]
    if number == 1:
        assert reported(without).first == 2, "who expects record 1 sees that it begins with another"
    else:
        assert told(without) == [("truncated" if number == SIZE else "removed", number, number)]
    changed = [*LINES, END]
    changed[number - 1] = changed[number - 1].replace("reason ", "reasons ")
    assert told(changed) == [("changed", number, number)]


def test_an_archive_without_its_end_is_unfinished() -> None:
    assert told(LINES) == [("unfinished", SIZE, SIZE)]
    assert told(LINES[:3]) == [("unfinished", 3, 3)]


def test_an_end_of_a_stranger_is_forged() -> None:
    forged = json.dumps({**json.loads(END), "signature": "AAAA"})
    assert told([*LINES, forged]) == [("forged", SIZE, SIZE)]


def test_an_end_of_other_records() -> None:
    other = sealed(Seal(ARCHIVE, SIZE, "x", NOON, SIZE), signer())
    assert told([*LINES, json.dumps(as_document(other))]) == [("rewritten", SIZE, SIZE)]


def test_what_is_no_record_is_named_by_its_line() -> None:
    lines = [LINES[0], "no json", "[]", "{}", '{"sequence": "2"}', *LINES[1:], END]
    assert told(lines) == [("unreadable", number, number) for number in (2, 3, 4, 5)]


@given(st.lists(st.text() | st.sampled_from([*LINES, END]), max_size=6))
def test_no_file_is_an_accident(lines: list[str]) -> None:
    reported(lines)


@given(
    st.dictionaries(
        st.sampled_from(list(json.loads(END))), st.none() | st.text() | st.integers() | st.floats()
    )
)
def test_no_seal_is_an_accident(document: dict[str, object]) -> None:
    line = json.dumps({**json.loads(END), **document})
    reported([*LINES, line])
    checkpoints_of([line])


def test_an_empty_file_holds_nothing() -> None:
    report = reported([])
    assert (report.count, report.first, report.last, report.sealed, report.end) == (0, 0, 0, 0, None)


def test_checkpoints_are_found_among_other_lines() -> None:
    seal = sealed(sealing(LINKS, 3), signer())
    line = json.dumps({"time": "now", "message": "audit checkpoint", **as_document(seal)})
    assert checkpoints_of(["access line", line, END, "{}", '{"kind": "checkpoint", "signature": 3}']) == [
        seal
    ]


def test_a_checkpoint_covers_an_archive_that_was_made_anew() -> None:
    kept = sealed(Seal(CHECKPOINT, 4, "x", NOON, 4), signer())
    assert told([*LINES, END], kept) == [("rewritten", 1, 4)]
