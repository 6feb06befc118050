"""Transactions and the errors that leave them, on every database."""

from threading import Barrier, Thread

import pytest

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records import Scope
from gateway.store import DatabaseStore, open_store
from mdm.device import DeviceKey
from tests.support.stores import ACME, GLOBEX, device, user


def test_leaving_by_an_exception_undoes_everything(store: DatabaseStore) -> None:
    with pytest.raises(KeyError), store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.changes.announce(Scope.ORGANISATION, ACME.id)
        raise KeyError
    with store.read() as transaction:
        assert transaction.directory.organisations() == []
        assert transaction.changes.last() == 0


def test_a_reader_sees_one_moment(store: DatabaseStore) -> None:
    with store.read() as reader:
        assert reader.directory.organisations() == []
        with store.write() as writer:
            writer.directory.add_organisation(ACME)
        assert reader.directory.organisations() == []
    with store.read() as reader:
        assert reader.directory.organisations() == [ACME]


def test_writers_queue_and_none_is_lost(store: DatabaseStore) -> None:
    start, rounds, threads = Barrier(4), 10, 4
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.devices.add(device())

    def count() -> None:
        start.wait()
        for _ in range(rounds):
            with store.write() as transaction:
                found = transaction.devices.get(device().key)
                assert found is not None
                transaction.devices.save(found)

    workers = [Thread(target=count) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with store.read() as transaction:
        found = transaction.devices.get(device().key)
    assert found is not None
    assert found.revision == rounds * threads


def test_a_broken_reference_is_a_conflict(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.devices.add(device())


def test_text_that_no_column_can_hold_never_is_a_crash(store: DatabaseStore) -> None:
    key = DeviceKey(ACME.id, "u-1", "A\0B")
    try:
        with store.read() as transaction:
            assert transaction.devices.get(key) is None
    except GatewayError as error:
        assert error.kind is Kind.MALFORMED


def test_a_database_that_is_gone_is_unavailable() -> None:
    store = open_store("postgresql://usher@127.0.0.1:1/nothing")
    with pytest.raises(GatewayError) as caught, store.read():
        pass
    assert caught.value.kind is Kind.UNAVAILABLE
    store.close()


def test_an_alias_that_looks_like_an_id_never_hides_the_organisation_of_that_id(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_organisation(type(GLOBEX)(GLOBEX.id, ACME.id, "Sly", GLOBEX.created_at))
    with store.read() as transaction:
        assert transaction.directory.organisation(ACME.id) == ACME


def test_a_number_that_no_column_holds_is_a_wrong_value(store: DatabaseStore) -> None:
    with pytest.raises(GatewayError) as refused, store.read() as transaction:
        transaction.rules.get("m-1", 2**63)
    assert refused.value.kind is Kind.MALFORMED
