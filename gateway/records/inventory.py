"""A question to the device list (product 5.1): which devices, in which order, from where on.

Conditions and places are values that services read from texts and the store turns into SQL, so neither has to
know how the other works. Every field that can be shown can be asked for and sorted by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from mdm.device import AccessLevel, Device, DeviceState, WipeProgress


class Kind(Enum):
    """What a field holds, and so what can be asked of it."""

    TEXT = "text"
    VERSION = "version"
    TIME = "time"
    CHOICE = "choice"
    FLAG = "flag"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the device list.

    Attributes:
        meaning: for people.
        choices: the texts of a CHOICE in the order in which they are sorted; their positions are stored.
    """

    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()


BY_RULE = "rules"

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "address": Field(Kind.TEXT, "primary address of the user"),
        "user_name": Field(Kind.TEXT, "display name of the user"),
        "device_id": Field(Kind.TEXT, "DeviceId"),
        "type": Field(Kind.TEXT, "DeviceType"),
        "family": Field(Kind.TEXT, "client family"),
        "model": Field(Kind.TEXT, "reported model"),
        "friendly_name": Field(Kind.TEXT, "reported friendly name"),
        "alias": Field(Kind.TEXT, "an administrator's name for the device"),
        "os": Field(Kind.TEXT, "reported operating system"),
        "os_language": Field(Kind.TEXT, "reported language"),
        "imei": Field(Kind.TEXT, "reported IMEI"),
        "phone_number": Field(Kind.TEXT, "reported phone number"),
        "operator": Field(Kind.TEXT, "reported mobile operator"),
        "user_agent": Field(Kind.TEXT, "User-Agent of the last request"),
        "protocol": Field(Kind.VERSION, "protocol version last spoken"),
        "state": Field(Kind.CHOICE, "state", tuple(each.value for each in DeviceState)),
        "access": Field(
            Kind.CHOICE, "override of the access rules", (BY_RULE, *(each.value for each in AccessLevel))
        ),
        "access_reason": Field(Kind.TEXT, "reason of the override"),
        "diagnosis": Field(Kind.TEXT, "what keeps it out of compliance"),
        "conflict": Field(Kind.TEXT, "why it may not be the device that it says"),
        "held": Field(Kind.FLAG, "in quarantine; sorted by since when"),
        "suspended": Field(Kind.FLAG, "in quarantine for misbehaviour; sorted by until when"),
        "wipe": Field(Kind.CHOICE, "progress of a wipe", tuple(each.value for each in WipeProgress)),
        "policy": Field(Kind.TEXT, "digest of the policy that it acknowledged"),
        "first_seen": Field(Kind.TIME, "first contact"),
        "last_seen": Field(Kind.TIME, "last contact"),
        "last_sync": Field(Kind.TIME, "last synchronisation"),
        "last_ip": Field(Kind.NETWORK, "source address of the last request"),
    }
)
"""By the names that the REST API, the command line and the columns of the table share."""

NAMES = ("address", "user_name", "device_id", "type", "model", "friendly_name", "alias")
"""Fields that a search by text looks at."""


class Check(Enum):
    """How a field is held against a value."""

    IS = "is"
    BEGINS = "begins"
    CONTAINS = "contains"
    BELOW = "below"
    AT_LEAST = "at least"
    ONE_OF = "one of"
    BETWEEN = "between"


Value = str | int


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be so.

    Attributes:
        values: stored forms (``gateway.store.inventory``): one, or two for BETWEEN (both included), or any
            number for ONE_OF.
        negated: True where it must not be so.
    """

    field: str
    check: Check
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Ordering:
    """By which field; an empty one is the order of the key. Ties are always broken by the key."""

    field: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the value that was sorted by, and the key."""

    value: Value
    organisation: str
    user: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Which devices.

    Attributes:
        organisation: its id, None for all. user: a user's id.
        search: folded text that one of ``NAMES`` contains.
    """

    organisation: str | None = None
    user: str | None = None
    conditions: tuple[Condition, ...] = ()
    search: str = ""
    ordering: Ordering = Ordering()
    after: Place | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list.

    Attributes:
        addresses: user id to primary address.
        next: where the next page begins, None at the end.
    """

    devices: tuple[Device, ...]
    addresses: Mapping[str, str]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many devices.

    Attributes:
        exact: False where only the first ``total`` were looked at.
    """

    total: int
    exact: bool
    states: Mapping[str, int]
    families: Mapping[str, int]
    protocols: Mapping[str, int]
