"""What is counted for ``/metrics``: every row once, and nobody's name."""

from gateway.store import DatabaseStore
from gateway.store.figures import FigureRows
from mdm.device import WipeKind
from tests.support.world import ADMIN, World


def test_rows_are_counted_by_their_state(store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    ann = world.user()
    world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, world.provisioned_phone(ann, "PHONE2").key, WipeKind.ACCOUNT, "lost")
    with store.read() as transaction:
        counts = transaction.figures.counts()
    assert sum(counts["devices"].values()) == len(counts["devices"]) == 2
    assert counts["organisations"] == {"Active": 1}
    assert sum(counts["wipe_orders"].values()) == 1
    assert counts["held_devices"] == {"": 0}
    assert counts["audit_sequence"][""] == world.trail()[-1].sequence


def test_an_empty_database_has_figures_too(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert isinstance(transaction.figures, FigureRows)
        counts = transaction.figures.counts()
    assert counts["devices"] == {}
    assert counts["audit_sequence"] == {"": 0}
