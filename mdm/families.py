"""Client families: who is calling, by what it says of itself (spec/eas-protocol.md 6.1, wants.md 15, 27).

A family is a label for people and for statistics, never a reason to trust: all of this is self-reported (T4).
What matters to an administrator hangs on it: which settings a client really honours, what a wipe erases, and
whether many people share its source addresses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from mdm.device import WipeKind


class Answer(Enum):
    """What a family does about a setting, as far as anybody has published it."""

    HONOURS = "honours"
    IGNORES = "ignores"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of client.

    Attributes:
        agent, device_type: searched in what the client reports, upper and lower case equal; either suffices,
            an empty one says nothing.
        service: a cloud service that connects for its users: all installations of a user are one device, its
            addresses are shared, and a wipe reaches every installation (research/wants.md 27).
        wipes: which orders this client is known to obey.
        erases: what a full wipe really erases, in words for the one who orders it.
        honours: settings that the client is known to enforce; None where nobody has published it.
        ignores: settings that it is known to ignore.
        complete: ``honours`` is all that it enforces; whatever is not in it is ignored.
        source: where that was read.
    """

    name: str
    label: str
    agent: str
    device_type: str
    erases: str
    source: str
    service: bool = False
    wipes: frozenset[WipeKind] = frozenset(WipeKind)
    honours: frozenset[str] | None = None
    ignores: frozenset[str] = frozenset()
    complete: bool = False

    def fits(self, user_agent: str, device_type: str) -> bool:
        """Whether a client that reports this may be of the family."""
        pairs = ((self.agent, user_agent), (self.device_type, device_type))
        return any(pattern and re.search(pattern, said, re.IGNORECASE) for pattern, said in pairs)


_PASSWORD = frozenset(
    {
        "DevicePasswordEnabled",
        "AlphanumericDevicePasswordRequired",
        "MinDevicePasswordLength",
        "AllowSimpleDevicePassword",
        "MinDevicePasswordComplexCharacters",
    }
)
_LOCK = frozenset(
    {
        "MaxInactivityTimeDeviceLock",
        "MaxDevicePasswordFailedAttempts",
        "DevicePasswordExpiration",
        "DevicePasswordHistory",
    }
)
_SPEC = "spec/eas-protocol.md 6.1"
_WHOLE_PHONE = "the whole phone: it returns to factory state, private photos and accounts included"
_ACCOUNT = "the account and its mail on the device; the device itself is left alone"
_UNKNOWN = "what this client makes of it is not known: be ready for the whole device"

FAMILIES: tuple[Family, ...] = (
    Family(
        "outlook-mobile",
        "Outlook for iOS and Android",
        r"Outlook-iOS|Outlook-Android",
        "",
        "the account in every installation of Outlook that this user has; the phones are left alone",
        "Microsoft's page on Outlook mobile, by research/peers.md 2b and wants.md 15, 27; spec 6.1",
        service=True,
        wipes=frozenset({WipeKind.DEVICE}),
        honours=frozenset(
            {"DevicePasswordEnabled", "MinDevicePasswordLength", "RequireDeviceEncryption", "AllowBluetooth"}
        ),
        complete=True,
    ),
    Family(
        "outlook-desktop",
        "Outlook for Windows by ActiveSync",
        "",
        r"^WindowsOutlook|^Outlook$",
        "the mail profile; it sends no Provision, so no wipe may ever be acknowledged",
        "spec/eas-protocol.md 6.1",
        honours=frozenset(),
        complete=True,
    ),
    Family("windows-mail", "Windows Mail", r"MSFT-WP|MSFT-WIN", r"^WindowsMail", _UNKNOWN, _SPEC),
    Family(
        "ios",
        "iOS and iPadOS Mail",
        r"^Apple-",
        r"^(iPhone|iPad|iPod)$",
        _WHOLE_PHONE,
        "Apple's list of supported Exchange policies; general knowledge, not read again for this table",
        honours=_PASSWORD | _LOCK | {"AllowCamera", "AllowBrowser", "RequireManualSyncWhenRoaming"},
        ignores=frozenset({"RequireStorageCardEncryption", "AllowStorageCard"}),
    ),
    Family(
        "gmail",
        "Gmail for Android",
        r"Android-Mail|Gmail",
        "",
        _ACCOUNT,
        "Google help 7065453, by research/wants.md 15",
        honours=_PASSWORD,
        ignores=_LOCK | {"RequireDeviceEncryption", "RequireStorageCardEncryption"},
    ),
    Family("samsung", "Samsung Email", r"^SAMSUNG|Samsung-?Email", r"^(SAMSUNG|SM-)", _WHOLE_PHONE, _SPEC),
    Family("nine", "Nine", r"^Nine", "", _UNKNOWN, _SPEC),
    Family("tbsync", "Thunderbird with TbSync", r"Thunderbird", "", _ACCOUNT, _SPEC),
    Family("android", "Android Mail (AOSP)", r"^Android", r"^Android", _WHOLE_PHONE, _SPEC),
)
"""In the order in which they are tried: the special before the general."""

OTHER = Family("other", "Unknown client", "", "", _UNKNOWN, "")


def family_of(user_agent: str, device_type: str) -> Family:
    """The family that a client belongs to by what it reports; OTHER where none fits."""
    return next((family for family in FAMILIES if family.fits(user_agent, device_type)), OTHER)


LABELS: Mapping[str, str] = MappingProxyType({family.name: family.label for family in (*FAMILIES, OTHER)})
"""Every family's label by its name."""


def answer_of(family: Family, setting: str) -> Answer:
    """What clients of the family do about a setting."""
    if family.honours is not None and setting in family.honours:
        return Answer.HONOURS
    return Answer.IGNORES if family.complete or setting in family.ignores else Answer.UNKNOWN
