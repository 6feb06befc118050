"""The trail as it is hashed: as it stands, whole, and the same from both databases."""

from datetime import timedelta

from gateway.records import ARCHIVE, CHECKPOINT, AuditQuestion, Seal
from gateway.records.authority import Reach
from gateway.records.chain import GENESIS, intact
from gateway.store import DatabaseStore
from tests.support.stores import GLOBEX, NOON
from tests.support.trails import Trail, record


def test_every_record_comes_back_as_it_was_hashed(store: DatabaseStore) -> None:
    Trail(store).write(5)
    with store.write() as transaction:
        transaction.audit.append(record(6, after={"é\x7f": [1e22, -0.0, 1.5, 1e-7, 2**70, "\u2028", None]}))
    with store.read() as transaction:
        links = list(transaction.audit_chain.links())
        records = transaction.audit.query()
    assert all(intact(each) for each in links)
    assert [(each.sequence, each.hash, each.previous) for each in links] == [
        (each.sequence, each.hash, each.previous) for each in records
    ]


def test_it_can_be_read_in_parts(store: DatabaseStore) -> None:
    Trail(store).write(5)
    with store.read() as transaction:
        chain = transaction.audit_chain
        assert [each.sequence for each in chain.links(after=2)] == [3, 4, 5]
        assert [each.sequence for each in chain.links(after=1, upto=3)] == [2, 3]


def test_the_last_record_is_known_when_all_is_archived(store: DatabaseStore) -> None:
    trail = Trail(store)
    with store.read() as transaction:
        assert transaction.audit_chain.last() == (0, GENESIS)
    trail.write(3)
    with store.read() as transaction:
        last = transaction.audit_chain.last()
    assert last[0] == 3
    trail.archived(3)
    with store.read() as transaction:
        assert list(transaction.audit_chain.links()) == []
        assert transaction.audit_chain.last() == last
    trail.write(1, first=4)
    with store.read() as transaction:
        (found,) = transaction.audit.query()
    assert (found.sequence, found.previous) == (4, last[1])


def test_what_is_old_ends_before_the_first_that_is_young(store: DatabaseStore) -> None:
    Trail(store).write(5)
    with store.read() as transaction:
        chain = transaction.audit_chain
        assert chain.last_before(NOON + timedelta(seconds=3)) == 2
        assert chain.last_before(NOON) == 0
        assert chain.last_before(NOON + timedelta(days=1)) == 5


def test_seals_of_each_kind_by_their_number(store: DatabaseStore) -> None:
    seals = [
        Seal(kind, number, "h", NOON, 1, "k", "s") for kind in (CHECKPOINT, ARCHIVE) for number in (9, 2)
    ]
    with store.write() as transaction:
        for seal in seals:
            transaction.audit_chain.add_seal(seal)
    with store.read() as transaction:
        chain = transaction.audit_chain
        assert list(chain.seals(CHECKPOINT)) == [seals[1], seals[0]]
        assert chain.last_seal(ARCHIVE) == seals[2]
        assert chain.last_seal("other") is None


def test_rows_are_removed_from_the_beginning(store: DatabaseStore) -> None:
    Trail(store).write(5)
    with store.write() as transaction:
        transaction.audit_chain.add_seal(Seal(ARCHIVE, 4, "h", NOON, 4, "k", "s"))
        assert transaction.audit_chain.remove(4, 3) == 3
        assert transaction.audit_chain.remove(4, 3) == 1
        assert transaction.audit_chain.remove(4, 3) == 0
        assert [each.sequence for each in transaction.audit.query()] == [5]


def test_the_chain_is_one_for_all_and_a_reach_narrows_what_is_shown(store: DatabaseStore) -> None:
    Trail(store).write(3)
    narrow = store.within(Reach(organisations=frozenset({GLOBEX.id})))
    with narrow.write() as transaction:
        transaction.audit.append(record(4, organisation=GLOBEX.id))
    with narrow.read() as transaction:
        assert [each.sequence for each in transaction.audit.find(AuditQuestion())] == [4]
        assert len(list(transaction.audit_chain.links())) == 4
    assert Trail(store).verified().sound
