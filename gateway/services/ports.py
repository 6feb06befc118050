"""What the services ask of the world: the only agreement between ``services`` and ``store`` (house.md 2).

All calls are synchronous. A ``Transaction`` is open for the length of a ``with`` block; leaving it by an
exception undoes everything in it. No transaction is ever open while a request is being proxied.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from gateway.records import (
    Assignment,
    Change,
    ExpectedDevice,
    PolicyVersion,
    Rollout,
    RuleSetVersion,
    Scope,
)
from gateway.records.authority import Reach
from gateway.records.history import DeviceDay, Traffic
from gateway.services.administrator_ports import (
    AdministratorRecords,
    ApiTokenRecords,
    PasskeyRecords,
    QuestionRecords,
    SavedViewRecords,
    SessionRecords,
)
from gateway.services.audit_ports import AuditTrail, Chain
from gateway.services.device_ports import BackendKeys, DevicePasswords, Devices, Held, Kinds, ProtocolLog
from gateway.services.directory_ports import Directory
from gateway.services.event_ports import Deliveries, Letters, Places, Subscriptions, Webhooks
from gateway.services.ledger_ports import Archive, Jobs, KeptRequests, WipeOrders
from gateway.services.self_service_ports import AppPasswordRecords, SelfSessionRecords
from mdm.device import Device, DeviceKey


class Clock(Protocol):
    """Time as an argument: aware UTC datetimes."""

    def now(self) -> datetime: ...


class KeySource(Protocol):
    """Chance as an argument."""

    def policy_key(self) -> int:
        """Draw a PolicyKey: 1 to 2**31-1, unpredictable (T31)."""
        ...

    def identity(self, prefix: str) -> str:
        """Draw ``prefix`` and 32 hex digits."""
        ...


class PasswordHasher(Protocol):
    """The built-in directory's way of keeping a password."""

    def hash(self, password: str) -> str: ...


class ProfileLinks(Protocol):
    """One-time links to configuration profiles; only a digest of each is kept."""

    def add(self, digest: str, user: str, expires_at: datetime) -> None: ...
    def find(self, digest: str, now: datetime) -> str | None:
        """What ``take`` would return, the link left as it is."""
        ...

    def take(self, digest: str, now: datetime) -> str | None:
        """The user id of a link that is neither used nor expired, which is used from then on."""
        ...

    def prune(self, before: datetime) -> int:
        """Remove links that expired before ``before``; returns how many."""
        ...


class Policies(Protocol):
    """Named, versioned policies; ``default`` is each organisation's."""

    def current(self, organisation: str, name: str = "default") -> PolicyVersion | None: ...
    def versions(self, organisation: str, name: str = "default") -> Sequence[PolicyVersion]: ...
    def version(self, organisation: str, name: str, number: int) -> PolicyVersion | None: ...
    def all_current(self, organisation: str) -> Sequence[PolicyVersion]:
        """The newest version of each policy, by name."""
        ...

    def add(self, policy: PolicyVersion) -> None: ...
    def remove(self, organisation: str, name: str) -> None:
        """Remove a policy with all its versions."""
        ...


class Assignments(Protocol):
    """For whom a policy holds (product 4.2)."""

    def save(self, assignment: Assignment) -> None:
        """Write it, in place of one that differs in its priority alone."""
        ...

    def remove(self, assignment: Assignment) -> bool:
        """Returns whether it was there; its priority does not count."""
        ...

    def all(self, organisation: str, *, policy: str | None = None) -> Sequence[Assignment]:
        """By reach, target, DeviceId and policy."""
        ...

    def wide(self, organisation: str) -> Sequence[Assignment]:
        """Those that mean more than one user: of the organisation, domains and groups."""
        ...

    def personal(self, users: Collection[str]) -> Sequence[Assignment]:
        """Those of these users and of their devices."""
        ...

    def places(self, users: Collection[str]) -> Mapping[str, tuple[str, frozenset[str]]]:
        """User id to the domain of the primary address and the ids of all enabled groups around the user,
        in one go for a page of a fleet."""
        ...


class Rollouts(Protocol):
    """Policy changes on their way to the devices (product 4.3)."""

    def add(self, rollout: Rollout) -> None: ...
    def save(self, rollout: Rollout) -> None: ...
    def last(self, organisation: str) -> Rollout | None: ...
    def list(self, organisation: str, *, limit: int = 100) -> Sequence[Rollout]:
        """The newest first."""
        ...

    def under_way(self) -> Sequence[Rollout]:
        """Of all organisations, those that the job has to work on."""
        ...

    def set_moments(self, changed: Iterable[Device]) -> None:
        """Write ``reprovision_at`` alone of devices that this writer's transaction has read."""
        ...

    def waiting(self, organisation: str, until: datetime) -> int:
        """How many devices have their moment at ``until`` or before."""
        ...

    def due(self, organisation: str, until: datetime, limit: int) -> Sequence[DeviceKey]:
        """Devices whose moment is at ``until`` or before, the longest due first."""
        ...


class Rules(Protocol):
    """Access rule sets, and overrides for devices that are yet to come (product 6)."""

    def version(self, organisation: str) -> int:
        """Number of the version in force, 0 for none."""
        ...

    def current(self, organisation: str) -> RuleSetVersion | None: ...
    def get(self, organisation: str, version: int) -> RuleSetVersion | None: ...
    def versions(self, organisation: str) -> Sequence[RuleSetVersion]:
        """Those that are kept, oldest first."""
        ...

    def add(self, rules: RuleSetVersion) -> None: ...
    def forget(self, organisation: str, before: int) -> None:
        """Remove the versions below ``before``."""
        ...

    def expect(self, expected: ExpectedDevice) -> None:
        """Write it, in place of one that was there."""
        ...

    def expect_no_more(self, key: DeviceKey) -> bool:
        """Returns whether it was expected."""
        ...

    def expected(self, key: DeviceKey) -> ExpectedDevice | None: ...
    def all_expected(
        self, organisation: str, *, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> Sequence[ExpectedDevice]:
        """Ordered by (user, device id), after that pair."""
        ...


class Changes(Protocol):
    """The change feed (house.md 4a): written in the transaction that changed, read by every process."""

    def announce(self, scope: Scope, organisation: str, user: str = "", device_id: str = "") -> None: ...
    def since(self, sequence: int, limit: int = 1000) -> Sequence[Change]: ...
    def last(self) -> int: ...
    def prune(self, before: datetime) -> int:
        """Remove rows older than ``before``, the newest apart; returns how many."""
        ...


class Figures(Protocol):
    """Sums for ``/metrics``."""

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Rows by kind and state; under the empty state what has none."""
        ...


class History(Protocol):
    """Numbers over time."""

    def add(self, traffic: Traffic) -> None:
        """Keep it, together with what its machine did before in the same span."""
        ...

    def take(self, span_s: int, before: datetime) -> Sequence[Traffic]:
        """Numbers of this span that began before; they are gone then."""
        ...

    def since(self, at: datetime, longest_s: int) -> Sequence[Traffic]:
        """Numbers of spans up to this length."""
        ...

    def count(self, day: datetime) -> None:
        """Count the devices of every organisation by their state, as the numbers of the day."""
        ...

    def days(self, organisation: str, since: datetime) -> Sequence[DeviceDay]:
        """The oldest first."""
        ...

    def prune(self, before: datetime) -> int: ...


class Transaction(Protocol):
    """One connection and the repositories on it, which know of nothing out of reach."""

    @property
    def reach(self) -> Reach: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def history(self) -> History: ...
    @property
    def protocol_log(self) -> ProtocolLog: ...
    @property
    def profile_links(self) -> ProfileLinks: ...
    @property
    def app_passwords(self) -> AppPasswordRecords: ...
    @property
    def self_sessions(self) -> SelfSessionRecords: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def held(self) -> Held: ...
    @property
    def assignments(self) -> Assignments: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def kinds(self) -> Kinds: ...
    @property
    def device_passwords(self) -> DevicePasswords: ...
    @property
    def wipe_orders(self) -> WipeOrders: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def backend_keys(self) -> BackendKeys: ...
    @property
    def administrators(self) -> AdministratorRecords: ...
    @property
    def api_tokens(self) -> ApiTokenRecords: ...
    @property
    def sessions(self) -> SessionRecords: ...
    @property
    def passkeys(self) -> PasskeyRecords: ...
    @property
    def questions(self) -> QuestionRecords: ...
    @property
    def saved_views(self) -> SavedViewRecords: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def places(self) -> Places: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def letters(self) -> Letters: ...
    @property
    def repetitions(self) -> KeptRequests: ...
    @property
    def audit(self) -> AuditTrail: ...
    @property
    def audit_chain(self) -> Chain: ...
    @property
    def changes(self) -> Changes: ...


class Store(Protocol):
    """SQLite or PostgreSQL; both pass one suite."""

    def read(self) -> AbstractContextManager[Transaction]: ...
    def write(self) -> AbstractContextManager[Transaction]:
        """One writer's transaction, durable when the block is left: an accepted wipe survives a power cut."""
        ...
