"""What follows from misbehaviour (product 5.8): quarantine for a time, its end, and the thresholds.

Counting is ``mdm.misbehaviour`` in each worker's memory (``endpoints.conduct``); here is what has to outlast
a restart and to be heard by all processes, with its audit record in the same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation, Scope
from gateway.records.notices import Notice
from gateway.services.acts import Act, Acts, Entry
from gateway.services.keeping import announce, keep
from gateway.services.partnerships import present, target_of
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found
from mdm import misbehaviour
from mdm.device import Device, DeviceKey
from mdm.families import family_of
from mdm.lifecycle import WIPING, Effect
from mdm.loops import after_round, recovered
from mdm.misbehaviour import Behaviour, Conduct, Crossing, Measure

GATEWAY = Actor("system", "gateway")


class Misbehaviour:
    """Suspensions, releases and thresholds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)

    def suspend(self, key: DeviceKey, crossing: Crossing) -> Device:
        """Put a device into quarantine for as long as the threshold says; a longer one is left alone.

        Raises:
            GatewayError: NOT_FOUND when the partnership is gone.
        """

        def work(entry: Entry) -> Device:
            before = present(entry.transaction.devices, key)
            until = entry.now + timedelta(seconds=crossing.measure.suspend_s)
            longer = before.suspended_until is not None and before.suspended_until >= until
            if longer or before.state in WIPING:
                return before
            return keep(
                entry, before, replace(before, suspended_until=until, suspended_reason=crossing.words)
            )

        act = Act(AuditTag.DEVICE_SUSPENDED, GATEWAY, key.organisation, target_of(key), crossing.words)
        return self._acts.perform(act, work)

    def slowed(self, key: DeviceKey, crossing: Crossing) -> None:
        """Record that a device is slowed down; called once for a spell, not for each request."""
        values = {"behaviour": crossing.behaviour.value, "seconds": crossing.measure.slow_s}
        act = Act(AuditTag.DEVICE_SLOWED, GATEWAY, key.organisation, target_of(key), crossing.words)
        self._acts.perform(act, lambda entry: entry.record(after=values))

    def recover(self, key: DeviceKey) -> Device:
        """End a provisioning loop: the device uses its key."""

        def work(entry: Entry) -> Device:
            before = present(entry.transaction.devices, key)
            return keep(entry, before, recovered(before))

        return self._acts.perform(
            Act(AuditTag.DEVICE_RECOVERED, GATEWAY, key.organisation, target_of(key)), work
        )

    def release(self, actor: Actor, key: DeviceKey, reason: str = "") -> Device:
        """Let a suspended or looping device start anew, whatever it was held for.

        Raises:
            GatewayError: NOT_FOUND; CONFLICT where there is nothing to be released from.
        """

        def work(entry: Entry) -> Device:
            before = present(entry.transaction.devices, key)
            after = replace(recovered(before), suspended_until=None, suspended_reason="")
            if after == before:
                raise GatewayError(Kind.CONFLICT, "The device is neither suspended nor looping.")
            saved = keep(entry, before, after)
            announce(entry, key)
            return saved

        act = Act(AuditTag.SUSPENSION_LIFTED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, work)

    def noted(
        self,
        organisation: str,
        notice: Notice,
        *,
        days: int | None = None,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Device]:
        """Devices of an organisation to look at, by user and DeviceId; ``days`` without contact for SILENT,
        by default ``Safeguards.stale_days``.
        """
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            moment = self._clock.now()
            if notice is Notice.SILENT:
                moment -= timedelta(days=home.safeguards.stale_days if days is None else days)
            return transaction.devices.noted(home.id, notice, moment, after=after, limit=limit)

    def thresholds(self, organisation: str) -> Conduct:
        """What is in force for an organisation."""
        with self._store.read() as transaction:
            return conduct_of(found(transaction, organisation))

    def set_thresholds(
        self, actor: Actor, organisation: str, document: Mapping[str, Any], reason: str = ""
    ) -> Conduct:
        """Replace an organisation's thresholds; an empty document means the defaults.

        Raises:
            GatewayError: MALFORMED with what is wrong in the document.
        """
        conduct = _read(document)
        with self._store.read() as transaction:
            home = found(transaction, organisation)
        act = Act(AuditTag.MISBEHAVIOUR_CHANGED, actor, home.id, home.alias, reason)
        self._acts.perform(act, _setting(home.id, dict(document)))
        return conduct


def conduct_of(organisation: Organisation) -> Conduct:
    """The thresholds of an organisation; the defaults where what is stored is of another release's making."""
    try:
        return misbehaviour.read(organisation.safeguards.misbehaviour)
    except ValueError:
        return misbehaviour.read({})


def rounds_judged(entry: Entry, before: Device, after: Device, effect: Effect) -> Device:
    """The record after a Provision request, as ``mdm.loops`` judges it; what begins or ends is recorded."""
    if effect not in (Effect.OFFER_POLICY, Effect.GRANT_KEY) or before.state in WIPING:
        return after
    home = found(entry.transaction, before.key.organisation)
    service = family_of(before.user_agent, before.device_type).service
    judged = after_round(before, after, effect, loop_measure(home, service=service), entry.now)
    if bool(judged.diagnosis) is not bool(before.diagnosis):
        tag = AuditTag.DEVICE_LOOPING if judged.diagnosis else AuditTag.DEVICE_RECOVERED
        entry.record(tag=tag, before={"diagnosis": before.diagnosis}, after={"diagnosis": judged.diagnosis})
    if judged.suspended_until != before.suspended_until:
        entry.record(tag=AuditTag.DEVICE_SUSPENDED, after={"reason": judged.suspended_reason})
    return judged


def loop_measure(organisation: Organisation, *, service: bool) -> Measure:
    """When provisioning is a loop."""
    return conduct_of(organisation).of(service=service)[Behaviour.PROVISIONING_LOOP]


def _read(document: Mapping[str, Any]) -> Conduct:
    try:
        return misbehaviour.read(document)
    except ValueError as error:
        place, _, fault = str(error).partition(": ")
        raise GatewayError(Kind.MALFORMED, str(error), faults={place: fault}) from error


def _setting(organisation: str, document: dict[str, Any]) -> Callable[[Entry], None]:
    def work(entry: Entry) -> None:
        home = found(entry.transaction, organisation)
        if home.safeguards.misbehaviour == document:
            return
        changed = replace(home, safeguards=replace(home.safeguards, misbehaviour=document))
        entry.transaction.directory.save_organisation(changed)
        entry.record(before=home.safeguards.misbehaviour, after=document)
        entry.announce(Scope.POLICY, home.id)

    return work
