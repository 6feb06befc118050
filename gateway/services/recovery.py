"""Recovery passwords of devices (Settings/DevicePassword, spec/eas-protocol.md 4.5).

Taken only while the device's effective policy asks for them (PasswordRecoveryEnabled), kept sealed, and
revealed to an administrator who says why: the reveal stands in the audit trail before anybody has read it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.services.acts import Act, Acts, Entry
from gateway.services.effective import effective
from gateway.services.partnerships import present, target_of
from gateway.services.ports import Clock, Store
from gateway.services.sealing import Sealing, Seals
from mdm.device import DeviceKey
from mdm.settings import DENIED_BY_POLICY, SUCCESS, RecoveryPassword

ENABLED = "PasswordRecoveryEnabled"


@dataclass(frozen=True, slots=True)
class Revealed:
    """A password, and since when it is kept."""

    password: str = field(repr=False)
    stored_at: datetime


class Recovery:
    """Keeps and reveals recovery passwords."""

    def __init__(self, store: Store, clock: Clock, sealing: Callable[[], Sealing]) -> None:
        """``sealing`` reads the secret when it is needed: OSError and ValueError as they come."""
        self._store = store
        self._acts = Acts(store, clock)
        self._seals = Seals(sealing)

    def take(self, actor: Actor, key: DeviceKey, given: RecoveryPassword) -> str:
        """Keep what a device gives, or forget what was kept; returns the Status to answer.

        Raises:
            GatewayError: NOT_FOUND when the partnership is gone; UNAVAILABLE without a sealing secret.
        """
        tag = AuditTag.RECOVERY_STORED if given.text else AuditTag.RECOVERY_CLEARED
        act = Act(tag, actor, key.organisation, target_of(key))
        return self._acts.perform(act, lambda entry: self._taken(entry, key, given))

    def stored_at(self, key: DeviceKey) -> datetime | None:
        """Since when a password is kept, None for none."""
        with self._store.read() as transaction:
            kept = transaction.device_passwords.get(key)
        return kept[1] if kept else None

    def reveal(self, actor: Actor, key: DeviceKey, reason: str) -> Revealed:
        """Read a password; durable in the audit trail when this returns.

        Raises:
            GatewayError: MALFORMED without a reason; NOT_FOUND; CONFLICT when the sealing secret is another
                one than it was sealed with.
        """
        act = Act(AuditTag.RECOVERY_REVEALED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, lambda entry: self._revealed(entry, key, reason))

    def _taken(self, entry: Entry, key: DeviceKey, given: RecoveryPassword) -> str:
        present(entry.transaction.devices, key)
        kept = entry.transaction.device_passwords
        if not given.text:
            if kept.remove(key):
                entry.record()
            return SUCCESS
        if entry.transaction.devices.get(key) is None or not effective(entry.transaction, key).policy.value(
            ENABLED
        ):
            return DENIED_BY_POLICY
        kept.put(key, self._seals.seal(given.text, _context(key)), entry.now)
        entry.record()
        return SUCCESS

    def _revealed(self, entry: Entry, key: DeviceKey, reason: str) -> Revealed:
        if not reason:
            raise malformed("reason", "A reason is needed.")
        kept = entry.transaction.device_passwords.get(key)
        if kept is None:
            raise GatewayError(Kind.NOT_FOUND, "No recovery password is kept for this device.")
        sealed, stored_at = kept
        password = self._seals.open(sealed, _context(key))
        entry.record(after={"stored_at": stored_at.isoformat()})
        return Revealed(password, stored_at)


def _context(key: DeviceKey) -> str:
    return f"{key.organisation}/{key.user}/{key.device_id}"
