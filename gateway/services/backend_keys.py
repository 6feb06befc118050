"""The second policy key of a partnership (product 3.5): who may fetch one now, and what came of it.

A backend's key is one for all workers, so a handshake is begun in the database: whoever comes second waits
for the first or takes the key that he brought. The same row counts handshakes, because a backend that never
has enough must not be asked for ever, and holds what an administrator has to hear: why there is no key, and
that the backend orders a wipe. That order is never passed on; who wants the device wiped orders it here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, BackendKey
from gateway.services.acts import Act, Acts, Entry
from gateway.services.keeping import announce
from gateway.services.partnerships import target_of
from gateway.services.ports import Clock, Store
from mdm.device import DeviceKey, WipeKind

T = TypeVar("T")

HANDSHAKES_PER_HOUR = 10
"""An administrator who tries out policies changes them less often; a backend in a loop more often."""

WINDOW = timedelta(hours=1)

LEASE = timedelta(seconds=30)
"""How long a handshake may take, with room; after that its process counts as gone."""

WIPE_SILENCE = timedelta(minutes=10)
"""After a wipe order of the backend, until it is asked whether it still wants that."""

SYSTEM = Actor("system", "gateway")


@dataclass(frozen=True, slots=True)
class Go:
    """Do the handshake."""


@dataclass(frozen=True, slots=True)
class Use:
    """Another request has brought a key meanwhile."""

    policy_key: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """Another process is at it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: a wipe is ordered, or there were too many."""

    reason: str


Begun = Go | Use | Wait | Held


class BackendKeys:
    """Second keys of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def of(self, key: DeviceKey) -> Sequence[BackendKey]:
        """What is known of the partnership at each backend that provisions, by name."""
        with self._store.read() as transaction:
            return transaction.backend_keys.of(key)

    def begin(self, key: DeviceKey, backend: str, used: int) -> Begun:
        """Ask to do the handshake; ``used`` is the key that the backend did not take, 0 for none."""

        def work(entry: Entry) -> Begun:
            record = _record(entry, key, backend)
            verdict = _verdict(record, used, entry.now)
            if isinstance(verdict, Go):
                _keep(entry, _counted(record, entry.now))
            elif isinstance(verdict, Held) and record.wipe_at is None:
                _diagnose(entry, record, verdict.reason)
            return verdict

        return self._perform(AuditTag.BACKEND_REFUSED, key, work)

    def granted(self, key: DeviceKey, backend: str, policy_key: int, informed: str) -> BackendKey:
        """The handshake is done; ``policy_key`` is 0 where the backend has no policy for the user.

        Args:
            informed: digest of the DeviceInformation that it was given, empty for none.
        """

        def work(entry: Entry) -> BackendKey:
            before = _record(entry, key, backend)
            after = replace(
                _free(before),
                policy_key=policy_key,
                given_at=entry.now,
                informed=informed or before.informed,
                wipe_at=None,
                wipe=None,
                diagnosis="",
            )
            _withdraw(entry, before)
            return _changed(entry, after, {"backend": backend, "key": "set" if policy_key else "none"})

        return self._perform(AuditTag.BACKEND_PROVISIONED, key, work)

    def failed(self, key: DeviceKey, backend: str, reason: str) -> None:
        """The handshake came to nothing; said once in the trail while the reason stays the same."""

        def work(entry: Entry) -> None:
            record = _free(_record(entry, key, backend))
            _keep(entry, record)
            _diagnose(entry, record, reason)

        self._perform(AuditTag.BACKEND_REFUSED, key, work)

    def ordered(self, key: DeviceKey, backend: str, kind: WipeKind | None) -> None:
        """The backend orders a wipe: kept, shown and said once in the trail; nothing else comes of it."""

        def work(entry: Entry) -> None:
            before = _record(entry, key, backend)
            reason = f"The mail server {backend!r} orders a wipe of this device. It was not passed on."
            after = replace(_free(before), wipe_at=entry.now, wipe=kind or before.wipe, diagnosis=reason)
            if before.wipe_at is None:
                _changed(entry, after, {"backend": backend, "wipe": kind.value if kind else "unknown"})
            else:
                _keep(entry, after)

        self._perform(AuditTag.BACKEND_WIPE_ORDERED, key, work)

    def served(self, key: DeviceKey, backend: str) -> None:
        """The backend serves the device although it ordered a wipe before: it has taken that back."""

        def work(entry: Entry) -> None:
            before = _record(entry, key, backend)
            if before.wipe_at is not None:
                _withdraw(entry, before)
                _keep(entry, replace(before, wipe_at=None, wipe=None, diagnosis=""))
                announce(entry, key)

        self._perform(AuditTag.BACKEND_WIPE_WITHDRAWN, key, work)

    def told(self, key: DeviceKey, backend: str, informed: str) -> None:
        """The backend has been told what the device reports of itself."""

        def work(entry: Entry) -> None:
            _keep(entry, replace(_record(entry, key, backend), informed=informed))
            announce(entry, key)

        self._perform(AuditTag.BACKEND_PROVISIONED, key, work)

    def _perform(self, tag: AuditTag, key: DeviceKey, work: Callable[[Entry], T]) -> T:
        return self._acts.perform(Act(tag, SYSTEM, key.organisation, target_of(key)), work)


def _verdict(record: BackendKey, used: int, now: datetime) -> Begun:
    if record.policy_key not in (0, used):
        return Use(record.policy_key)
    if record.busy_until is not None and now < record.busy_until:
        return Wait()
    if record.wipe_at is not None and now - record.wipe_at < WIPE_SILENCE:
        return Held(record.diagnosis)
    if _current(record, now) and record.handshakes >= HANDSHAKES_PER_HOUR:
        return Held(
            f"The mail server {record.backend!r} demanded provisioning {record.handshakes} times within an "
            "hour, although each time it was done: look at its policy for this device."
        )
    return Go()


def _current(record: BackendKey, now: datetime) -> bool:
    return record.window is not None and now - record.window < WINDOW


def _counted(record: BackendKey, now: datetime) -> BackendKey:
    if _current(record, now):
        return replace(record, handshakes=record.handshakes + 1, busy_until=now + LEASE)
    return replace(record, handshakes=1, window=now, busy_until=now + LEASE)


def _record(entry: Entry, key: DeviceKey, backend: str) -> BackendKey:
    transaction = entry.transaction
    if transaction.devices.get(key) is None:
        raise GatewayError(Kind.UNAVAILABLE, "the partnership is gone")
    return transaction.backend_keys.get(key, backend) or BackendKey(key, backend)


def _free(record: BackendKey) -> BackendKey:
    return replace(record, busy_until=None)


def _keep(entry: Entry, record: BackendKey) -> None:
    entry.transaction.backend_keys.put(record)


def _changed(entry: Entry, record: BackendKey, after: Mapping[str, str]) -> BackendKey:
    _keep(entry, record)
    entry.record(after=after)
    announce(entry, record.key)
    return record


def _diagnose(entry: Entry, record: BackendKey, reason: str) -> None:
    if record.diagnosis != reason:
        after = {"backend": record.backend, "reason": reason}
        _changed(entry, replace(record, diagnosis=reason), after)


def _withdraw(entry: Entry, before: BackendKey) -> None:
    if before.wipe_at is not None:
        entry.record(tag=AuditTag.BACKEND_WIPE_WITHDRAWN, after={"backend": before.backend})
