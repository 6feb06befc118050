"""Policy changes under way, as an administrator sees and steers them, and as the job works on them (4.3).

``advance`` is one transaction; the job of the administration's process calls it again and again, on any node:
each call starts from what is stored, so two of them, or a restart, do nothing twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Rollout, RolloutState
from gateway.services.acts import Act, Acts, Entry
from gateway.services.ports import Clock, Store
from gateway.services.rollout import BATCH, EVER, NEVER, OPEN, move_due, plan_page
from gateway.services.tenants import found

SYSTEM = Actor("system", "rollout")

PATIENCE = 20
"""Pages that the one who made a change plans before the job goes on alone: five thousand devices."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A rollout and what is left of it.

    Attributes:
        waiting: devices whose moment is to come.
        came: devices that fetched the policy, or left, before their moment.
        behind: devices that a cancelled rollout left with what they had.
    """

    rollout: Rollout
    waiting: int
    behind: int

    @property
    def came(self) -> int:
        return max(0, self.rollout.planned - self.rollout.moved - self.waiting)

    @property
    def ends_at(self) -> datetime:
        """When the window closes, pauses included; a rate may take longer."""
        return self.rollout.started_at + timedelta(seconds=self.rollout.window_s + self.rollout.held_s)


class Rollouts:
    """Rollouts of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def progress(self, id_or_alias: str) -> Progress | None:
        """The last rollout; None where there never was one."""
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
            last = transaction.rollouts.last(home)
            if last is None:
                return None
            waiting = transaction.rollouts.waiting(home, EVER)
            behind = transaction.rollouts.waiting(home, NEVER) - waiting
        if last.state in (RolloutState.CANCELLING, RolloutState.CANCELLED):
            waiting, behind = 0, behind + waiting
        return Progress(last, waiting, behind)

    def history(self, id_or_alias: str, limit: int = 100) -> Sequence[Rollout]:
        """The newest first."""
        with self._store.read() as transaction:
            return transaction.rollouts.list(found(transaction, id_or_alias).id, limit=limit)

    def pause(self, actor: Actor, id_or_alias: str, reason: str = "") -> Rollout:
        """Tell no further device; those that wait keep what they have. Raises CONFLICT when nothing runs."""

        def work(entry: Entry, rollout: Rollout) -> Rollout:
            _require(rollout, RolloutState.RUNNING)
            return replace(rollout, state=RolloutState.PAUSED, paused_at=entry.now)

        return self._change(actor, id_or_alias, "pause", reason, work)

    def resume(self, actor: Actor, id_or_alias: str, reason: str = "") -> Rollout:
        """Go on; every moment is later by the length of the pause, so nobody comes in one go."""

        def work(entry: Entry, rollout: Rollout) -> Rollout:
            _require(rollout, RolloutState.PAUSED)
            pause = entry.now - (rollout.paused_at or entry.now)
            held = rollout.held_s + int(pause.total_seconds())
            return replace(rollout, state=RolloutState.RUNNING, held_s=held, paused_at=None)

        return self._change(actor, id_or_alias, "resume", reason, work)

    def hasten(self, actor: Actor, id_or_alias: str, reason: str = "") -> Rollout:
        """Let everybody who waits come now; a configured rate still holds."""

        def work(_: Entry, rollout: Rollout) -> Rollout:
            _require(rollout, RolloutState.RUNNING, RolloutState.PAUSED)
            return replace(rollout, state=RolloutState.RUNNING, hastened=True, paused_at=None)

        return self._change(actor, id_or_alias, "now", reason, work)

    def cancel(self, actor: Actor, id_or_alias: str, reason: str = "") -> Rollout:
        """Leave those that wait with what they have: they fetch what is in force when they come by
        themselves, or with the next change. The policy itself stays as it is; rolling it back is another
        act."""

        def work(_: Entry, rollout: Rollout) -> Rollout:
            _require(rollout, *OPEN)
            return replace(rollout, state=RolloutState.CANCELLING)

        rollout = self._change(actor, id_or_alias, "cancel", reason, work)
        return self.follow(rollout.organisation) or rollout

    def follow(self, organisation: str, pages: int = PATIENCE) -> Rollout | None:
        """Do what is to be done at once, for a while; returns how far the last rollout has come."""
        rollout = self._last(organisation)
        while pages and rollout is not None and rollout.state in _AT_ONCE:
            self.advance(organisation)
            rollout, pages = self._last(organisation), pages - 1
        return rollout

    def under_way(self) -> Sequence[str]:
        """Organisations that the job has to work on."""
        with self._store.read() as transaction:
            return [rollout.organisation for rollout in transaction.rollouts.under_way()]

    def advance(self, organisation: str) -> bool:
        """One step in one transaction; True where the next one should follow at once."""
        act = Act(AuditTag.ROLLOUT_ENDED, SYSTEM, organisation, "rollout")
        return self._acts.perform(act, lambda entry: _advance(entry, organisation))

    def _last(self, organisation: str) -> Rollout | None:
        with self._store.read() as transaction:
            return transaction.rollouts.last(organisation)

    def _change(
        self,
        actor: Actor,
        id_or_alias: str,
        what: str,
        reason: str,
        work: Callable[[Entry, Rollout], Rollout],
    ) -> Rollout:
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id

        def change(entry: Entry) -> Rollout:
            before = entry.transaction.rollouts.last(home)
            if before is None:
                raise GatewayError(Kind.NOT_FOUND, "There is no policy change under way.")
            after = work(entry, before)
            entry.transaction.rollouts.save(after)
            entry.record(before=shown(before), after=shown(after) | {"act": what})
            return after

        return self._acts.perform(Act(AuditTag.ROLLOUT_CHANGED, actor, home, "rollout", reason), change)


_AT_ONCE = (RolloutState.PLANNING, RolloutState.CANCELLING)


def shown(rollout: Rollout) -> dict[str, object]:
    """A rollout as the audit trail shows it."""
    return {
        "number": rollout.number,
        "cause": rollout.cause,
        "state": rollout.state.value,
        "minutes": rollout.window_s // 60,
        "planned": rollout.planned,
        "moved": rollout.moved,
    }


def _require(rollout: Rollout, *states: RolloutState) -> None:
    if rollout.state not in states:
        raise GatewayError(Kind.CONFLICT, f"Not possible: the change is {rollout.state.value}.")


def _advance(entry: Entry, organisation: str) -> bool:
    rollouts = entry.transaction.rollouts
    before = rollouts.last(organisation)
    if before is None:
        return False
    match before.state:
        case RolloutState.PLANNING:
            after, busy = plan_page(entry, before), True
        case RolloutState.RUNNING:
            after, looked = move_due(entry, before)
            busy = looked == BATCH
        case RolloutState.CANCELLING:
            after, busy = _leave_behind(entry, before), True
        case _:
            return False
    if after != before:
        rollouts.save(after)
    if after.ended_at is not None:
        entry.record(after=shown(after))
    return busy and after.ended_at is None


def _leave_behind(entry: Entry, rollout: Rollout) -> Rollout:
    """Take the moments of those that wait, a batch at a time: without one they would be told to come."""
    devices = entry.transaction.devices
    keys = entry.transaction.rollouts.due(rollout.organisation, EVER, BATCH)
    waiting = [device for device in map(devices.get, keys) if device is not None]
    entry.transaction.rollouts.set_moments(replace(device, reprovision_at=NEVER) for device in waiting)
    if keys:
        return rollout
    return replace(rollout, state=RolloutState.CANCELLED, ended_at=entry.now)
