"""What the services ask of the store for wipe orders, jobs and the archive; part of ``Transaction``."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from gateway.records import ArchivedDevice, Job
from gateway.records.repetitions import KeptRequest
from mdm.device import DeviceKey
from mdm.orders import Progress, WipeOrder


class WipeOrders(Protocol):
    """The ledger of wipes; rows are never removed."""

    def add(self, order: WipeOrder) -> None: ...
    def save(self, order: WipeOrder) -> None: ...
    def get(self, order: str) -> WipeOrder | None: ...
    def of(self, key: DeviceKey, progress: Collection[Progress]) -> WipeOrder | None:
        """The youngest order of a device that has come that far."""
        ...

    def list(
        self,
        organisation: str | None = None,
        *,
        user: str | None = None,
        device_id: str | None = None,
        job: str | None = None,
        progress: Collection[Progress] = (),
        before: tuple[datetime, str] | None = None,
        limit: int = 100,
    ) -> Sequence[WipeOrder]:
        """The youngest first, by (requested at, id), before that pair."""
        ...

    def count_by(
        self, organisation: str, names: Collection[str], persons: Collection[str], since: datetime
    ) -> int:
        """Decisions since then of whoever has one of these folded names or is one of these persons: an order
        each, the account wipes of one off-boarding together."""
        ...

    def bequeath(self, persons: Collection[str], heir: str, since: datetime) -> None:
        """Say that what these persons asked for since then, in whatever organisation, was the person
        ``heir``'s."""
        ...

    def fleet(self, organisation: str) -> int:
        """How many partnerships the organisation has."""
        ...

    def count_devices(self, organisation: str, since: datetime) -> int:
        """Devices ordered since then; the account wipes of one off-boarding count as one."""
        ...


class Jobs(Protocol):
    """Jobs of all organisations."""

    def add(self, job: Job) -> None: ...
    def save(self, job: Job) -> None: ...
    def get(self, job: str) -> Job | None: ...
    def running(self, *, kind: str = "", user: str = "") -> Sequence[Job]:
        """Those that go on, oldest first."""
        ...

    def list(
        self, organisation: str, *, before: tuple[datetime, str] | None = None, limit: int = 100
    ) -> Sequence[Job]:
        """The youngest first, by (created at, id), before that pair."""
        ...


class Archive(Protocol):
    """Devices that left the list by themselves."""

    def add(self, archived: ArchivedDevice) -> None: ...
    def of(self, organisation: str, device_id: str) -> Sequence[ArchivedDevice]:
        """Those of this DeviceId, whoever used them, the youngest first."""
        ...

    def list(self, organisation: str, *, before: int = 0, limit: int = 100) -> Sequence[ArchivedDevice]:
        """The youngest first, before that sequence number; 0 for the newest."""
        ...

    def wiped(self, organisation: str, before: datetime, limit: int) -> Sequence[DeviceKey]:
        """Partnerships whose wipe was acknowledged before then."""
        ...

    def silent(self, organisation: str, before: datetime, limit: int) -> Sequence[DeviceKey]:
        """Partnerships without contact since then and without an open wipe."""
        ...


class KeptRequests(Protocol):
    """Requests that were made under a key (product 7.3)."""

    def get(self, principal: str, key: str) -> KeptRequest | None: ...
    def add(self, request: KeptRequest) -> None: ...
    def save(self, request: KeptRequest) -> None: ...
    def remove(self, principal: str, key: str) -> None: ...
    def prune(self, before: datetime) -> int:
        """Remove what was made before ``before``; returns how many."""
        ...
