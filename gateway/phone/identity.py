"""Who a simulated device is and how it behaves: values only (MS-ASHTTP 2.2.1.1.1, MS-ASPROV 3.1.5).

The temper stands beside the identity because the same phone, with the same partnership, may be played
obedient today and stubborn tomorrow; a gateway must be checked against both.
"""

import hashlib
from dataclasses import dataclass, field
from enum import Enum

from mdm.ashttp import Version
from mdm.device import DeviceInformation

ALL_APPLIED = 1
PARTLY_APPLIED = 2
NOT_APPLIED = 3

WIPED = 1
WIPE_FAILED = 2


class QueryForm(Enum):
    """How the request line is written (MS-ASHTTP 2.2.1.1.1.1 and 2.2.1.1.1.2)."""

    PLAIN = "plain"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True)
class Temper:
    """How a phone answers what is asked of it.

    Attributes:
        provisions: False for a phone that ignores every demand to provision. policy_status: Status of its
        policy acknowledgement, 1 to 4 (MS-ASPROV 2.2.2.54.2). wipe_status: Status of its wipe
        acknowledgement, 1 or 2; None for a phone that never acknowledges a wipe. hostile: True for one that
        first tries every way around the gateway that we know.
    """

    provisions: bool = True
    policy_status: int = ALL_APPLIED
    wipe_status: int | None = WIPED
    hostile: bool = False


OBEDIENT = Temper()
STUBBORN = Temper(provisions=False, wipe_status=None)
HOSTILE = Temper(hostile=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """One phone of one person.

    Attributes:
        address: mail address; its domain is where AutoDiscover starts.
        device_id: as the device writes it. 32 hex digits travel as 16 raw octets in the base64 form, like a
            Windows Phone's; anything else as text, like Nine's.
        version: protocol version to speak, None for the highest that both sides know.
        login: name for Basic, None for the address.
    """

    address: str
    password: str = field(repr=False)
    device_id: str
    device_type: str = "UsherPhone"
    version: Version | None = None
    form: QueryForm = QueryForm.PLAIN
    user_agent: str = "Usher-Phone/1.0"
    information: DeviceInformation = field(
        default_factory=lambda: DeviceInformation(model="Usher Phone", os="Usher OS 1.0", os_language="en")
    )
    temper: Temper = OBEDIENT
    login: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def user(self) -> str:
        """What the phone signs in as."""
        return self.login or self.address


def device_id(address: str, device_type: str) -> str:
    """A DeviceId of 32 hex digits that stays the same for the same person and type.

    A phone keeps its id; one drawn anew at each start would fill the list of devices (spec 6.3, "New device
    each restart").
    """
    digest = hashlib.sha256(f"{address.lower()}\0{device_type}".encode())
    return digest.hexdigest()[:32].upper()
