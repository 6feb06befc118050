"""A change of what devices are sent, brought to them (product 4.3): the steps, each within one transaction.

Nothing remembers what a policy was before: a device is outdated when it acknowledged something else than it
would be sent now. So a step may be taken again after a crash, and what happens while a change is on its way
needs no bookkeeping of its own:

- Another policy change begins a rollout of its own. Who still waits keeps the earlier moment, and is sent
  what is in force when it comes.
- A roll back makes whoever still waits current again; only those that had fetched the change come back.
- A device that comes by itself fetches what is in force, and waits no more.
- A wipe ends the waiting; who is due for one is not disturbed.
- A change of groups or addresses joins what is under way: nobody who waits is hurried, a pause remains.

A waiting device counts as current until it is moved, and nobody but the job moves it: a pause, a rate or a
job that is down never let a fleet return at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.records import AuditRecord, AuditTag, Organisation, Rollout, RolloutState, Scope
from gateway.services.acts import Entry
from gateway.services.effective import Effectives, outdated
from gateway.services.partnerships import difference, pages, target_of
from gateway.services.ports import Transaction
from mdm.device import Device, DeviceState
from mdm.layers import Reach
from mdm.lifecycle import Input, step
from mdm.policy import Policy
from mdm.spread import allowance, moment

PAGE = 250
"""Devices that are planned in one transaction: about a tenth of a second of the one writer's time."""

BATCH = 100
"""Devices that are moved in one transaction, each with its record and its row of the change feed."""

AT_A_RATE_S = 1
"""Window of a change that has none where a rate is configured: who is outdated must have a turn to wait for,
or the gate would refuse all of them at once."""

EARLY_S = 3
"""The last moment lies so long before the end of a window: the job looks once a second, then a process has
to hear of it. Whoever was promised a window is told within it (measured by ``bench.policy_change``)."""

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The moment of devices whose rollout was cancelled: they keep what they have until they come by
themselves, or the next change gives them another one."""

EVER = NEVER - timedelta(days=1)
"""Later than any moment that comes."""

OPEN = frozenset({RolloutState.PLANNING, RolloutState.RUNNING, RolloutState.PAUSED})


def begin(
    entry: Entry, home: Organisation, cause: str, minutes: int | None = None, *, joins: bool = False
) -> Rollout | None:
    """Bring a change that this transaction made to the devices; None where it touches none.

    Args:
        cause: what changed, in words.
        minutes: the window; None for the organisation's own.
        joins: leave those alone that wait already: no policy changed, but who is under which.
    """
    rollouts = entry.transaction.rollouts
    last = rollouts.last(home.id)
    rollout = plan_page(entry, _new(entry, home, last, cause, minutes, joins))
    superseded = last is not None and last.state in (*OPEN, RolloutState.CANCELLING)
    if rollout.state is RolloutState.DONE and not rollout.planned and not superseded:
        return None
    if last is not None and superseded:
        rollouts.save(replace(last, state=RolloutState.SUPERSEDED, ended_at=entry.now))
    rollouts.add(rollout)
    return rollout


def _new(
    entry: Entry, home: Organisation, last: Rollout | None, cause: str, minutes: int | None, joins: bool
) -> Rollout:
    guards = home.safeguards
    window_s = 60 * (guards.rollout_minutes if minutes is None else minutes)
    if guards.rollout_per_minute:
        window_s = max(window_s, AT_A_RATE_S)
    made = Rollout(
        home.id,
        last.number + 1 if last else 1,
        cause,
        entry.act.actor.name,
        entry.now,
        window_s,
        guards.rollout_per_minute,
        joins=joins,
    )
    if last is None or last.state not in OPEN:
        return made
    if joins:
        return replace(made, held_s=last.held_s, paused_at=last.paused_at, hastened=last.hastened)
    return made if last.state is RolloutState.PAUSED else replace(made, kept_s=last.held_s)


def plan_page(entry: Entry, rollout: Rollout) -> Rollout:
    """Give the next page of devices their moment, or move them where the window is none."""
    after = (rollout.organisation, *rollout.place) if any(rollout.place) else None
    page = entry.transaction.devices.list(
        rollout.organisation, state=DeviceState.PROVISIONING_SUCCEEDED, after=after, limit=PAGE
    )
    planned = _plan(entry, rollout, page)
    if len(page) == PAGE:
        key = page[-1].key
        return replace(planned, place=(key.user, key.device_id))
    return _planned(entry, planned)


def _plan(entry: Entry, rollout: Rollout, page: Sequence[Device]) -> Rollout:
    effectives = Effectives(entry.transaction, rollout.organisation)
    effectives.prepare({device.key.user for device in page})
    after = [_next(device, effectives.of(device.key).policy, rollout, entry.now) for device in page]
    moved = save_changed(entry, page, after)
    waiting = sum(device.reprovision_at is not None and device.reprovision_at < NEVER for device in after)
    return replace(rollout, planned=rollout.planned + moved + waiting, moved=rollout.moved + moved)


def _next(device: Device, policy: Policy, rollout: Rollout, now: datetime) -> Device:
    waits = device.reprovision_at
    if not outdated(device, policy):
        return device if waits is None else replace(device, reprovision_at=None)
    if rollout.joins and waits is not None:
        return device
    if not rollout.window_s:
        return _moved(device, now)
    start = rollout.started_at - timedelta(seconds=rollout.held_s)
    due = moment(device.key, rollout.number, start, max(rollout.window_s - EARLY_S, 1))
    if rollout.kept_s is not None and waits is not None and waits < NEVER:
        due = min(due, waits + timedelta(seconds=rollout.kept_s))
    return replace(device, reprovision_at=due)


def _planned(entry: Entry, rollout: Rollout) -> Rollout:
    """All have their moment. Processes that read a device before it had one are told to look again."""
    if any(rollout.place) and rollout.window_s:
        entry.announce(Scope.POLICY, rollout.organisation)
    if rollout.planned == rollout.moved:
        return replace(rollout, state=RolloutState.DONE, ended_at=entry.now)
    waits = RolloutState.PAUSED if rollout.paused_at is not None else RolloutState.RUNNING
    return replace(rollout, state=waits)


def move_due(entry: Entry, rollout: Rollout) -> tuple[Rollout, int]:
    """Move devices whose moment has come; also how many were looked at.

    The rollout is done when none waits any more.
    """
    rollouts = entry.transaction.rollouts
    since = entry.now - (rollout.moved_at or rollout.started_at)
    most = allowance(rollout.per_minute, since.total_seconds(), BATCH)
    until = EVER if rollout.hastened else entry.now - timedelta(seconds=rollout.held_s)
    keys = rollouts.due(rollout.organisation, until, most) if most else ()
    found = (entry.transaction.devices.get(key) for key in keys)
    moved = _move(entry, [device for device in found if device is not None])
    if moved:
        rollout = replace(rollout, moved=rollout.moved + moved, moved_at=entry.now)
    if not rollouts.due(rollout.organisation, EVER, 1):
        rollout = replace(rollout, state=RolloutState.DONE, ended_at=entry.now)
    return rollout, len(keys)


def _move(entry: Entry, due: Sequence[Device]) -> int:
    if not due:
        return 0
    effectives = Effectives(entry.transaction, due[0].key.organisation)
    effectives.prepare({device.key.user for device in due})
    after = [
        _moved(device, entry.now)
        if outdated(device, effectives.of(device.key).policy)
        else replace(device, reprovision_at=None)
        for device in due
    ]
    moved = save_changed(entry, due, after)
    for device in after:
        entry.announce(Scope.DEVICE, device.key.organisation, device.key.user, device.key.device_id)
    return moved


def reconsider_user(entry: Entry, organisation: str, user: str, *, joins: bool = True) -> int:
    """Move at once those of a user's devices that are sent something else by what this transaction changed.

    The caller announces the user.
    """
    effectives = Effectives(entry.transaction, organisation)
    moved = 0
    for page in pages(entry.transaction.devices, organisation, user):
        policies = [effectives.of(device.key).policy for device in page]
        after = [
            _settled(device, policy, entry.now, joins) for device, policy in zip(page, policies, strict=True)
        ]
        moved += save_changed(entry, page, after)
    return moved


def _settled(device: Device, policy: Policy, now: datetime, joins: bool) -> Device:
    if not outdated(device, policy):
        return device if device.reprovision_at is None else replace(device, reprovision_at=None)
    return device if joins and device.reprovision_at is not None else _moved(device, now)


def groups_matter(transaction: Transaction, organisation: str) -> bool:
    """Whether who is in which group decides on a policy."""
    return any(each.reach is Reach.GROUP for each in transaction.assignments.wide(organisation))


def save_changed(entry: Entry, before: Iterable[Device], after: Iterable[Device]) -> int:
    """Store what differs, with a record for each device that was moved; returns how many were."""
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    moved = [(old, new) for old, new in changed if old.state is not new.state]
    entry.transaction.devices.save_all(new for _, new in moved)
    entry.transaction.rollouts.set_moments(new for old, new in changed if old.state is new.state)
    entry.transaction.audit.append_all(_outdated(entry, *pair) for pair in moved)
    return len(moved)


def _moved(device: Device, now: datetime) -> Device:
    moved, _ = step(device, Input.POLICY_CHANGED, now=now)
    return moved or device


def _outdated(entry: Entry, before: Device, after: Device) -> AuditRecord:
    old, new = difference(before, after)
    return AuditRecord(
        tag=AuditTag.POLICY_OUTDATED,
        at=entry.now,
        actor=entry.act.actor,
        organisation=before.key.organisation,
        target=target_of(before.key),
        before=old,
        after=new,
        reason=entry.act.reason,
    )
