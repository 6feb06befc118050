"""Policies and what their change does to devices (product 4.2, 4.3).

Every organisation has the policy ``default``; before anybody sets it, it is ``mdm.policy``'s own. A version
is never edited: rolling back writes a new version with an old document.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditRecord, AuditTag, PolicyVersion, Scope
from gateway.services.acts import Act, Acts, Entry
from gateway.services.partnerships import difference, pages, target_of
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.tenants import found
from mdm.ashttp import version
from mdm.device import Device, DeviceState
from mdm.errors import PolicyError, QueryError
from mdm.lifecycle import Input, step
from mdm.policy import DEFAULT, Policy

DEFAULT_NAME = "default"
_PROVISIONABLE = (DeviceState.PROVISIONING_REQUIRED, DeviceState.PROVISIONING_SUCCEEDED)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What setting a policy did.

    Attributes:
        version: the one in force now.
        devices: how many partnerships became Provisioning Required by it.
    """

    version: PolicyVersion
    devices: int


class PolicyService:
    """Policies of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def effective(self, organisation: str) -> Policy:
        """The policy in force for the organisation's devices."""
        with self._store.read() as transaction:
            return effective_policy(transaction, organisation)

    def current(self, id_or_alias: str) -> PolicyVersion | None:
        """The newest version; None while the built-in default is in force."""
        with self._store.read() as transaction:
            return transaction.policies.current(found(transaction, id_or_alias).id)

    def versions(self, id_or_alias: str) -> Sequence[PolicyVersion]:
        """All versions, oldest first."""
        with self._store.read() as transaction:
            return transaction.policies.versions(found(transaction, id_or_alias).id)

    def rehearse(self, id_or_alias: str, document: Mapping[str, Any]) -> int:
        """How many devices would have to provision again if ``document`` were set."""
        wanted = read_document(document)
        with self._store.read() as transaction:
            organisation = found(transaction, id_or_alias)
            present = effective_policy(transaction, organisation.id)
            pages = _affected(transaction, organisation.id, present, wanted)
            return sum(len(page) for page in pages)

    def set_policy(self, actor: Actor, id_or_alias: str, document: Mapping[str, Any]) -> PolicyChange:
        """Put ``document`` in force; one that says what is said already writes no version.

        Raises:
            GatewayError: MALFORMED with every wrong setting in ``faults``.
        """

        def work(entry: Entry) -> PolicyChange:
            return _set(entry, entry.act.organisation, read_document(document))

        return self._acts.perform(self._act(actor, id_or_alias), work)

    def roll_back(self, actor: Actor, id_or_alias: str, number: int) -> PolicyChange:
        """Put the document of an earlier version in force again, as a new version."""

        def work(entry: Entry) -> PolicyChange:
            versions = entry.transaction.policies.versions(entry.act.organisation)
            wanted = [policy for policy in versions if policy.version == number]
            if not wanted:
                raise GatewayError(Kind.NOT_FOUND, f"The policy has no version {number}.")
            return _set(entry, entry.act.organisation, read_document(wanted[0].document))

        return self._acts.perform(self._act(actor, id_or_alias), work)

    def _act(self, actor: Actor, id_or_alias: str) -> Act:
        with self._store.read() as transaction:
            organisation = found(transaction, id_or_alias).id
        return Act(AuditTag.POLICY_CHANGED, actor, organisation, DEFAULT_NAME)


def read_document(document: Mapping[str, Any]) -> Policy:
    """A policy document as a value; GatewayError MALFORMED names every fault."""
    try:
        return Policy.from_document(document)
    except PolicyError as error:
        raise GatewayError(Kind.MALFORMED, "The policy has wrong settings.", faults=error.faults) from error


def effective_policy(transaction: Transaction, organisation: str) -> Policy:
    """The policy in force, read in a transaction."""
    current = transaction.policies.current(organisation)
    return DEFAULT if current is None else Policy.from_document(current.document)


def _set(entry: Entry, organisation: str, wanted: Policy) -> PolicyChange:
    policies = entry.transaction.policies
    current = policies.current(organisation)
    present = effective_policy(entry.transaction, organisation)
    if current is not None and present.to_document() == wanted.to_document():
        return PolicyChange(current, 0)
    number = current.version + 1 if current else 1
    version = PolicyVersion(
        organisation, DEFAULT_NAME, number, wanted.to_document(), entry.now, entry.act.actor.name
    )
    devices = _outdate(entry, organisation, present, wanted)
    policies.add(version)
    entry.record(
        before={"version": number - 1, "document": present.to_document()},
        after={"version": number, "document": wanted.to_document(), "devices": devices},
    )
    entry.announce(Scope.POLICY, organisation)
    return PolicyChange(version, devices)


def _outdate(entry: Entry, organisation: str, present: Policy, wanted: Policy) -> int:
    """Make every partnership that is sent something else Provisioning Required (house.md 3)."""
    count = 0
    for page in _affected(entry.transaction, organisation, present, wanted):
        moved = [_moved(device, entry) for device in page]
        changed = [(before, after) for before, after in zip(page, moved, strict=True) if before != after]
        entry.transaction.devices.save_all(after for _, after in changed)
        entry.transaction.audit.append_all(_outdated(entry, *pair) for pair in changed)
        count += len(page)
    return count


def _moved(device: Device, entry: Entry) -> Device:
    moved, _ = step(device, Input.POLICY_CHANGED, now=entry.now)
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
    )


def _affected(
    transaction: Transaction, organisation: str, present: Policy, wanted: Policy
) -> Iterator[list[Device]]:
    for page in pages(transaction.devices, organisation):
        yield [device for device in page if _is_sent_otherwise(device, present, wanted)]


def _is_sent_otherwise(device: Device, present: Policy, wanted: Policy) -> bool:
    if device.state not in _PROVISIONABLE:
        return False
    try:
        spoken = version(device.protocol_version)
    except QueryError:
        return True
    return present.digest(spoken) != wanted.digest(spoken)
