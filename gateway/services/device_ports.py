"""What the services ask of the store for partnerships and what is kept of each; part of ``Transaction``."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gateway.records import BackendKey, Contact, HeldDevice
from gateway.records.inventory import Counts, Found, Listing
from gateway.records.notices import Notice
from gateway.records.protocol import Exchange, Traced
from mdm.device import Device, DeviceKey, DeviceState
from mdm.rules import Condition


class Devices(Protocol):
    """Partnerships."""

    def get(self, key: DeviceKey) -> Device | None: ...
    def get_all(self, keys: Collection[DeviceKey]) -> Mapping[DeviceKey, Device]:
        """Those of them that are there, in one question."""
        ...

    def add(self, device: Device) -> None: ...
    def save(self, device: Device) -> Device:
        """Write ``device`` where ``revision`` is what was read; returned with the revision raised by one.

        Raises:
            GatewayError: CONFLICT when another process was first.
        """
        ...

    def save_all(self, changed: Iterable[Device]) -> None:
        """Save many in one statement; CONFLICT when any of them was changed by another."""
        ...

    def remove(self, key: DeviceKey) -> None: ...
    def count(self, organisation: str, user: str) -> int: ...
    def list(
        self,
        organisation: str | None = None,
        *,
        user: str | None = None,
        state: DeviceState | None = None,
        after: tuple[str, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Device]:
        """Ordered by (organisation, user, device id), after that triple."""
        ...

    def find(self, listing: Listing) -> Found:
        """A page of the device list."""
        ...

    def counts(self, listing: Listing) -> Counts:
        """Of what is asked for; where it begins and how much of it does not count."""
        ...

    def noted(
        self,
        organisation: str,
        notice: Notice,
        moment: datetime,
        *,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Device]:
        """Partnerships that an administrator should look at, ordered by (user, device id), after that pair.

        ``moment``: before it the last contact of a silent device lies, and after it a suspension ends.
        """
        ...

    def sharing(self, organisation: str, device_id: str) -> Sequence[Device]:
        """Partnerships of all users with this DeviceId, then tombstones: a removed device owes its wipe."""
        ...

    def with_open_wipe(self) -> Sequence[DeviceKey]:
        """Partnerships and tombstones in Wipe Required or Wipe Succeeded."""
        ...

    def touch(self, contacts: Iterable[Contact]) -> None:
        """Write last contacts in one batch; changes neither revision nor anything a decision reads."""
        ...

    def list_contacts(self, contacts: Iterable[Contact]) -> None:
        """Write last contacts, oldest first, where the device list sorts and filters by them."""
        ...

    def bury(self, device: Device) -> None:
        """Remove the partnership but keep a tombstone that goes on delivering its wipe (product 5.3)."""
        ...

    def tombstone(self, key: DeviceKey) -> Device | None: ...
    def save_tombstone(self, device: Device) -> Device: ...
    def remove_tombstone(self, key: DeviceKey) -> None: ...


class Kinds(Protocol):
    """What known devices report; those that are being wiped are served nothing anyway and are left out."""

    def of(
        self, organisation: str, criteria: Collection[str], named: Collection[Condition] = ()
    ) -> Iterator[Mapping[str, str | None]]:
        """Each combination of what the criteria of rules ask of devices, once; empty or None for what was
        not reported. Rows are read as they are asked for.

        Args:
            named: conditions on user, group, domain or network that have to hold; an IPv4 address within an
                IPv6 one is taken to be in the networks of both.
        """
        ...


class Held(Protocol):
    """Devices that wait in quarantine (product 6.5)."""

    def get(self, key: DeviceKey) -> HeldDevice | None: ...
    def put(self, held: HeldDevice) -> None: ...
    def remove(self, key: DeviceKey) -> bool:
        """Returns whether it was there."""
        ...

    def list(
        self,
        organisation: str,
        *,
        user: str | None = None,
        after: tuple[datetime, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[HeldDevice]:
        """Ordered by (since, user, device id), after that triple."""
        ...

    def count(self, organisation: str) -> int: ...
    def counted(self, requests: Iterable[tuple[DeviceKey, int, datetime]]) -> None:
        """Add requests of devices, with the time of the last one; who is not held is passed over."""
        ...


class BackendKeys(Protocol):
    """Second policy keys, of backends that provision on their own (product 3.5)."""

    def get(self, key: DeviceKey, backend: str) -> BackendKey | None: ...
    def of(self, key: DeviceKey) -> Sequence[BackendKey]:
        """One for each backend that the partnership has met, by name."""
        ...

    def any(self, organisation: str) -> bool:
        """Whether a partnership of the organisation has one."""
        ...

    def put(self, record: BackendKey) -> None:
        """Write it, in place of one that was there."""
        ...


class DevicePasswords(Protocol):
    """Recovery passwords, sealed."""

    def get(self, key: DeviceKey) -> tuple[bytes, datetime] | None:
        """What was sealed, and when."""
        ...

    def put(self, key: DeviceKey, sealed: bytes, at: datetime) -> None:
        """Keep it, in place of one that was there."""
        ...

    def remove(self, key: DeviceKey) -> bool:
        """Returns whether there was one."""
        ...


class ProtocolLog(Protocol):
    """Which devices are traced, and what they exchanged."""

    def switch_on(self, traced: Traced) -> None: ...
    def switch_off(self, key: DeviceKey) -> bool:
        """Whether it was on."""
        ...

    def traced(self, key: DeviceKey | None = None) -> Sequence[Traced]: ...
    def append(self, exchanges: Iterable[Exchange]) -> None: ...
    def read(self, key: DeviceKey, after: int = 0, limit: int = 100) -> Sequence[Exchange]: ...
    def prune(self, before: datetime, most: int) -> int: ...
