"""For whom a policy holds, and what holds for a device (product 4.2).

To an organisation, a domain, a group, a user or one device; the most specific wins field by field, and among
equals the higher priority. A change of an assignment is a change of policy for those whom it means.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, Assignment, AuditTag, Organisation, Rollout, Scope
from gateway.services.acts import Act, Acts, Entry
from gateway.services.effective import DEFAULT_NAME, MAXIMUM_PRIORITY, Effectives, Supposed
from gateway.services.groups import find_group
from gateway.services.names import fold
from gateway.services.policies import require_minutes
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.rehearsal import Rehearsal, rehearse
from gateway.services.rollout import begin, reconsider_user
from gateway.services.rollouts import Rollouts
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import DeviceKey
from mdm.layers import Effective, Reach
from mdm.query import DEVICE_ID_LIMIT

_DEVICE_ID = re.compile(rf"[A-Z0-9._-]{{1,{DEVICE_ID_LIMIT}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an assignment means, as an administrator names it.

    Attributes:
        named: domain, group (id, address, name) or user (id, address); empty for the organisation.
        device_id: for one device of the user.
    """

    reach: Reach
    named: str = ""
    device_id: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentChange:
    """What assigning a policy did.

    Attributes:
        devices: how many partnerships have to provision again by it, as far as has been counted.
    """

    assignment: Assignment
    devices: int
    rollout: Rollout | None = None


class Assignments:
    """Assignments of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._rollouts = Rollouts(store, clock)

    def list(self, id_or_alias: str) -> Sequence[Assignment]:
        """By reach, target, device and policy."""
        with self._store.read() as transaction:
            return transaction.assignments.all(found(transaction, id_or_alias).id)

    def labels(self, assignments: Sequence[Assignment]) -> dict[Assignment, str]:
        """What people call the targets: an address, a group's name, a domain."""
        with self._store.read() as transaction:
            return {each: _label(transaction, each) for each in assignments}

    def effective(self, key: DeviceKey) -> Effective:
        """What a device is asked for, and which assignment decided each value."""
        with self._store.read() as transaction:
            return Effectives(transaction, key.organisation).of(key)

    def assign(
        self,
        actor: Actor,
        id_or_alias: str,
        target: Target,
        policy: str,
        *,
        priority: int = 0,
        minutes: int | None = None,
        reason: str = "",
    ) -> AssignmentChange:
        """Let ``policy`` hold for ``target``; done once more it changes the priority alone.

        Args:
            minutes: window over which the devices come back, None for the organisation's own; a single user's
                come at once.

        Raises:
            GatewayError: NOT_FOUND for the policy or the target; MALFORMED; CONFLICT for ``default``, which
                holds for everybody.
        """

        def work(entry: Entry, home: Organisation) -> AssignmentChange:
            require_priority(priority)
            wanted = replace(_read(entry.transaction, home, target, policy), priority=priority)
            before = _stored(entry.transaction, wanted)
            if before == wanted:
                return AssignmentChange(before, 0)
            entry.transaction.assignments.save(wanted)
            return _bring(entry, home, before, wanted, minutes)

        return self._perform(AuditTag.POLICY_ASSIGNED, actor, id_or_alias, policy, reason, work)

    def unassign(
        self,
        actor: Actor,
        id_or_alias: str,
        target: Target,
        policy: str,
        *,
        minutes: int | None = None,
        reason: str = "",
    ) -> AssignmentChange:
        """Let ``policy`` hold no more for ``target``; NOT_FOUND where it does not."""

        def work(entry: Entry, home: Organisation) -> AssignmentChange:
            before = _stored(entry.transaction, _read(entry.transaction, home, target, policy))
            if before is None:
                raise GatewayError(Kind.NOT_FOUND, "The policy is not assigned there.")
            entry.transaction.assignments.remove(before)
            return _bring(entry, home, before, None, minutes)

        return self._perform(AuditTag.POLICY_UNASSIGNED, actor, id_or_alias, policy, reason, work)

    def rehearse(
        self, id_or_alias: str, target: Target, policy: str, *, priority: int = 0, away: bool = False
    ) -> Rehearsal:
        """What ``assign``, or with ``away`` ``unassign``, would do; nothing is changed."""
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias)
            wanted = replace(_read(transaction, home, target, policy), priority=priority)
            current = transaction.policies.current(home.id, policy)
        supposed = Supposed(unassigned=wanted) if away else Supposed(assigned=wanted)
        return rehearse(self._store, home.id, policy, current.document if current else {}, supposed)

    def _perform(
        self,
        tag: AuditTag,
        actor: Actor,
        id_or_alias: str,
        policy: str,
        reason: str,
        work: Callable[[Entry, Organisation], AssignmentChange],
    ) -> AssignmentChange:
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
        act = Act(tag, actor, home, policy, reason)
        change = self._acts.perform(act, lambda entry: work(entry, found(entry.transaction, home)))
        if change.rollout is None:
            return change
        followed = self._rollouts.follow(home) or change.rollout
        return replace(change, devices=followed.planned, rollout=followed)


def _bring(
    entry: Entry, home: Organisation, before: Assignment | None, after: Assignment | None, minutes: int | None
) -> AssignmentChange:
    """To the devices: a user's at once, a fleet's as any change of policy comes to it."""
    require_minutes(minutes)
    assignment = after or before
    if assignment is None:
        raise ValueError("an assignment before or after")
    rollout = None
    if assignment.reach >= Reach.USER:
        devices = reconsider_user(entry, home.id, assignment.target, joins=False)
        entry.announce(Scope.POLICY, home.id, assignment.target, assignment.device_id)
    else:
        rollout = begin(entry, home, _cause(assignment, after is not None), minutes)
        devices = rollout.planned if rollout else 0
        entry.announce(Scope.POLICY, home.id)
    entry.record(before=shown(before), after=shown(after) | {"devices": devices})
    return AssignmentChange(assignment, devices, rollout)


def _cause(assignment: Assignment, given: bool) -> str:
    target = f" {assignment.target}" if assignment.target else ""
    verb = "assigned to" if given else "taken from"
    return f"{assignment.policy} {verb} {assignment.reach.name.lower()}{target}"


def shown(assignment: Assignment | None) -> dict[str, Any]:
    """An assignment as the audit trail shows it."""
    if assignment is None:
        return {}
    return {
        "reach": assignment.reach.name.lower(),
        "target": assignment.target,
        "device_id": assignment.device_id,
        "priority": assignment.priority,
    }


def _stored(transaction: Transaction, wanted: Assignment) -> Assignment | None:
    for each in transaction.assignments.all(wanted.organisation, policy=wanted.policy):
        if replace(each, priority=wanted.priority) == wanted:
            return each
    return None


def _read(transaction: Transaction, home: Organisation, target: Target, policy: str) -> Assignment:
    if policy == DEFAULT_NAME:
        fault = "The organisation's own policy holds for everybody, below all others: copy it to assign it."
        raise GatewayError(Kind.CONFLICT, fault)
    if transaction.policies.current(home.id, policy) is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such policy.")
    device_id = _device_id(target)
    return Assignment(home.id, target.reach, _target(transaction, home, target), policy, device_id)


def _target(transaction: Transaction, home: Organisation, target: Target) -> str:
    match target.reach:
        case Reach.ORGANISATION:
            return ""
        case Reach.DOMAIN:
            domain = transaction.directory.domain(fold(target.named))
            if domain is None or domain.organisation != home.id:
                raise GatewayError(Kind.NOT_FOUND, "The organisation has no such domain.")
            return domain.name
        case Reach.GROUP:
            return find_group(transaction, home, target.named).id
        case Reach.USER | Reach.DEVICE:
            user = find_user(transaction, target.named)
            if user.organisation != home.id:
                raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
            return user.id


def _device_id(target: Target) -> str:
    if target.reach is not Reach.DEVICE:
        return ""
    device_id = target.device_id.upper()
    if not _DEVICE_ID.fullmatch(device_id):
        fault = f"1 to {DEVICE_ID_LIMIT} letters, digits, dots, hyphens and underscores."
        raise malformed("device_id", fault)
    return device_id


def require_priority(priority: int) -> None:
    """Raises GatewayError MALFORMED for what is no priority."""
    if abs(priority) > MAXIMUM_PRIORITY:
        raise malformed("priority", f"From -{MAXIMUM_PRIORITY} to {MAXIMUM_PRIORITY}.")


def _label(transaction: Transaction, each: Assignment) -> str:
    directory = transaction.directory
    match each.reach:
        case Reach.GROUP:
            group = directory.group(each.target)
            return group.name if group else each.target
        case Reach.USER | Reach.DEVICE:
            user = directory.user(each.target)
            return user.address if user else each.target
        case _:
            return each.target
