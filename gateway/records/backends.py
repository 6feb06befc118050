"""What is kept of a partnership at a mail server that provisions on its own (product 3.5)."""

from dataclasses import dataclass, field
from datetime import datetime

from mdm.device import DeviceKey, WipeKind


@dataclass(frozen=True, slots=True)
class BackendKey:
    """The second policy key: what the gateway was given by one backend on behalf of one device.

    Attributes:
        policy_key: 0 for none; a secret like the device's own (T28).
        given_at: when the backend last completed the handshake.
        handshakes, window: handshakes begun in the hour that began at ``window``: an endless demand is a
            fault of the backend and has to end somewhere.
        busy_until: until when a process that began one may be waited for.
        informed: digest of the DeviceInformation that the backend has been told.
        wipe_at: since when the backend orders a wipe, None when it does not; wipe: of which kind, None where
            it did not say.
        diagnosis: what keeps the device from its mail at this backend, in words for an administrator.
    """

    key: DeviceKey
    backend: str
    policy_key: int = field(default=0, repr=False)
    given_at: datetime | None = None
    handshakes: int = 0
    window: datetime | None = None
    busy_until: datetime | None = None
    informed: str = ""
    wipe_at: datetime | None = None
    wipe: WipeKind | None = None
    diagnosis: str = ""
