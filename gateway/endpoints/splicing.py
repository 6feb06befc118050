"""Putting our part of an answer into the mail server's (Settings with DevicePassword among other things).

The gateway keeps recovery passwords itself and takes them out of the request; whatever else stands in it
goes on to the mail server, whose answer then lacks that one part. A short WBXML answer is gathered, the part
is put in, and it goes on; anything else passes as it comes: the client then misses a Status, no more.
"""

from collections.abc import Callable

from gateway.proxy.asgi import Message, RawHeaders, Send, tail
from mdm import wbxml
from mdm.ashttp import is_wbxml
from mdm.errors import ProtocolError
from mdm.wbxml import Element

LIMIT = 256 * 1024
"""Bytes of an answer that are gathered; the longest, a signature in an out-of-office text, has a few KiB."""

Amend = Callable[[Element], Element]


class Splice:
    """A ``send`` that amends the document which passes through it."""

    def __init__(self, send: Send, amend: Amend) -> None:
        self._send = send
        self._amend = amend
        self._head: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Take the next message of the answer."""
        if message["type"] == "http.response.start" and _fits(message):
            self._head = message
            return
        if self._head is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if len(self._body) > LIMIT:
            await self._flush(self._head, self._body, more=message.get("more_body", False))
        elif not message.get("more_body", False):
            body = self._amended()
            self._head["headers"] = _with_length(self._head["headers"], len(body))
            await self._flush(self._head, body, more=False)

    async def _flush(self, head: Message, body: bytes, *, more: bool) -> None:
        self._head = None
        await self._send(head)
        await self._send(tail(body, more=more))

    def _amended(self) -> bytes:
        try:
            return wbxml.encode(self._amend(wbxml.decode(self._body)))
        except ProtocolError:
            return self._body


def _fits(head: Message) -> bool:
    said = {name.lower(): value for name, value in head["headers"]}
    media_type = said.get(b"content-type", b"").decode("latin-1")
    return head["status"] == 200 and is_wbxml(media_type) and b"content-encoding" not in said


def _with_length(headers: RawHeaders, length: int) -> RawHeaders:
    framing = (b"content-length", b"transfer-encoding")
    kept = [(name, value) for name, value in headers if name.lower() not in framing]
    return [*kept, (b"content-length", b"%d" % length)]
