"""Many writers make one chain: processes of one node, and nodes of one database."""

from concurrent.futures import ThreadPoolExecutor

from gateway.errors import GatewayError, Kind
from gateway.store import DatabaseStore, open_store
from tests.support.trails import Trail, record

WRITERS, EACH = 4, 15


def _write(url: str, writer: int) -> int:
    """Records one by one, several at once, and some that are undone; returns how many stand."""
    store, stand = open_store(url), 0
    try:
        for number in range(EACH):
            many = [record(100 * writer + number)] * (1 + number % 3)
            try:
                with store.write() as transaction:
                    transaction.audit.append_all(many)
                    if number % 5 == 4:
                        raise GatewayError(Kind.CONFLICT)
                stand += len(many)
            except GatewayError as error:
                assert error.kind is Kind.CONFLICT
    finally:
        store.close()
    return stand


def test_they_make_one_chain_without_a_gap(store: DatabaseStore, store_url: str) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        stand = sum(pool.map(_write, [store_url] * WRITERS, range(WRITERS)))
    report = Trail(store).verified()
    assert report.sound
    assert (report.first, report.last, report.count) == (1, stand, stand)
