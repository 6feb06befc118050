"""How every change is made: the change, its audit record and its row of the change feed in one transaction
(product 8, T26). An act that is refused is recorded too, in a transaction of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records import NOTHING, Actor, AuditRecord, AuditTag, Scope
from gateway.services import conditions
from gateway.services.ports import Clock, Store, Transaction

T = TypeVar("T")

ATTEMPTS = 4
"""Tries of a change that lost a race; each starts from what is stored then."""

_REFUSED = frozenset((Kind.MALFORMED, Kind.UNSUPPORTED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.CONFLICT))


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody asks for.

    Attributes:
        tag: what the trail will call it.
        organisation: organisation id; empty where the act is about none yet.
        target: device, user, domain, policy or organisation, as an administrator names it.
    """

    tag: AuditTag
    actor: Actor
    organisation: str
    target: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An act under way: the transaction, the moment, and how to record."""

    act: Act
    transaction: Transaction
    now: datetime
    records: list[AuditRecord] = field(default_factory=list)

    def record(
        self,
        *,
        before: Mapping[str, Any] = NOTHING,
        after: Mapping[str, Any] = NOTHING,
        tag: AuditTag | None = None,
        organisation: str | None = None,
        target: str | None = None,
    ) -> None:
        """Write the audit record; by default it carries the act's own tag, organisation and target."""
        record = AuditRecord(
            tag=tag or self.act.tag,
            at=self.now,
            actor=self.act.actor,
            organisation=self.act.organisation if organisation is None else organisation,
            target=target or self.act.target,
            before=before,
            after=after,
            reason=self.act.reason,
        )
        self.transaction.audit.append(record)

    def announce(self, scope: Scope, organisation: str, user: str = "", device_id: str = "") -> None:
        """Tell every process to look again."""
        self.transaction.changes.announce(scope, organisation, user, device_id)


class Acts:
    """Runs changes against a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def perform(self, act: Act, work: Callable[[Entry], T]) -> T:
        """Run ``work`` in one writer's transaction, anew when another process was first.

        Raises:
            GatewayError: what ``work`` raised; an act refused for its content is in the trail by then.
        """
        try:
            return self._tried(act, work)
        except GatewayError as error:
            if error.kind in _REFUSED:
                self._record_refusal(act, error)
            raise

    def _tried(self, act: Act, work: Callable[[Entry], T]) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._once(act, work)
            except LostRace:
                continue
        return self._once(act, work)

    def _once(self, act: Act, work: Callable[[Entry], T]) -> T:
        condition = conditions.present()
        with self._store.write() as transaction:
            condition.ask()
            outcome = work(Entry(act, transaction, self._clock.now()))
        condition.met()
        return outcome

    def _record_refusal(self, act: Act, error: GatewayError) -> None:
        record = AuditRecord(
            tag=AuditTag.ACT_REFUSED,
            at=self._clock.now(),
            actor=act.actor,
            organisation=act.organisation,
            target=act.target,
            after={"act": act.tag.value, "faults": dict(error.faults)},
            reason=act.reason,
            outcome=f"refused: {error.public or error.kind.value}",
        )
        with self._store.write() as transaction:
            transaction.audit.append(record)
