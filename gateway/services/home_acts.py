"""Changes within one organisation: what groups, resources and permissions share.

The organisation is looked up twice: before the act, so that a refusal stands under it in the trail, and in
the act's own transaction, which is the one that counts.
"""

from collections.abc import Callable
from typing import TypeVar

from gateway.records import Actor, AuditTag, Organisation
from gateway.services.acts import Act, Acts, Entry
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found, trail_of

T = TypeVar("T")


class HomeActs:
    """Runs changes of what belongs to an organisation."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def perform(
        self,
        tag: AuditTag,
        actor: Actor,
        id_or_alias: str,
        target: str,
        work: Callable[[Entry, Organisation], T],
        reason: str = "",
    ) -> T:
        """Run ``work`` as ``Acts.perform`` does, with the organisation.

        Raises:
            GatewayError: NOT_FOUND without the organisation, and what ``work`` raises.
        """
        act = Act(tag, actor, trail_of(self._store, id_or_alias), target, reason)
        return self._acts.perform(act, lambda entry: work(entry, found(entry.transaction, id_or_alias)))
