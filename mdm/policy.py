"""The policy that a device is sent: every EASProvisionDoc element of MS-ASPROV 2.2.2 as one row of a table.

A policy is a document of settings (named as on the wire) and of switches that never reach the device.
What is sent is always the whole document in schema order: a setting that nobody set goes out empty or with
its default, so unsetting one needs no memory of the past. Only the two application lists may be absent;
there ``None`` means "was set once", and is sent as an empty list.

Digests are taken per protocol version over what is really sent. A digest over values that a version cannot
carry sent devices into an endless 449 loop elsewhere (grommunio-sync#26).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Self

from mdm.ashttp import Version
from mdm.codepages import Tag, tag
from mdm.errors import PolicyError
from mdm.wbxml import Element, element, encode

UINT32 = 2**32 - 1
INT32 = 2**31 - 1
TEXT_LIMIT = 1024
"""Characters of one application name or hash; longer than any real file name or SHA-1."""
LIST_LIMIT = 512
"""Entries of one application list, so that a policy always fits into what a phone reads."""
REFRESH_LIMIT = 24 * 366
"""Hours: a policy that is refreshed less than once a year says 0, never."""
SCREEN_LOCK_NEVER = 9999
"""Seconds from which on a client never locks (MaxInactivityTimeDeviceLock)."""

Value = bool | int | tuple[str, ...] | None


class Kind(Enum):
    """How a setting is written and what its value may be."""

    FLAG = "true or false"
    NUMBER = "a whole number"
    CHOICE = "one of a few numbers"
    TEXTS = "a list of texts"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of MS-ASPROV 2.2.2.

    Attributes:
        name: element name in vendor spelling, also the key in a policy document.
        token: its token on code page 14.
        default: value that is sent where the policy says nothing; None is an empty element, or no list.
        since: first protocol version that carries it.
        title: what an administrator reads.
        lowest, highest: range of a number.
        choices: value to meaning, for a setting that knows only a few numbers.
        label: WorkMail's label, for the eleven of the editor's front page.
        needs_password: a client ignores it unless DevicePasswordEnabled is set.
        entry: name of the element of one list entry.
    """

    name: str
    token: int
    kind: Kind
    default: Value
    since: Version
    title: str
    lowest: int = 0
    highest: int = UINT32
    choices: Mapping[int, str] = field(default_factory=dict)
    label: str | None = None
    needs_password: bool = False
    entry: str | None = None

    def fault(self, value: object) -> str | None:
        """What is wrong with a value, None when nothing is."""
        return None if value is None else _FAULTS[self.kind](self, value)


def _flag_fault(_: Setting, value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _number_fault(setting: Setting, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be a whole number"
    if not setting.lowest <= value <= setting.highest:
        return f"must be from {setting.lowest} to {setting.highest}"
    return None


def _choice_fault(setting: Setting, value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value in setting.choices:
        return None
    meanings = ", ".join(f"{number} ({meaning})" for number, meaning in setting.choices.items())
    return f"must be one of {meanings}"


def _texts_fault(_: Setting, value: object) -> str | None:
    if not isinstance(value, list | tuple):
        return "must be a list of texts"
    if len(value) > LIST_LIMIT:
        return f"must have at most {LIST_LIMIT} entries"
    if all(
        isinstance(entry, str) and 0 < len(entry) <= TEXT_LIMIT and entry.isprintable() for entry in value
    ):
        return None
    return f"must hold printable texts of 1 to {TEXT_LIMIT} characters"


_FAULTS: Mapping[Kind, Callable[[Setting, object], str | None]] = {
    Kind.FLAG: _flag_fault,
    Kind.NUMBER: _number_fault,
    Kind.CHOICE: _choice_fault,
    Kind.TEXTS: _texts_fault,
}


def _flag(
    token: int,
    name: str,
    default: bool,
    since: Version,
    title: str,
    label: str | None = None,
    needs_password: bool = False,
) -> Setting:
    kind = Kind.FLAG
    return Setting(name, token, kind, default, since, title, 0, 1, label=label, needs_password=needs_password)


def _choice(token: int, name: str, default: int, title: str, choices: Mapping[int, str]) -> Setting:
    held = MappingProxyType(dict(choices))
    lowest, highest = min(held), max(held)
    return Setting(name, token, Kind.CHOICE, default, Version.V12_1, title, lowest, highest, held)


_12_0 = Version.V12_0
_12_1 = Version.V12_1
_TRUNCATION = "size in bytes, 0 for headers alone, -1 for all"

SETTINGS: tuple[Setting, ...] = (
    _flag(0x0E, "DevicePasswordEnabled", False, _12_0, "Password on the device", "Password required"),
    _flag(
        0x0F,
        "AlphanumericDevicePasswordRequired",
        False,
        _12_0,
        "Letters and digits in the password",
        "Require alphanumeric password",
        needs_password=True,
    ),
    _flag(
        0x11,
        "PasswordRecoveryEnabled",
        False,
        _12_0,
        "Recovery password kept on the server",
        needs_password=True,
    ),
    _flag(
        0x10,
        "RequireStorageCardEncryption",
        False,
        _12_1,
        "Encryption of the storage card",
        "Require encryption on storage card",
    ),
    _flag(0x13, "AttachmentsEnabled", True, _12_0, "Attachments may be downloaded"),
    Setting(
        "MinDevicePasswordLength",
        0x14,
        Kind.NUMBER,
        None,
        _12_0,
        "Minimum length of the password",
        1,
        16,
        label="Minimal password length",
        needs_password=True,
    ),
    Setting(
        "MaxInactivityTimeDeviceLock",
        0x15,
        Kind.NUMBER,
        None,
        _12_0,
        f"Seconds without input until the screen locks; {SCREEN_LOCK_NEVER} and more for never",
        label="Enable screen lock (seconds)",
        needs_password=True,
    ),
    Setting(
        "MaxDevicePasswordFailedAttempts",
        0x16,
        Kind.NUMBER,
        None,
        _12_0,
        "Wrong passwords until the device erases itself",
        4,
        16,
        label="Number of failed attempts allowed",
        needs_password=True,
    ),
    Setting("MaxAttachmentSize", 0x17, Kind.NUMBER, None, _12_0, "Largest attachment in bytes"),
    _flag(
        0x18,
        "AllowSimpleDevicePassword",
        True,
        _12_0,
        "Simple passwords such as 1234",
        "Allow simple password",
        needs_password=True,
    ),
    Setting(
        "DevicePasswordExpiration",
        0x19,
        Kind.NUMBER,
        None,
        _12_0,
        "Days until the password must be changed; 0 for never",
        label="Password expiration (days)",
        needs_password=True,
    ),
    Setting(
        "DevicePasswordHistory",
        0x1A,
        Kind.NUMBER,
        0,
        _12_0,
        "Earlier passwords that may not be used again",
        label="Enforce password history",
        needs_password=True,
    ),
    _flag(0x1B, "AllowStorageCard", True, _12_1, "Storage card"),
    _flag(0x1C, "AllowCamera", True, _12_1, "Camera"),
    _flag(
        0x1D,
        "RequireDeviceEncryption",
        False,
        _12_1,
        "Encryption of the device",
        "Require encryption on device",
    ),
    _flag(0x1E, "AllowUnsignedApplications", True, _12_1, "Applications without a signature"),
    _flag(
        0x1F, "AllowUnsignedInstallationPackages", True, _12_1, "Installation packages without a signature"
    ),
    Setting(
        "MinDevicePasswordComplexCharacters",
        0x20,
        Kind.NUMBER,
        1,
        _12_1,
        "Kinds of characters in the password",
        1,
        4,
        label="Minimum number of character sets",
        needs_password=True,
    ),
    _flag(0x21, "AllowWiFi", True, _12_1, "Wi-Fi"),
    _flag(0x22, "AllowTextMessaging", True, _12_1, "Text messages"),
    _flag(0x23, "AllowPOPIMAPEmail", True, _12_1, "POP and IMAP accounts"),
    _choice(0x24, "AllowBluetooth", 2, "Bluetooth", {0: "off", 1: "hands-free only", 2: "on"}),
    _flag(0x25, "AllowIrDA", True, _12_1, "Infrared"),
    _flag(0x26, "RequireManualSyncWhenRoaming", False, _12_1, "Synchronise by hand while roaming"),
    _flag(0x27, "AllowDesktopSync", True, _12_1, "Synchronisation with a desktop"),
    _choice(
        0x28,
        "MaxCalendarAgeFilter",
        0,
        "How far back the calendar goes",
        {0: "all", 4: "two weeks", 5: "one month", 6: "three months", 7: "six months"},
    ),
    _flag(0x29, "AllowHTMLEmail", True, _12_1, "HTML mail"),
    _choice(
        0x2A,
        "MaxEmailAgeFilter",
        0,
        "How far back mail goes",
        {0: "all", 1: "one day", 2: "three days", 3: "one week", 4: "two weeks", 5: "one month"},
    ),
    Setting(
        "MaxEmailBodyTruncationSize",
        0x2B,
        Kind.NUMBER,
        -1,
        _12_1,
        f"Plain mail body: {_TRUNCATION}",
        -1,
        INT32,
    ),
    Setting(
        "MaxEmailHTMLBodyTruncationSize",
        0x2C,
        Kind.NUMBER,
        -1,
        _12_1,
        f"HTML mail body: {_TRUNCATION}",
        -1,
        INT32,
    ),
    _flag(0x2D, "RequireSignedSMIMEMessages", False, _12_1, "Signed S/MIME messages"),
    _flag(0x2E, "RequireEncryptedSMIMEMessages", False, _12_1, "Encrypted S/MIME messages"),
    _choice(0x2F, "RequireSignedSMIMEAlgorithm", 0, "S/MIME hash", {0: "SHA-1", 1: "MD5"}),
    _choice(
        0x30,
        "RequireEncryptionSMIMEAlgorithm",
        0,
        "S/MIME cipher",
        {0: "3DES", 1: "DES", 2: "RC2 128 bit", 3: "RC2 64 bit", 4: "RC2 40 bit"},
    ),
    _choice(
        0x31,
        "AllowSMIMEEncryptionAlgorithmNegotiation",
        2,
        "Negotiation of the S/MIME cipher",
        {0: "no", 1: "strong ciphers only", 2: "any cipher"},
    ),
    _flag(0x32, "AllowSMIMESoftCerts", True, _12_1, "S/MIME certificates in software"),
    _flag(0x33, "AllowBrowser", True, _12_1, "Web browser"),
    _flag(0x34, "AllowConsumerEmail", True, _12_1, "Private mail accounts"),
    _flag(0x35, "AllowRemoteDesktop", True, _12_1, "Remote desktop"),
    _flag(0x36, "AllowInternetSharing", True, _12_1, "Sharing of the internet connection"),
    Setting(
        "UnapprovedInROMApplicationList",
        0x37,
        Kind.TEXTS,
        None,
        _12_1,
        "Built-in applications that may not run",
        entry="ApplicationName",
    ),
    Setting(
        "ApprovedApplicationList",
        0x39,
        Kind.TEXTS,
        None,
        _12_1,
        "SHA-1 of the applications that alone may run; empty for all",
        entry="Hash",
    ),
)
"""Every setting, in schema order."""

BY_NAME: Mapping[str, Setting] = MappingProxyType({setting.name: setting for setting in SETTINGS})

WORKMAIL_SETTINGS: tuple[Setting, ...] = tuple(setting for setting in SETTINGS if setting.label)
"""The eleven of product 4.1, in schema order."""

SWITCHES = ("allow_non_provisionable", "accept_partial", "accept_declined", "accept_external")

_DOCUMENT = tag("Provision", "EASProvisionDoc")
_PAGE = _DOCUMENT[0]
_ENTRIES: Mapping[str, Tag] = {
    setting.name: tag("Provision", setting.entry) for setting in SETTINGS if setting.entry
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organisation asks of its devices.

    Attributes:
        settings: setting name to value; a missing name was never set, None was set once and unset.
        allow_non_provisionable: serve devices that never fetched a policy (MS-ASPROV R509).
        accept_partial: take an acknowledgement with Status 2 for compliance, instead of 139.
        accept_declined: take one with Status 3, nothing applied, instead of 139; so does serving devices that
            never ask, which would be no reason to ask.
        accept_external: take one with Status 4, externally managed, instead of 145.
        refresh_hours: hours after which a device fetches the policy again, 0 for never.
    """

    settings: Mapping[str, Value] = field(default_factory=dict)
    allow_non_provisionable: bool = False
    accept_partial: bool = False
    accept_external: bool = False
    refresh_hours: int = 0
    accept_declined: bool = False
    _digests: dict[Version, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises:
        PolicyError: naming every wrong setting and switch at once.
        """
        faults = {**_setting_faults(self.settings), **_switch_faults(self)}
        if faults:
            raise PolicyError(faults)
        held = {name: tuple(v) if isinstance(v, list) else v for name, v in self.settings.items()}
        object.__setattr__(self, "settings", MappingProxyType(held))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what ``to_document`` wrote, or an administrator: JSON values only, every key optional.

        Raises:
            PolicyError: naming every unknown key and every wrong value at once.
        """
        known = ("settings", "refresh_hours", *SWITCHES)
        faults = {str(key): "is not known" for key in document if key not in known}
        settings = document.get("settings", {})
        if not isinstance(settings, Mapping):
            faults["settings"] = "must be an object"
            settings = {}
        switches = {key: document[key] for key in known[1:] if key in document}
        try:
            policy = cls(settings, **switches)
        except PolicyError as error:
            raise PolicyError({**faults, **error.faults}) from None
        if faults:
            raise PolicyError(faults)
        return policy

    def to_document(self) -> dict[str, Any]:
        """The policy as JSON values; settings in schema order, those never set left out."""
        held = {
            setting.name: self.settings[setting.name] for setting in SETTINGS if setting.name in self.settings
        }
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in held.items()}
        switches = {name: getattr(self, name) for name in SWITCHES}
        return {"settings": plain, **switches, "refresh_hours": self.refresh_hours}

    def value(self, name: str) -> Value:
        """The value in force: what was set, or the default."""
        value = self.settings.get(name)
        return BY_NAME[name].default if value is None else value

    def render(self, version: Version) -> Element:
        """The EASProvisionDoc for one protocol version from 12.0: only what it carries, in schema order."""
        carried = (setting for setting in SETTINGS if setting.since <= version)
        rendered = (self._element(setting) for setting in carried)
        return element(_DOCUMENT, *(child for child in rendered if child is not None))

    def payload(self, version: Version) -> Element | str:
        """What stands in Data: the EASProvisionDoc, or for 2.5 a text."""
        return wap_document(self) if version < Version.V12_0 else self.render(version)

    def digest(self, version: Version) -> str:
        """SHA-256 in hexadecimal of what this version is really sent; the switches do not count."""
        known = self._digests.get(version)
        if known is None:
            payload = self.payload(version)
            octets = payload.encode() if isinstance(payload, str) else encode(payload)
            known = self._digests[version] = hashlib.sha256(octets).hexdigest()
        return known

    def _element(self, setting: Setting) -> Element | None:
        name = (_PAGE, setting.token)
        value = self.value(setting.name)
        if setting.kind is Kind.TEXTS:
            return self._list(setting, name, value)
        return element(name, str(int(value))) if isinstance(value, int) else element(name)

    def _list(self, setting: Setting, name: Tag, value: Value) -> Element | None:
        if setting.name not in self.settings:
            return None
        entries = value if isinstance(value, tuple) else ()
        return element(name, *(element(_ENTRIES[setting.name], entry) for entry in entries))


def _setting_faults(settings: Mapping[str, object]) -> dict[str, str]:
    faults = {}
    for name, value in settings.items():
        setting = BY_NAME.get(name)
        fault = "is not a setting" if setting is None else setting.fault(value)
        if fault is not None:
            faults[str(name)] = fault
    return faults


def _switch_faults(policy: Policy) -> dict[str, str]:
    faults = {
        name: "must be true or false" for name in SWITCHES if not isinstance(getattr(policy, name), bool)
    }
    hours: object = policy.refresh_hours
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= REFRESH_LIMIT:
        faults["refresh_hours"] = f"must be from 0 to {REFRESH_LIMIT}"
    return faults


_LASSD = r"HKLM\Comm\Security\Policy\LASSD"
_LOCK_KEY = _LASSD + r"\AE\{50C13377-C66D-400C-889E-C316FC4AB374}"


def wap_document(policy: Policy) -> str:
    """The MS-WAP-Provisioning-XML text of protocol 2.5, which carries six facts and no more."""
    required = policy.value("DevicePasswordEnabled")
    security = _characteristic("SecurityPolicy", {"4131": 0 if required else 1, "4133": 1})
    if not required:
        return f"<wap-provisioningdoc>{security}</wap-provisioningdoc>"
    registry = "".join(_characteristic(key, parms) for key, parms in _wap_registry(policy).items())
    held = f'{security}<characteristic type="Registry">{registry}</characteristic>'
    return f"<wap-provisioningdoc>{held}</wap-provisioningdoc>"


def _wap_registry(policy: Policy) -> dict[str, dict[str, int]]:
    seconds = _whole(policy.value("MaxInactivityTimeDeviceLock"))
    locks = 0 < seconds < SCREEN_LOCK_NEVER
    attempts = _whole(policy.value("MaxDevicePasswordFailedAttempts"))
    strong = bool(policy.value("AlphanumericDevicePasswordRequired"))
    return {
        _LOCK_KEY: {
            "AEFrequencyType": int(locks),
            **({"AEFrequencyValue": -(-seconds // 60)} if locks else {}),
        },
        _LASSD: {"DeviceWipeThreshold": attempts} if attempts else {},
        _LASSD + r"\LAP\lap_pw": {
            "MinimumPasswordLength": _whole(policy.value("MinDevicePasswordLength")) or 1,
            "PasswordComplexity": 0 if strong else 2,
        },
    }


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _characteristic(kind: str, parms: Mapping[str, int]) -> str:
    lines = "".join(f'<parm name="{name}" value="{value}"/>' for name, value in parms.items())
    return f'<characteristic type="{kind}">{lines}</characteristic>'


DEFAULT = Policy()
"""Asks nothing of a device but to fetch it: the lax document that every client family can apply."""
