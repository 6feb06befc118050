"""Status codes that any command may answer, and where each command carries one (MS-ASCMD 2.2.2, MS-ASHTTP
2.2.2).

From 14.0 on a refusal is HTTP 200 with a Status in the command's own root element; up to 12.1 the same
refusal is an HTTP status (MS-ASCMD R7545 to R7567). One row per code says both. Codes that the
specification gives no HTTP equivalent got one of the same meaning; ``stated`` tells them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.codepages import Tag, tag
from mdm.wbxml import Element, element, encode

FIRST_COMMON: Final = 101
"""Status values below this one belong to the command that answers and mean something else in each."""


@dataclass(frozen=True, slots=True)
class CommonStatus:
    """One row of the common status table.

    Attributes:
        number: value of the Status element.
        name: name in MS-ASCMD.
        http: HTTP status for protocol versions up to 12.1.
        stated: whether the specification states that HTTP status.
        since: protocol version that introduced the code.
    """

    number: int
    name: str
    http: int
    stated: bool
    since: Version


_STATED: Final = True

_ROWS: Final = (
    (101, "InvalidContent", 400, _STATED),
    (102, "InvalidWBXML", 400),
    (103, "InvalidXML", 400, _STATED),
    (104, "InvalidDateTime", 400),
    (105, "InvalidCombinationOfIDs", 400),
    (106, "InvalidIDs", 400, _STATED),
    (107, "InvalidMIME", 400),
    (108, "DeviceIdMissingOrInvalid", 400),
    (109, "DeviceTypeMissingOrInvalid", 400),
    (110, "ServerError", 500, _STATED),
    (111, "ServerErrorRetryLater", 503, _STATED),
    (112, "ActiveDirectoryAccessDenied", 403, _STATED),
    (113, "MailboxQuotaExceeded", 507, _STATED),
    (114, "MailboxServerOffline", 503),
    (115, "SendQuotaExceeded", 507),
    (116, "MessageRecipientUnresolved", 400),
    (117, "MessageReplyNotAllowed", 403),
    (118, "MessagePreviouslySent", 400),
    (119, "MessageHasNoRecipient", 400),
    (120, "MailSubmissionFailed", 500),
    (121, "MessageReplyFailed", 500),
    (122, "AttachmentIsTooLarge", 413),
    (123, "UserHasNoMailbox", 403),
    (124, "UserCannotBeAnonymous", 401),
    (125, "UserPrincipalCouldNotBeFound", 403, _STATED),
    (126, "UserDisabledForSync", 403, _STATED),
    (127, "UserOnNewMailboxCannotSync", 403),
    (128, "UserOnLegacyMailboxCannotSync", 403),
    (129, "DeviceIsBlockedForThisUser", 403),
    (130, "AccessDenied", 403),
    (131, "AccountDisabled", 403),
    (132, "SyncStateNotFound", 403, _STATED),
    (133, "SyncStateLocked", 503),
    (134, "SyncStateCorrupt", 500),
    (135, "SyncStateAlreadyExists", 500),
    (136, "SyncStateVersionInvalid", 500),
    (137, "CommandNotSupported", 501, _STATED),
    (138, "VersionNotSupported", 400, _STATED),
    (139, "DeviceNotFullyProvisionable", 403),
    (140, "RemoteWipeRequested", 449, _STATED),
    (141, "LegacyDeviceOnStrictPolicy", 449, _STATED),
    (142, "DeviceNotProvisioned", 449, _STATED),
    (143, "PolicyRefresh", 449, _STATED),
    (144, "InvalidPolicyKey", 449, _STATED),
    (145, "ExternallyManagedDevicesNotAllowed", 403),
    (146, "NoRecurrenceInCalendar", 400),
    (147, "UnexpectedItemClass", 400, _STATED),
    (148, "RemoteServerHasNoSSL", 500),
    (149, "InvalidStoredRequest", 400),
    (150, "ItemNotFound", 404),
    (151, "TooManyFolders", 403),
    (152, "NoFoldersFound", 500),
    (153, "ItemsLostAfterMove", 500),
    (154, "FailureInMoveOperation", 500),
    (155, "MoveCommandDisallowedForNonPersistentMoveAction", 400),
    (156, "MoveCommandInvalidDestinationFolder", 400),
    (160, "AvailabilityTooManyRecipients", 400),
    (161, "AvailabilityDLLimitReached", 400),
    (162, "AvailabilityTransientFailure", 503),
    (163, "AvailabilityFailure", 500),
    (164, "BodyPartPreferenceTypeNotSupported", 400),
    (165, "DeviceInformationRequired", 400),
    (166, "InvalidAccountId", 400),
    (167, "AccountSendDisabled", 403),
    (168, "IRM_FeatureDisabled", 403),
    (169, "IRM_TransientError", 503),
    (170, "IRM_PermanentError", 500),
    (171, "IRM_InvalidTemplateID", 400),
    (172, "IRM_OperationNotPermitted", 403),
    (173, "NoPicture", 404),
    (174, "PictureTooLarge", 413),
    (175, "PictureLimitReached", 400),
    (176, "BodyPart_ConversationTooLarge", 400),
    (177, "MaximumDevicesReached", 403),
    (178, "InvalidMimeBodyCombination", 400),
    (179, "InvalidSmartForwardParameters", 400),
    (183, "InvalidRecipients", 400),
    (184, "OneOrMoreExceptionsFailed", 500),
)


def _since(number: int) -> Version:
    if number < 164:
        return Version.V14_0
    return Version.V14_1 if number < 178 else Version.V16_0


COMMON: Final[Mapping[int, CommonStatus]] = MappingProxyType(
    {row[0]: CommonStatus(row[0], row[1], row[2], len(row) > 3, _since(row[0])) for row in _ROWS}
)
"""Common status codes by number; 157 to 159 and 180 to 182 are unassigned."""

_EXCEPTIONS: Final[Mapping[tuple[Command, int], int]] = MappingProxyType(
    {(Command.SEND_MAIL, 106): 500, (Command.PROVISION, 132): 500}
)
"""Where the HTTP equivalent depends on the command (MS-ASCMD R7545 to R7567)."""


class Place(NamedTuple):
    """Where a command's answer carries its Status.

    Attributes:
        path: elements from the root to the one that holds the Status.
        status: the Status element.
    """

    path: tuple[Tag, ...]
    status: Tag


_NAMESPACES: Final = {
    Command.SYNC: "AirSync",
    Command.FOLDER_SYNC: "FolderHierarchy",
    Command.FOLDER_CREATE: "FolderHierarchy",
    Command.FOLDER_DELETE: "FolderHierarchy",
    Command.FOLDER_UPDATE: "FolderHierarchy",
    Command.PING: "Ping",
    Command.PROVISION: "Provision",
    Command.SETTINGS: "Settings",
    Command.ITEM_OPERATIONS: "ItemOperations",
    Command.SEND_MAIL: "ComposeMail",
    Command.SMART_FORWARD: "ComposeMail",
    Command.SMART_REPLY: "ComposeMail",
    Command.SEARCH: "Search",
    Command.MOVE_ITEMS: "Move",
    Command.GET_ITEM_ESTIMATE: "GetItemEstimate",
    Command.RESOLVE_RECIPIENTS: "ResolveRecipients",
    Command.VALIDATE_CERT: "ValidateCert",
    Command.FIND: "Find",
}

_PLACES: Final[Mapping[Command, Place]] = MappingProxyType(
    {
        Command.MEETING_RESPONSE: Place(
            (tag("MeetingResponse", "MeetingResponse"), tag("MeetingResponse", "Result")),
            tag("MeetingResponse", "Status"),
        ),
        **{
            command: Place((tag(namespace, command.value),), tag(namespace, "Status"))
            for command, namespace in _NAMESPACES.items()
        },
    }
)

_MIME_UP_TO_12_1: Final = frozenset({Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY})


def place(command: Command) -> Place | None:
    """Where this command's answer carries a Status; None for commands whose answer is no WBXML."""
    return _PLACES.get(command)


def document(command: Command, status: int) -> Element | None:
    """The smallest answer of a command that says this Status; None for commands whose answer is no WBXML."""
    where = place(command)
    if where is None:
        return None
    node = element(where.status, str(status))
    for outer in reversed(where.path):
        node = element(outer, node)
    return node


def http_equivalent(command: Command, status: int, *, key_sent: bool = True) -> int:
    """HTTP status that says a common Status to protocol versions up to 12.1.

    Args:
        key_sent: whether the request carried a policy key; one without gets 403 for a pending wipe, as a
            device
            that cannot provision would retry 449 for ever.
    """
    if status == 140 and not key_sent:
        return 403
    return _EXCEPTIONS.get((command, status), COMMON[status].http)


@lru_cache(maxsize=1024)
def refusal(command: Command, version: Version, status: int, *, key_sent: bool = True) -> Reply:
    """How a command is refused: HTTP 200 with a Status from 14.0 on, an HTTP status up to 12.1.

    A Status of the command's own (below 101, as Ping's 7) is a WBXML answer in every version that answers the
    command in WBXML.
    """
    body = _body(command, version, status)
    if body is not None:
        return Reply(200, body=body, media_type=WBXML_TYPE)
    if status < FIRST_COMMON:
        return Reply(500)
    return Reply(http_equivalent(command, status, key_sent=key_sent))


@lru_cache(maxsize=1024)
def signal449(command: Command, version: Version, status: int) -> Reply:
    """HTTP 449, which every deployed client understands as "provision first"; from 14.0 on with the Status
    too."""
    body = _body(command, version, status) if version >= Version.V14_0 else None
    if body is None:
        return Reply(449)
    return Reply(449, body=body, media_type=WBXML_TYPE)


def _body(command: Command, version: Version, status: int) -> bytes | None:
    """The WBXML answer, None where this version says this Status by HTTP."""
    if version < Version.V14_0 and (status >= FIRST_COMMON or command in _MIME_UP_TO_12_1):
        return None
    root = document(command, status)
    return None if root is None else encode(root)
