"""Looking at a request body without holding it (spec/eas-protocol.md 6.6 item 2; T6, T19).

SOGo and others obey the body's root element and not ``Cmd``, so a body whose root is another command's must
never reach them: that would be a Sync in a Ping's clothes. A document that comes whole within ``WHOLE`` bytes
is checked from end to end in one pass; of a longer one, an upload on its way through, only the beginning is
looked at before it streams on.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from gateway.endpoints.headers import RequestHeaders
from gateway.errors import GatewayError, Kind
from mdm import wbxml
from mdm.ashttp import MIME_TYPE, Command, Version, is_wbxml
from mdm.codepages import Tag, tag
from mdm.errors import ProtocolError, SchemaError
from mdm.query import CommandRequest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

WHOLE = 64 * 1024
"""Bytes up to which a document is gathered and checked whole: what Hypercorn hands over in one piece."""

ROOT_PREFIX = 8
"""Bytes that always hold the header, a page switch and the root tag."""

LONGEST_HEARTBEAT = 3540
"""Seconds that a request may hang when the body does not say (MS-ASCMD: the cached interval is used)."""

_PING_HEARTBEAT = tag("Ping", "HeartbeatInterval")
_SYNC_HEARTBEAT = tag("AirSync", "HeartbeatInterval")
_SYNC_WAIT = tag("AirSync", "Wait")
_FOLDER_KEY = tag("FolderHierarchy", "SyncKey")

_WANTED: Mapping[Command, frozenset[Tag]] = {
    Command.PING: frozenset({_PING_HEARTBEAT}),
    Command.SYNC: frozenset({_SYNC_HEARTBEAT, _SYNC_WAIT}),
    Command.FOLDER_SYNC: frozenset({_FOLDER_KEY}),
}
_NOTHING: frozenset[Tag] = frozenset()
_MAY_BE_EMPTY = frozenset({Command.PING, Command.SYNC, Command.GET_ATTACHMENT, Command.GET_HIERARCHY})
_COMPOSE = frozenset({Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY})


class ClientLeft(Exception):
    """The client went away before its body was complete; there is nobody to answer."""


@dataclass(slots=True)
class Inspected:
    """What the beginning of a body told.

    Attributes:
        first: the bytes that were read.
        more: True while the rest is still to come.
        heartbeat: seconds that the client asks to wait, 0 where it does not say.
        waits: True for a request that may hang, whatever it says: a wipe must be able to cut it.
        new_hierarchy: True for a FolderSync from SyncKey 0.
        fingerprint: stands for a whole Sync with its SyncKeys, 0 for anything else: reading the keys out of
            it would cost three microseconds more and tell the same.
    """

    first: bytes = field(repr=False)
    more: bool
    heartbeat: float = 0.0
    waits: bool = False
    new_hierarchy: bool = False
    fingerprint: int = 0


class Body:
    """A request's body as it arrives.

    Attributes:
        length: declared bytes, None for a chunked body.
        received: bytes taken so far.
        unread: True while bytes may still come; whoever answers then has to drain them.
    """

    __slots__ = ("_receive", "length", "received", "unread")

    def __init__(self, receive: Receive, length: int | None, chunked: bool) -> None:
        self._receive = receive
        self.length = length if length is not None or chunked else 0
        self.received = 0
        self.unread = self.length != 0

    async def part(self) -> bytes:
        """The next bytes, empty at the end.

        Raises:
            ClientLeft: the client went away.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part: bytes = message.get("body", b"")
        self.received += len(part)
        self.unread = message.get("more_body", False) and self.received != self.length
        return part

    async def whole(self, limit: int, first: bytes = b"") -> bytes:
        """Everything, for the small documents that the gateway itself must read.

        Raises:
            GatewayError: TOO_LARGE beyond ``limit`` bytes.
            ClientLeft: the client went away.
        """
        parts = [first]
        while self.unread:
            if max(self.received, self.length or 0) > limit:
                raise GatewayError(Kind.TOO_LARGE, f"the body is longer than {limit} bytes")
            parts.append(await self.part())
        if self.received > limit:
            raise GatewayError(Kind.TOO_LARGE, f"the body is longer than {limit} bytes")
        return b"".join(parts)


async def inspect(request: CommandRequest, headers: RequestHeaders, body: Body) -> Inspected:
    """Read the beginning of the body and hold it against the command.

    Raises:
        ProtocolError: the body is not what ``Cmd`` announces (101, 102, 103).
        ClientLeft: the client went away.
    """
    if headers.content_encoding:
        raise ProtocolError("request bodies are not compressed", http=415)
    seen = Inspected(await _beginning(body), body.unread)
    if not seen.first and not seen.more:
        return _empty(request, seen)
    if request.command in _COMPOSE and request.version < Version.V14_0:
        if headers.media_type != MIME_TYPE:
            raise ProtocolError("up to 12.1 a message is sent as message/rfc822")
        return seen
    if not request.command.roots:
        raise ProtocolError("this command has no body")
    if not is_wbxml(headers.media_type):
        raise ProtocolError("the body is not announced as WBXML")
    return _document(request, seen)


async def _beginning(body: Body) -> bytes:
    wanted = ROOT_PREFIX if body.length is not None and body.length > WHOLE else WHOLE
    first = b""
    while body.unread and len(first) < wanted:
        part = await body.part()
        first = first + part if first else part
    return first


def _empty(request: CommandRequest, seen: Inspected) -> Inspected:
    """Ping and Sync without a body repeat the last one, which may have asked to hang (MS-ASCMD 2.2.1.13)."""
    if request.command not in _MAY_BE_EMPTY:
        raise ProtocolError("the command needs a body")
    if request.command in (Command.PING, Command.SYNC):
        seen.heartbeat, seen.waits = LONGEST_HEARTBEAT, True
    return seen


def _document(request: CommandRequest, seen: Inspected) -> Inspected:
    texts: Mapping[Tag, str] = {}
    if seen.more:
        root = wbxml.root_tag(seen.first)
    else:
        root, texts = wbxml.scan(seen.first, _WANTED.get(request.command, _NOTHING))
    if root not in request.command.roots:
        raise SchemaError("the body's root element is another command's")
    if request.command is Command.PING:
        seen.heartbeat, seen.waits = _seconds(texts.get(_PING_HEARTBEAT), 1) or LONGEST_HEARTBEAT, True
    elif request.command is Command.SYNC:
        seen.fingerprint = 0 if seen.more else hash(seen.first) or 1
        if texts or seen.more:
            # An interval that is none, or a second one, or one further on: the backend may read it otherwise.
            seen.heartbeat = _seconds(texts.get(_SYNC_HEARTBEAT), 1) or _seconds(texts.get(_SYNC_WAIT), 60)
            seen.waits = True
    elif request.command is Command.FOLDER_SYNC:
        seen.new_hierarchy = texts.get(_FOLDER_KEY) == "0"
    return seen


def _seconds(text: str | None, unit: int) -> float:
    """An interval, capped: what is out of bounds is the backend's to refuse, with the nearest bound."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return 0.0
    return min(int(text) * unit, LONGEST_HEARTBEAT)
