"""The ports of the ledger, held by the store's rows."""

from gateway.services.ledger_ports import Archive, Jobs, WipeOrders
from gateway.store.archive import ArchiveRows
from gateway.store.jobs import JobRows
from gateway.store.wipe_orders import WipeOrderRows


def test_the_rows_have_what_the_ports_name() -> None:
    for port, rows in ((WipeOrders, WipeOrderRows), (Jobs, JobRows), (Archive, ArchiveRows)):
        assert {name for name in vars(port) if not name.startswith("_")} <= set(vars(rows))
