"""Named policies and their versions (product 4.2, 4.3).

Every organisation has the policy ``default``; before anybody sets it, it is ``mdm.policy``'s own. A version
is never edited: rolling back writes a new version with an old document. A document says what its author set
and nothing else, so that policies can lie over one another field by field.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import (
    Actor,
    Assignment,
    AuditTag,
    Organisation,
    PolicyVersion,
    Rollout,
    RolloutState,
    Scope,
)
from gateway.services.acts import Act, Acts, Entry
from gateway.services.effective import DEFAULT_NAME, Supposed, house_policy
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.rehearsal import Rehearsal, rehearse
from gateway.services.rollout import begin
from gateway.services.rollouts import Rollouts
from gateway.services.tenants import found
from mdm.errors import PolicyError
from mdm.layers import compare, partial
from mdm.policy import Policy, Value

T = TypeVar("T")

MAXIMUM_MINUTES = 30 * 24 * 60
"""Longest window of a change: a month. Who asks for more has forgotten a unit."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What setting a policy did.

    Attributes:
        version: the one in force now.
        devices: how many partnerships have to provision again by it, as far as has been counted.
        rollout: how it comes to them; None where it touches none.
    """

    version: PolicyVersion
    devices: int
    rollout: Rollout | None = None


class PolicyService:
    """Policies of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._rollouts = Rollouts(store, clock)

    def effective(self, organisation: str) -> Policy:
        """The policy in force for an organisation's devices of which nothing is known."""
        with self._store.read() as transaction:
            return house_policy(transaction, organisation).policy

    def list(self, id_or_alias: str) -> Sequence[PolicyVersion]:
        """The newest version of each policy, by name."""
        with self._store.read() as transaction:
            return transaction.policies.all_current(found(transaction, id_or_alias).id)

    def current(self, id_or_alias: str, name: str = DEFAULT_NAME) -> PolicyVersion | None:
        """The newest version; None for ``default`` while the built-in one is in force.

        Raises:
            GatewayError: NOT_FOUND for any other name that is not there.
        """
        with self._store.read() as transaction:
            return _current(transaction, found(transaction, id_or_alias).id, name)

    def versions(self, id_or_alias: str, name: str = DEFAULT_NAME) -> Sequence[PolicyVersion]:
        """All versions, oldest first."""
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
            _current(transaction, home, name)
            return transaction.policies.versions(home, name)

    def uses(self, id_or_alias: str, name: str = DEFAULT_NAME) -> Sequence[Assignment]:
        """For whom the policy holds by assignment; ``default`` holds for everybody besides."""
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
            _current(transaction, home, name)
            return transaction.assignments.all(home, policy=name)

    def difference(
        self, id_or_alias: str, name: str, before: int, after: int
    ) -> Mapping[str, tuple[Value, Value]]:
        """Settings and switches whose value differs between two versions; 0 is the built-in policy."""
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
            old, new = (_document(transaction, home, name, number) for number in (before, after))
        return compare(Policy.from_document(old), Policy.from_document(new))

    def rehearse(
        self, id_or_alias: str, document: Mapping[str, Any], *, name: str = DEFAULT_NAME
    ) -> Rehearsal:
        """What setting ``document`` would do; nothing is changed."""
        wanted = read_document(document)
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias)
            version = _next(home, _current(transaction, home.id, name), name, wanted)
        return rehearse(self._store, home.id, name, wanted, Supposed(version=version))

    def create(
        self, actor: Actor, id_or_alias: str, name: str, document: Mapping[str, Any], reason: str = ""
    ) -> PolicyVersion:
        """Make a policy, which holds for nobody before it is assigned.

        Raises:
            GatewayError: MALFORMED with every wrong setting in ``faults``; CONFLICT for a name in use.
        """

        def work(entry: Entry, home: Organisation) -> PolicyVersion:
            require_name(name)
            policies = entry.transaction.policies
            if name == DEFAULT_NAME or policies.current(home.id, name) is not None:
                raise GatewayError(Kind.CONFLICT, f"The organisation has a policy called {name}.")
            made = _signed(entry, _next(home, None, name, read_document(document)))
            policies.add(made)
            entry.record(after={"version": made.version, "document": dict(made.document)})
            return made

        return self._perform(AuditTag.POLICY_CREATED, actor, id_or_alias, name, reason, work)

    def copy(self, actor: Actor, id_or_alias: str, name: str, copy: str, reason: str = "") -> PolicyVersion:
        """Make the policy ``copy``, which says what ``name`` says now."""
        original = self.current(id_or_alias, name)
        return self.create(actor, id_or_alias, copy, original.document if original else {}, reason)

    def set_policy(
        self,
        actor: Actor,
        id_or_alias: str,
        document: Mapping[str, Any],
        *,
        name: str = DEFAULT_NAME,
        minutes: int | None = None,
        reason: str = "",
    ) -> PolicyChange:
        """Put ``document`` in force; one that says what is said already writes no version.

        Args:
            minutes: window over which the devices come back, None for the organisation's own.

        Raises:
            GatewayError: MALFORMED with every wrong setting in ``faults``.
        """

        def work(entry: Entry, home: Organisation) -> PolicyChange:
            return _set(entry, home, name, read_document(document), minutes)

        return self._changed(actor, id_or_alias, name, reason, work)

    def roll_back(
        self,
        actor: Actor,
        id_or_alias: str,
        number: int,
        *,
        name: str = DEFAULT_NAME,
        minutes: int | None = None,
        reason: str = "",
    ) -> PolicyChange:
        """Put the document of an earlier version in force again, as a new version."""

        def work(entry: Entry, home: Organisation) -> PolicyChange:
            wanted = entry.transaction.policies.version(home.id, name, number)
            if wanted is None:
                raise GatewayError(Kind.NOT_FOUND, f"The policy has no version {number}.")
            return _set(entry, home, name, read_document(wanted.document), minutes)

        return self._changed(actor, id_or_alias, name, reason, work)

    def remove(self, actor: Actor, id_or_alias: str, name: str, reason: str = "") -> None:
        """Remove a policy with all its versions; CONFLICT while it is assigned to anybody."""

        def work(entry: Entry, home: Organisation) -> None:
            if name == DEFAULT_NAME:
                raise GatewayError(Kind.CONFLICT, "The organisation's own policy cannot be removed.")
            before = _current(entry.transaction, home.id, name)
            uses = entry.transaction.assignments.all(home.id, policy=name)
            if uses:
                raise GatewayError(Kind.CONFLICT, f"The policy is assigned {len(uses)} times: see its uses.")
            entry.transaction.policies.remove(home.id, name)
            if before is not None:
                entry.record(before={"version": before.version, "document": dict(before.document)})

        self._perform(AuditTag.POLICY_REMOVED, actor, id_or_alias, name, reason, work)

    def _changed(
        self,
        actor: Actor,
        id_or_alias: str,
        name: str,
        reason: str,
        work: Callable[[Entry, Organisation], PolicyChange],
    ) -> PolicyChange:
        change = self._perform(AuditTag.POLICY_CHANGED, actor, id_or_alias, name, reason, work)
        if change.rollout is None or change.rollout.state is not RolloutState.PLANNING:
            return change
        followed = self._rollouts.follow(change.version.organisation) or change.rollout
        return PolicyChange(change.version, followed.planned, followed)

    def _perform(
        self,
        tag: AuditTag,
        actor: Actor,
        id_or_alias: str,
        name: str,
        reason: str,
        work: Callable[[Entry, Organisation], T],
    ) -> T:
        with self._store.read() as transaction:
            home = found(transaction, id_or_alias).id
        act = Act(tag, actor, home, name, reason)
        return self._acts.perform(act, lambda entry: work(entry, found(entry.transaction, home)))


def read_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document in its canonical form; GatewayError MALFORMED names every fault."""
    try:
        return partial(document)
    except PolicyError as error:
        raise GatewayError(Kind.MALFORMED, "The policy has wrong settings.", faults=error.faults) from error


def require_name(name: str) -> None:
    """Raises GatewayError MALFORMED for what is no policy's name."""
    if not _NAME.fullmatch(name):
        fault = "1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or a digit."
        raise malformed("name", fault)


def require_minutes(minutes: int | None) -> None:
    """Raises GatewayError MALFORMED for what is no window."""
    if minutes is not None and not 0 <= minutes <= MAXIMUM_MINUTES:
        raise malformed("minutes", f"From 0 to {MAXIMUM_MINUTES} minutes.")


def _current(transaction: Transaction, organisation: str, name: str) -> PolicyVersion | None:
    current = transaction.policies.current(organisation, name)
    if current is None and name != DEFAULT_NAME:
        raise GatewayError(Kind.NOT_FOUND, "There is no such policy.")
    return current


def _document(transaction: Transaction, organisation: str, name: str, number: int) -> Mapping[str, Any]:
    version = transaction.policies.version(organisation, name, number)
    if version is None and number:
        raise GatewayError(Kind.NOT_FOUND, f"The policy has no version {number}.")
    return {} if version is None else version.document


def _next(
    home: Organisation, current: PolicyVersion | None, name: str, document: Mapping[str, Any]
) -> PolicyVersion:
    number = current.version + 1 if current else 1
    return PolicyVersion(home.id, name, number, document, home.created_at, "")


def _signed(entry: Entry, version: PolicyVersion) -> PolicyVersion:
    return replace(version, created_at=entry.now, created_by=entry.act.actor.name)


def _set(
    entry: Entry, home: Organisation, name: str, wanted: dict[str, Any], minutes: int | None
) -> PolicyChange:
    require_minutes(minutes)
    policies = entry.transaction.policies
    current = _current(entry.transaction, home.id, name)
    if current is not None and dict(current.document) == wanted:
        return PolicyChange(current, 0)
    version = _signed(entry, _next(home, current, name, wanted))
    policies.add(version)
    rollout = begin(entry, home, f"{name}@{version.version}", minutes)
    devices = rollout.planned if rollout else 0
    entry.record(
        before={"version": version.version - 1, "document": dict(current.document) if current else {}},
        after={"version": version.version, "document": wanted, "devices": devices},
    )
    entry.announce(Scope.POLICY, home.id)
    return PolicyChange(version, devices, rollout)
