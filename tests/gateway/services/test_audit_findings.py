"""From where records stand to what was done to them; how it is found out is in test_audit_inspection."""

import pytest

from gateway.services.audit_findings import Fault, Finding, Run, open_numbers, settle, spans


def test_numbers_as_ranges() -> None:
    assert list(spans([1, 2, 3, 7, 9, 10])) == [(1, 3), (7, 7), (9, 10)]
    assert list(spans([])) == []


def test_open_numbers_are_bounded() -> None:
    runs = [Run(3, 3, 2), Run(10, 10)]
    assert open_numbers(runs, 1, 12, 100) == [1, 2, 5, 6, 7, 8, 9, 11, 12]
    assert open_numbers(runs, 1, 12, 4) == [1, 2, 5, 6]
    assert open_numbers([], 1, 10**12, 3) == [1, 2, 3]


def test_half_a_million_runs_are_settled_at_once() -> None:
    runs = [Run(number, number) for number in range(1, 1_000_000, 2)]
    found = settle(runs, range(2, 1_000_000, 2), 1, 0)
    assert len(found) == 499_999 and all(each.fault is Fault.CHANGED for each in found)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_words(fault: Fault) -> None:
    one, many = Finding(3, 3, fault), Finding(3, 5, fault)
    assert " 3: " in one.words and " 3 to 5: " in many.words
    assert ("line" in one.words) == (fault in (Fault.UNREADABLE,))


def test_where_moved_records_stand() -> None:
    assert Finding(3, 5, Fault.MOVED, 9).words.endswith("(9 and on)")
