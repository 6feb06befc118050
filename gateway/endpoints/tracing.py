"""What is recorded of the devices that an administrator looks at (product 8, T28), and what never is.

While nobody is traced this is one look at an empty mapping for each request. While somebody is, every request
is watched from its head on, because only its credentials tell whose it is; what is not the traced device's is
dropped at its end. Bodies that pass through are not read: kept are those that the gateway itself reads
(Provision, Settings) or writes, as trees in which nothing stands but names and the values of ``SAFE``.
Headers are told by name; a value stands there only if its name is in ``SHOWN``, so a secret in a new header
is not shown by mistake.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gateway.errors import GatewayError
from gateway.log import Trace, background
from gateway.proxy.asgi import Message, Receive, Send
from gateway.records import Change, Scope
from gateway.records.protocol import Exchange, Traced
from mdm import wbxml
from mdm.ashttp import WBXML_TYPE, Command
from mdm.device import DeviceKey
from mdm.element import Element
from mdm.errors import ProtocolError

MASK = "***"
SHOWN = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length",
        "content-type", "date", "ms-asacceptmultipart", "ms-asprotocolcommands", "ms-asprotocolversion",
        "ms-asprotocolversions", "ms-server-activesync", "retry-after", "transfer-encoding", "user-agent",
        "x-ms-asthrottle", "x-ms-rp", "x-request-id",
    }
)  # fmt: skip
SAFE = frozenset({"Status", "PolicyType", "Model", "OS", "OSLanguage", "UserAgent", "Get", "Response"})
"""Elements whose text names nobody and opens nothing."""

POLICY = "EASProvisionDoc"
"""Below it every text is a setting of the policy, and shown."""

READ_HERE = frozenset({Command.PROVISION.value, Command.SETTINGS.value})
BODY_LIMIT = 64 * 1024
CHILDREN = 100
WAITING = 1000
"""Exchanges that wait to be written; more than that are lost, for no request waits for them."""

Tree = list[Any]


class Tracing:
    """Which devices are traced, and what was recorded of them; on the event loop's thread only.

    Attributes:
        until: device to the second since the epoch at which it is traced no more.
        lost: exchanges that were not written.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[Traced]]],
        write: Callable[[Sequence[Exchange]], Awaitable[None]],
    ) -> None:
        self.until: dict[DeviceKey, float] = {}
        self.lost = 0
        self._read = read
        self._write = write
        self._under_way: dict[Trace, Capture] = {}
        self._waiting: deque[Exchange] = deque()
        self._asking = False

    def begin(self, trace: Trace, scope: Message, receive: Receive, send: Send) -> "Capture":
        """Watch a request; ask only while somebody is traced."""
        capture = self._under_way[trace] = Capture(trace, scope, receive, send)
        return capture

    def forwarded(self, trace: Trace) -> None:
        """What is answered from here on is the mail server's, and not ours to read."""
        capture = self._under_way.get(trace)
        if capture is not None:
            capture.ours = False

    def end(self, trace: Trace, version: str) -> None:
        """A request has ended: keep it if it was a traced device's."""
        capture = self._under_way.pop(trace)
        key = trace.device
        if key is None or self.until.get(key, 0.0) < time.time():
            return
        if len(self._waiting) >= WAITING:
            self.lost += 1
            return
        self._waiting.append(Exchange(key, datetime.fromtimestamp(time.time(), UTC), capture.told(version)))

    def changed(self, changes: Iterable[Change]) -> None:
        """Ask again who is traced if that may have changed."""
        if not self._asking and any(change.scope in (Scope.DEVICE, Scope.ORGANISATION) for change in changes):
            self.outdated()

    def outdated(self) -> None:
        """Ask again who is traced."""
        if not self._asking:
            self._asking = True
            background(self._ask(), name="traced devices")

    async def _ask(self) -> None:
        self._asking = False  # what changes from here on is asked for once more
        try:
            self.until = {one.key: one.until.timestamp() for one in await self._read()}
        except GatewayError:
            return  # the next change, or the next round, asks again

    async def round(self) -> None:
        """Write what was recorded, and forget whose time is over."""
        now = time.time()
        for key in [key for key, until in self.until.items() if until < now]:
            del self.until[key]
        batch = list(self._waiting)
        self._waiting.clear()
        try:
            if batch:
                await self._write(batch)
        except GatewayError:
            self.lost += len(batch)
            raise

    async def close(self) -> None:
        """Write what is left; what the database refuses now is lost."""
        with suppress(GatewayError):
            await self.round()


class Capture:
    """One request while it is under way.

    Attributes:
        ours: whether the answer is written here.
    """

    __slots__ = (
        "_answer", "_answered", "_began", "_body", "_receive", "_received", "_scope", "_send", "_sent",
        "_start", "_trace", "ours",
    )  # fmt: skip

    def __init__(self, trace: Trace, scope: Message, receive: Receive, send: Send) -> None:
        self.ours = True
        self._trace = trace
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()
        self._start: Message = {}
        self._body, self._answer = bytearray(), bytearray()
        self._received = self._sent = 0
        self._answered = 0.0

    async def receive(self) -> Message:
        """Pass on what the client sends."""
        message = await self._receive()
        data = message.get("body", b"")
        self._received += len(data)
        if self._trace.command in READ_HERE and len(self._body) + len(data) <= BODY_LIMIT:
            self._body += data
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the client is sent."""
        if message["type"] == "http.response.start":
            self._start, self._answered = message, time.perf_counter()
        else:
            data = message.get("body", b"")
            self._sent += len(data)
            if self.ours and len(self._answer) + len(data) <= BODY_LIMIT:
                self._answer += data
        await self._send(message)

    def told(self, version: str) -> dict[str, Any]:
        """The exchange as it is kept."""
        now = time.perf_counter()
        answer = tree(bytes(self._answer)) if self.ours and self._is_document() else None
        return {
            "request": self._trace.request_id,
            "method": self._scope["method"],
            "command": self._trace.command,
            "version": version,
            "verdict": self._trace.verdict,
            "client": self._trace.client,
            "http_status": self._start.get("status", 0),
            "status": first_status(answer),
            "octets_received": self._received,
            "octets_sent": self._sent,
            "ms_to_answer": round((self._answered or now) * 1000 - self._began * 1000, 1),
            "ms": round((now - self._began) * 1000, 1),
            "request_headers": headers(self._scope["headers"]),
            "answer_headers": headers(self._start.get("headers", ())),
            "request_document": tree(bytes(self._body)) if self._body else None,
            "answer_document": answer,
        }

    def _is_document(self) -> bool:
        types = [value for name, value in self._start.get("headers", ()) if name.lower() == b"content-type"]
        return bool(self._answer) and types == [WBXML_TYPE.encode("ascii")]


def headers(pairs: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    """Names, with their values where they are no secret."""
    named = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs]
    return [[name, _plain(value) if name in SHOWN else MASK] for name, value in named]


def tree(octets: bytes) -> Tree | None:
    """A document as ``[name, child, ...]`` lists with its text redacted; None for what is none."""
    try:
        return _shown(wbxml.decode(octets), in_policy=False)
    except ProtocolError:
        return None


def _shown(element: Element, *, in_policy: bool) -> Tree:
    open_ = in_policy or element.name in SAFE
    below = in_policy or element.name == POLICY
    children: Tree = []
    for child in element.children[:CHILDREN]:
        if isinstance(child, Element):
            children.append(_shown(child, in_policy=below))
        else:
            children.append(_plain(child) if open_ and isinstance(child, str) else MASK)
    return [element.name, *children]


def first_status(document: Tree | None) -> str:
    """The outermost Status of a document, empty for none."""
    level: list[Any] = [document] if document else []
    while level:
        for each in level:
            if isinstance(each, list) and each[0] == "Status" and len(each) > 1:
                return str(each[1])
        level = [child for each in level if isinstance(each, list) for child in each[1:]]
    return ""


def _plain(text: str) -> str:
    """At most 200 characters that can be printed and stored."""
    return "".join(each if each.isprintable() else "?" for each in text[:200])
