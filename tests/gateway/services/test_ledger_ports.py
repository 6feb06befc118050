"""The ports of the ledger, held by the store's rows."""

import pytest

from gateway.services import ledger_ports
from gateway.store.archive import ArchiveRows
from gateway.store.jobs import JobRows
from gateway.store.repetitions import RepetitionRows
from gateway.store.wipe_orders import WipeOrderRows
from tests.support.agreement import assert_kept

PAIRS = [
    (ledger_ports.WipeOrders, WipeOrderRows),
    (ledger_ports.Jobs, JobRows),
    (ledger_ports.Archive, ArchiveRows),
    (ledger_ports.KeptRequests, RepetitionRows),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)
