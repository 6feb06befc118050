"""The HTTP layer of ActiveSync: versions, commands, headers and the answer value (MS-ASHTTP 2.2.1, 2.2.2,
2.2.3).

What both directions share and neither the query parser nor the status table owns: the ordered protocol
versions, the commands with their wire codes and root elements, content types, reason phrases that Python's
own table lacks, and the two answers that consist of headers alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Self

from mdm.codepages import Tag, tag
from mdm.errors import QueryError

WBXML_TYPE = "application/vnd.ms-sync.wbxml"
WBXML_SHORT_TYPE = "application/vnd.ms-sync"
MULTIPART_TYPE = "application/vnd.ms-sync.multipart"
MIME_TYPE = "message/rfc822"
"""Body of SendMail, SmartForward and SmartReply up to 12.1."""

METHODS = "OPTIONS,POST"


class Version(IntEnum):
    """A protocol version; later versions compare greater.

    Attributes:
        code: the number of the base64 query, version times ten (2.5 and 12.0 have one too, but never on the
            wire).
        text: the form of the ``MS-ASProtocolVersion`` header.
    """

    V2_5 = 25
    V12_0 = 120
    V12_1 = 121
    V14_0 = 140
    V14_1 = 141
    V16_0 = 160
    V16_1 = 161

    @property
    def code(self) -> int:
        return self.value

    @property
    def text(self) -> str:
        return f"{self.value // 10}.{self.value % 10}"


_VERSIONS: Mapping[str, Version] = {version.text: version for version in Version}


def version(text: str) -> Version:
    """The version that ``MS-ASProtocolVersion`` names.

    Raises:
        QueryError: HTTP 400 for anything but the seven known texts.
    """
    known = _VERSIONS.get(text)
    if known is None:
        raise QueryError("unknown MS-ASProtocolVersion")
    return known


class Command(Enum):
    """The commands of MS-ASHTTP 2.2.1.1.1.2.2 and the obsolete collection commands; the value is the
    ``Cmd`` text.

    Attributes:
        code: number in the base64 query, None for commands that exist in the plain form alone.
        roots: root elements that a WBXML request of this command may have; empty where the body is no WBXML.
        first, last: protocol versions between which the command exists.
    """

    SYNC = ("Sync", 0, "AirSync")
    SEND_MAIL = ("SendMail", 1, "ComposeMail")
    SMART_FORWARD = ("SmartForward", 2, "ComposeMail")
    SMART_REPLY = ("SmartReply", 3, "ComposeMail")
    GET_ATTACHMENT = ("GetAttachment", 4, None, Version.V2_5, Version.V12_1)
    GET_HIERARCHY = ("GetHierarchy", None, None, Version.V2_5, Version.V12_1)
    CREATE_COLLECTION = ("CreateCollection", None, None, Version.V2_5, Version.V12_1)
    DELETE_COLLECTION = ("DeleteCollection", None, None, Version.V2_5, Version.V12_1)
    MOVE_COLLECTION = ("MoveCollection", None, None, Version.V2_5, Version.V12_1)
    FOLDER_SYNC = ("FolderSync", 9, "FolderHierarchy")
    FOLDER_CREATE = ("FolderCreate", 10, "FolderHierarchy")
    FOLDER_DELETE = ("FolderDelete", 11, "FolderHierarchy")
    FOLDER_UPDATE = ("FolderUpdate", 12, "FolderHierarchy")
    MOVE_ITEMS = ("MoveItems", 13, "Move")
    GET_ITEM_ESTIMATE = ("GetItemEstimate", 14, "GetItemEstimate")
    MEETING_RESPONSE = ("MeetingResponse", 15, "MeetingResponse")
    SEARCH = ("Search", 16, "Search")
    SETTINGS = ("Settings", 17, "Settings", Version.V12_0)
    PING = ("Ping", 18, "Ping")
    ITEM_OPERATIONS = ("ItemOperations", 19, "ItemOperations", Version.V12_0)
    PROVISION = ("Provision", 20, "Provision")
    RESOLVE_RECIPIENTS = ("ResolveRecipients", 21, "ResolveRecipients")
    VALIDATE_CERT = ("ValidateCert", 22, "ValidateCert")
    FIND = ("Find", 23, "Find", Version.V16_1)
    AUTODISCOVER = ("Autodiscover", None, None)

    __hash__ = object.__hash__
    """Members are singletons; Enum hashes their names in Python, several times in each request."""

    code: int | None
    roots: tuple[Tag, ...]
    first: Version
    last: Version

    def __new__(
        cls,
        text: str,
        code: int | None,
        namespace: str | None,
        first: Version = Version.V2_5,
        last: Version = Version.V16_1,
    ) -> Self:
        command = object.__new__(cls)
        command._value_ = text
        command.code = code
        command.roots = () if namespace is None else (tag(namespace, text),)
        command.first = first
        command.last = last
        return command


_EVERYWHERE = (
    Command.SYNC,
    Command.SEND_MAIL,
    Command.SMART_FORWARD,
    Command.SMART_REPLY,
    Command.GET_ATTACHMENT,
    Command.GET_HIERARCHY,
    Command.CREATE_COLLECTION,
    Command.DELETE_COLLECTION,
    Command.MOVE_COLLECTION,
    Command.FOLDER_SYNC,
    Command.FOLDER_CREATE,
    Command.FOLDER_DELETE,
    Command.FOLDER_UPDATE,
    Command.MOVE_ITEMS,
    Command.GET_ITEM_ESTIMATE,
    Command.MEETING_RESPONSE,
    Command.RESOLVE_RECIPIENTS,
    Command.VALIDATE_CERT,
    Command.PROVISION,
    Command.SEARCH,
    Command.PING,
)
_SINCE_12 = (*_EVERYWHERE, Command.SETTINGS, Command.ITEM_OPERATIONS)

COMMANDS_OFFERED: Mapping[Version, tuple[Command, ...]] = MappingProxyType(
    {
        Version.V2_5: _EVERYWHERE,
        **dict.fromkeys((v for v in Version if Version.V12_0 <= v <= Version.V16_0), _SINCE_12),
        Version.V16_1: (*_SINCE_12, Command.FIND),
    }
)
"""What a server whose highest version this is announces; the obsolete collection commands stay in the
list."""

REASONS: Mapping[int, str] = MappingProxyType(
    {
        200: "OK",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        413: "Content Too Large",
        415: "Unsupported Media Type",
        449: "Retry With",
        451: "Redirect",
        456: "Account Blocked",
        457: "Password Expired",
        500: "Internal Server Error",
        501: "Not Implemented",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
        505: "HTTP Version Not Supported",
        507: "Insufficient Storage",
    }
)
"""Reason phrases; the standard library has none for 449, 456 and 457."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is bytes on a socket.

    Attributes:
        status: HTTP status.
        headers: names and values besides Content-Type and Content-Length, which the shell derives.
        body: complete body, empty for none.
        media_type: Content-Type, None when the body is empty.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    media_type: str | None = None


def is_wbxml(content_type: str | None) -> bool:
    """Whether a Content-Type names WBXML: the long and the short form are equal, parameters do not matter."""
    if content_type is None:
        return False
    return content_type.partition(";")[0].strip().lower() in (WBXML_TYPE, WBXML_SHORT_TYPE)


def rp_headers(versions: Iterable[Version], commands: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The headers that re-announce what the server can do, for FolderSync with SyncKey 0 (MS-ASHTTP R1202).

    Send them once per device: clients that see ``X-MS-RP`` on every answer loop through OPTIONS and Sync.
    """
    texts = _versions_line(versions)
    return ("X-MS-RP", texts), ("MS-ASProtocolVersions", texts), ("MS-ASProtocolCommands", ",".join(commands))


def options_reply(versions: Iterable[Version], commands: Iterable[str]) -> Reply:
    """The answer to OPTIONS: header lists without spaces (clients split at commas and do not trim), no
    body."""
    ordered = sorted(versions)
    headers = (
        ("MS-Server-ActiveSync", ordered[-1].text),
        ("MS-ASProtocolVersions", _versions_line(ordered)),
        ("MS-ASProtocolCommands", ",".join(commands)),
        ("Public", METHODS),
        ("Allow", METHODS),
        ("Cache-Control", "private"),
    )
    return Reply(200, headers)


def _versions_line(versions: Iterable[Version]) -> str:
    return ",".join(version.text for version in sorted(versions))
