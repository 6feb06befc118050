"""Going over a trail: any one change anywhere is found and named (T26). The databases' part is in
test_audit_verifying."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.records import CHECKPOINT, Seal
from gateway.records.chain import COLUMNS, GENESIS, Link, intact, link, moment
from gateway.services.audit_findings import Fault
from gateway.services.audit_inspection import Inspection, unseen
from tests.support.stores import NOON

PLACE = COLUMNS.index("sequence")
REASON = COLUMNS.index("reason")


def chain(size: int) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for number in range(1, size + 1):
        told = {"sequence": number, "at": moment(NOON), "before": "{}", "after": f'{{"n": {number}}}'}
        values = tuple(told.get(name, f"{name} {number}") for name in COLUMNS)
        hashed = link(values, previous)
        links.append(Link(values, previous, hashed))
        previous = hashed
    return links


def put(record: Link, column: int, value: object) -> Link:
    return record._replace(values=(*record.values[:column], value, *record.values[column + 1 :]))


def told(links: list[Link], *checkpoints: Seal) -> list[tuple[str, int, int]]:
    inspection = Inspection(1, GENESIS, checkpoints)
    for each in links:
        inspection.take(each)
    return [(each.fault.value, each.first, each.last) for each in inspection.findings()]


def sealing(links: list[Link], number: int) -> Seal:
    return Seal(CHECKPOINT, number, links[number - 1].hash, NOON, number)


@given(size=st.integers(0, 40))
def test_what_nobody_touched_is_sound(size: int) -> None:
    assert told(chain(size)) == []


@given(st.data())
def test_any_edit_is_named(data: st.DataObject) -> None:
    links = chain(data.draw(st.integers(1, 20)))
    number = data.draw(st.integers(1, len(links)))
    column = data.draw(st.sampled_from([index for index, name in enumerate(COLUMNS) if name != "sequence"]))
    links[number - 1] = put(links[number - 1], column, data.draw(st.text() | st.none() | st.binary()))
    assert told(links) == [("changed", number, number)]


@given(st.data())
def test_any_removal_is_named(data: st.DataObject) -> None:
    links = chain(data.draw(st.integers(2, 20)))
    seal = sealing(links, len(links))
    gone = data.draw(st.sets(st.integers(1, len(links)), min_size=1))
    left = [each for each in links if each.sequence not in gone]
    named = {n for _, first, last in told(left, seal) for n in range(first, last + 1)}
    assert named == gone
    highest = max((each.sequence for each in left), default=0)
    faults = {fault for fault, first, _ in told(left, seal) if first <= highest}
    assert faults <= {"removed"}


@given(st.data())
def test_any_order_is_told(data: st.DataObject) -> None:
    """Each record that stands at another number is named with its own."""
    links = chain(data.draw(st.integers(2, 12)))
    order = data.draw(st.permutations(links))
    moved = {each.sequence for place, each in enumerate(order, 1) if each.sequence != place}
    placed = [put(each, PLACE, place) for place, each in enumerate(order, 1)]
    found = told(placed)
    assert {fault for fault, *_ in found} <= {"moved"}
    assert {n for _, first, last in found for n in range(first, last + 1)} == moved


@given(st.data())
def test_any_insertion_is_named(data: st.DataObject) -> None:
    links = chain(data.draw(st.integers(2, 20)))
    number = data.draw(st.integers(1, len(links)))
    forged = put(links[number - 1], REASON, "forged")
    if data.draw(st.booleans()):
        forged = forged._replace(hash=link(forged.values, forged.previous))
    rest = [put(each, PLACE, each.sequence + 1) for each in links[number - 1 :]]
    found = told([*links[: number - 1], forged, *rest])
    assert ("inserted", number, number) in found
    assert ("moved", number, len(links)) in found


@given(st.data())
def test_any_rewritten_end_is_told_by_a_checkpoint(data: st.DataObject) -> None:
    links = chain(data.draw(st.integers(2, 20)))
    seals = [sealing(links, number) for number in sorted(data.draw(st.sets(st.integers(1, len(links)))))]
    first = data.draw(st.integers(1, len(links)))
    previous = links[first - 1].previous
    for index in range(first - 1, len(links)):
        values = put(links[index], REASON, "rewritten").values
        links[index] = Link(values, previous, link(values, previous))
        previous = links[index].hash
    late = [seal.sequence for seal in seals if seal.sequence >= first]
    early = [seal.sequence for seal in seals if seal.sequence < first]
    expected = [("rewritten", max(early, default=0) + 1, max(late))] if late else []
    assert told(links, *seals) == expected


def test_a_record_replaced_with_a_hash_of_its_own_is_named_by_the_next() -> None:
    links = chain(6)
    values = put(links[2], REASON, "other").values
    links[2] = Link(values, links[2].previous, link(values, links[2].previous))
    assert told(links) == [("replaced", 3, 3)]


def test_a_beginning_that_follows_something_else() -> None:
    inspection = Inspection(5, "f" * 64, ())
    for each in chain(8)[4:]:
        inspection.take(each)
    assert [each.fault for each in inspection.findings()] == [Fault.REPLACED]


def test_many_changes_are_told_as_ranges_and_in_bounds() -> None:
    links = [put(each, REASON, "other") for each in chain(3000)]
    assert told(links) == [("changed", 1, 3000)]
    assert not any(intact(each) for each in links)


def test_checkpoints_count_what_lies_between_them() -> None:
    first, second = Seal(CHECKPOINT, 4, "a", NOON, 4), Seal(CHECKPOINT, 9, "b", NOON, 5)
    assert list(unseen((first, second), {})) == []
    (finding,) = unseen((second,), {})
    assert (finding.fault, finding.first, finding.last) == (Fault.CHECKPOINT_MISSING, 1, 9)
    assert [each.last for each in unseen((first,), {4: first, 9: second})] == [9]
