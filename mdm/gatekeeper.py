"""The one decision for each request: may it go on to the mail server (house.md 4; MS-ASPROV 3.1.5, MS-ASCMD
2.2.2).

The order is fixed: protocol version, known command, open wipe, access, Provision, compliance. ``admit`` is
pure and runs on every request, so the way to Forward makes no value at all. How a device is told to provision
depends on its version: HTTP 449 up to 12.1, HTTP 200 with a Status from 14.0 on; ``signal449`` sends 449 with
the same body to clients that only know that.

Ping carries no policy key. It is never challenged; where the device is not in compliance it is told that the
folder hierarchy changed (Status 7), and the FolderSync that follows gets the real answer.
"""

import hmac
from dataclasses import dataclass, replace
from typing import Final

from mdm.access import AccessDecision
from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.codepages import tag
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceState, WipeKind
from mdm.errors import ProtocolError, SchemaError
from mdm.query import CommandRequest
from mdm.settings import SETTINGS, answer
from mdm.status import COMMON, refusal, signal449
from mdm.wbxml import decode, element, encode

BLOCKED, COMMAND_UNKNOWN, VERSION_REFUSED = 129, 137, 138
MISSING_BODY = 101
WIPE_PENDING, KEY_MISSING, NOT_PROVISIONED, REFRESH_DUE, KEY_WRONG = 140, 141, 142, 143, 144
HEARTBEAT_OVER, HIERARCHY_CHANGED = 1, 7
"""Status values of Ping's own."""

_SUCCEEDED = DeviceState.PROVISIONING_SUCCEEDED
_WIPE_REQUIRED = DeviceState.WIPE_REQUIRED
_WIPE_SUCCEEDED = DeviceState.WIPE_SUCCEEDED
_ALLOW = AccessLevel.ALLOW
_BLOCK = AccessLevel.BLOCK
_PING = Command.PING
_PROVISION = Command.PROVISION
_FIRST_SERVED = Version.V12_1
_FIRST_WITH_STATUS = Version.V14_0

_OBSOLETE: Final = frozenset(
    {
        Command.GET_HIERARCHY,
        Command.CREATE_COLLECTION,
        Command.DELETE_COLLECTION,
        Command.MOVE_COLLECTION,
        Command.AUTODISCOVER,
    }
)
"""Announced by old servers, spoken by nobody; Autodiscover never comes this far, for discovery answers it."""

_IN_QUARANTINE: Final = frozenset({Command.FOLDER_SYNC, Command.SETTINGS})
QUARANTINE_SYNC_KEY: Final = "2147483647"
"""SyncKey of an empty hierarchy: a number, so that every server can parse it, and none that a server gives,
so that the first FolderSync after release starts again at 0 (Status 9) instead of missing all folders."""

_FOLDER_SYNC = tag("FolderHierarchy", "FolderSync")
_FOLDER_STATUS = tag("FolderHierarchy", "Status")
_SYNC_KEY = tag("FolderHierarchy", "SyncKey")
_CHANGES = tag("FolderHierarchy", "Changes")
_COUNT = tag("FolderHierarchy", "Count")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a device must meet, as it stands in the snapshot.

    Attributes:
        policy_digest: digest of the effective policy for the protocol version that the request speaks.
        allow_non_provisionable: the policy serves devices without any key (MS-ASPROV R509).
        signal449: HTTP 449 in place of 200 from 14.0 on (product 3.2).
        strict_absent_key: 141 in place of 142 where a request has no policy key at all.
        legacy_versions: protocol 2.5 and 12.0 are served too.
        refresh_due: the policy asks for a periodic refresh and its time has come.
    """

    policy_digest: str
    allow_non_provisionable: bool
    signal449: bool
    strict_absent_key: bool
    legacy_versions: bool
    access: AccessDecision
    refresh_due: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """To the mail server."""


@dataclass(frozen=True, slots=True)
class ProvisionHere:
    """To ``mdm.provision``."""


@dataclass(frozen=True, slots=True)
class AnswerHere:
    """To ``answer_here``: a quarantined device that may report itself and see that there is nothing."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answered at once.

    Attributes:
        reason: one word or two for log and metrics; holds nothing secret.
    """

    reply: Reply
    reason: str


Verdict = Forward | ProvisionHere | AnswerHere | Refuse

FORWARD: Final = Forward()
PROVISION_HERE: Final = ProvisionHere()
ANSWER_HERE: Final = AnswerHere()


def admit(request: CommandRequest, device: Device, terms: Terms) -> Verdict:
    """Decide on one request of a device whose user is authenticated."""
    version, command, state = request.version, request.command, device.state
    foreign = _foreign(command, version, terms.legacy_versions)
    if foreign is not None:
        return _refused(request, foreign, "version or command")
    if state is _WIPE_REQUIRED or state is _WIPE_SUCCEEDED:
        return _while_wiping(request, device, terms)
    level = terms.access.level
    if level is not _ALLOW and not _may_speak(command, level):
        return _refused(request, _access_status(version, terms.access), level.value)
    if command is _PROVISION:
        return PROVISION_HERE
    shortfall = _shortfall(request, device, terms)
    if shortfall is not None:
        return _challenge(request, terms, shortfall)
    return FORWARD if level is _ALLOW else ANSWER_HERE


def _foreign(command: Command, version: Version, legacy: bool) -> int | None:
    """The Status for what this gateway does not speak: a version, or a command in this version."""
    if version < _FIRST_SERVED and not legacy:
        return VERSION_REFUSED
    if command in _OBSOLETE:
        return COMMAND_UNKNOWN
    if command.first <= version <= command.last:
        return None
    return COMMAND_UNKNOWN if version < _FIRST_WITH_STATUS else VERSION_REFUSED


def _while_wiping(request: CommandRequest, device: Device, terms: Terms) -> Verdict:
    """The directive, or the way to it. An account-only order below 16.1 is a block, never a full wipe."""
    kind = WipeKind.DEVICE if device.wipe is None else device.wipe.kind
    if kind is WipeKind.ACCOUNT and request.version < Version.V16_1:
        return _refused(request, BLOCKED, "wipe")
    if request.command is _PROVISION:
        return PROVISION_HERE
    if request.command is _PING:
        return Refuse(refusal(_PING, request.version, HIERARCHY_CHANGED), "wipe")
    if terms.signal449 and request.version >= _FIRST_WITH_STATUS:
        return Refuse(signal449(request.command, request.version, WIPE_PENDING), "wipe")
    sent = request.policy_key is not None
    return Refuse(refusal(request.command, request.version, WIPE_PENDING, key_sent=sent), "wipe")


def _may_speak(command: Command, level: AccessLevel) -> bool:
    """Whether a device that is not allowed may still say this: in quarantine it provisions and reports."""
    return level is not _BLOCK and (command is _PROVISION or command in _IN_QUARANTINE)


def _access_status(version: Version, access: AccessDecision) -> int:
    """The Status of the decision, or 129 where the version does not know it yet (177 before 14.1)."""
    known = COMMON[access.status].since <= version or version < _FIRST_WITH_STATUS
    return access.status if known else BLOCKED


def _shortfall(request: CommandRequest, device: Device, terms: Terms) -> int | None:
    """The Status that tells why a device must provision, None where it is in compliance."""
    key = request.policy_key
    if request.command is _PING:
        lax = terms.allow_non_provisionable and not device.proof_key
        return None if lax or _complies(device, terms) else HIERARCHY_CHANGED
    if not key:
        if terms.allow_non_provisionable and not device.proof_key:  # who had a key shows it (T4)
            return None
        return KEY_MISSING if key is None and terms.strict_absent_key else NOT_PROVISIONED
    if not _current(key, device) or device.policy_digest != terms.policy_digest:
        return KEY_WRONG
    return REFRESH_DUE if terms.refresh_due else None


def _current(key: int, device: Device) -> bool:
    """Whether this is the final key in force; none is in any state but Provisioning Succeeded."""
    same = hmac.compare_digest(str(key), str(device.policy_key))
    return same and device.policy_key != 0 and device.state is _SUCCEEDED


def _complies(device: Device, terms: Terms) -> bool:
    """Compliance of the record alone, for requests that cannot show a key."""
    digest_holds = device.policy_digest == terms.policy_digest
    return device.state is _SUCCEEDED and digest_holds and not terms.refresh_due


def _challenge(request: CommandRequest, terms: Terms, status: int) -> Refuse:
    if terms.signal449 and request.command is not _PING:
        return Refuse(signal449(request.command, request.version, status), "provision")
    return _refused(request, status, "provision")


def _refused(request: CommandRequest, status: int, reason: str) -> Refuse:
    return Refuse(refusal(request.command, request.version, status), reason)


def interrupt(request: CommandRequest, device: Device, terms: Terms) -> Reply | None:
    """How a Ping or Sync that is already hanging must end now, None while it may stay.

    Its key was good when it came; a device that provisioned again meanwhile is not challenged for that.
    """
    if _complies(device, terms):
        request = replace(request, policy_key=device.policy_key)
    verdict = admit(request, device, terms)
    if not isinstance(verdict, Refuse):
        return None
    return refusal(_PING, request.version, HIERARCHY_CHANGED) if request.command is _PING else verdict.reply


def farewell(request: CommandRequest) -> Reply:
    """How a hanging request ends where nothing happened: the gateway stops, or a newer one replaces it."""
    if request.command is _PING:
        return refusal(_PING, request.version, HEARTBEAT_OVER)
    return Reply(200)


def answer_here(request: CommandRequest, body: bytes) -> tuple[Reply, DeviceInformation | None]:
    """Answer FolderSync and Settings of a quarantined device; what it reports of itself is given back.

    Raises:
        ProtocolError: no body, no WBXML, or the document of another command.
    """
    if not body:
        raise ProtocolError(f"{request.command.value} without a body", status=MISSING_BODY)
    root = decode(body)
    if root.tag not in request.command.roots:
        raise SchemaError(f"the root is {root.name}, not {request.command.value}")
    if root.tag == SETTINGS:
        said, information = answer(root)
        return Reply(200, body=encode(said), media_type=WBXML_TYPE), information
    return _no_change(root.text_of(_SYNC_KEY) or "0"), None


def _no_change(sync_key: str) -> Reply:
    """No folders for a device that starts; no change for one that has some, which keeps its own SyncKey."""
    kept = sync_key if sync_key.isprintable() and sync_key != "0" else QUARANTINE_SYNC_KEY
    hierarchy = element(
        _FOLDER_SYNC,
        element(_FOLDER_STATUS, "1"),
        element(_SYNC_KEY, kept),
        element(_CHANGES, element(_COUNT, "0")),
    )
    return Reply(200, body=encode(hierarchy), media_type=WBXML_TYPE)
