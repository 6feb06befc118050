"""The store keeps the agreement of ``ports`` to the letter; neither may see the other, so a test compares."""

import inspect

import pytest

from gateway.services import ports
from gateway.store import DatabaseStore
from gateway.store.audit import AuditRows
from gateway.store.changes import ChangeRows
from gateway.store.devices import DeviceRows
from gateway.store.policies import PolicyRows

PAIRS = [
    (ports.Policies, PolicyRows),
    (ports.Devices, DeviceRows),
    (ports.AuditTrail, AuditRows),
    (ports.Changes, ChangeRows),
    (ports.Store, DatabaseStore),
]


def methods(port: type) -> dict[str, object]:
    found = inspect.getmembers(port, inspect.isfunction)
    return {name: member for name, member in found if name[0] != "_"}


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    for name, member in methods(port).items():
        wanted = inspect.signature(member).parameters.values()  # type: ignore[arg-type]
        given = inspect.signature(getattr(rows, name)).parameters.values()
        assert [(one.name, one.kind, one.default) for one in given] == [
            (one.name, one.kind, one.default) for one in wanted
        ], name
