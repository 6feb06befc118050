"""A world in which wipes are ordered as people order them."""

from collections.abc import Sequence
from typing import Any

from gateway.records import Actor
from gateway.records.administrators import Administrator
from gateway.services.panic import Panic
from gateway.services.safeguards import SafeguardChanges, SafeguardService
from gateway.services.wipes import Wipes
from gateway.store import DatabaseStore
from mdm.orders import WipeOrder
from tests.support.stores import NOON
from tests.support.world import World

ROOT = Actor("admin", "root", "127.0.0.1", person="root")
SECOND = Actor("admin", "second", "127.0.0.1", person="second")


def persons(store: DatabaseStore, *actors: Actor) -> None:
    """Accounts behind actors: what nobody's account asked for is approved by nobody (T9)."""
    with store.write() as transaction:
        for each in actors:
            if transaction.administrators.named(each.name) is None:
                account = Administrator(f"a-{each.name}", each.name, each.name, NOON, "test", each.person)
                transaction.administrators.add(account)


class WipeWorld(World):
    """``World`` with the safeguards, the ledger and the emergency brake."""

    def __post_init__(self) -> None:
        super().__post_init__()
        persons(self.store, ROOT, SECOND)
        self.wipes = Wipes(self.store, self.clock, self.keys)
        self.safeguards = SafeguardService(self.store, self.clock)
        self.panic = Panic(self.store, self.clock)

    def guard(self, organisation: str = "acme", **changes: Any) -> None:
        self.safeguards.change(ROOT, organisation, SafeguardChanges(**changes), may_loosen=True)

    def orders(self) -> Sequence[WipeOrder]:
        with self.store.read() as transaction:
            return transaction.wipe_orders.list()
