"""One request to a backend and its answer back (product 3.3 to 3.6, house.md 4 steps 7 and 8).

Stream up; race the backend's answer against the client's departure, the cut of a wipe and the clock; stream
down. Neither body is ever whole in memory: a chunk moves when the other side has taken the one before. What
has no Content-Length and is small is gathered to get one, because clients of this protocol broke on chunked
answers (spec 1.9); what is larger is streamed as it comes.
"""

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import IO

import aiohttp

from gateway.log import background
from gateway.proxy import answers, drain
from gateway.proxy.asgi import Message, RawHeaders, Receive, Send, tail
from gateway.proxy.headers import Pairs, response_headers
from gateway.proxy.race import Ending, Lost, Race
from gateway.proxy.upload import SPOOL_MEMORY, STALL_S, Upload, pages, spool
from gateway.proxy.upstream import Body, Upstream
from gateway.proxy.wire import Answer
from mdm.ashttp import Reply

SMALL_BODY = 64 * 1024
"""An answer of unknown length up to here is gathered."""

BODY_PAUSE_S = 120.0
"""A backend that pauses for longer within an answer is stuck; so is a client that takes nothing for so
long."""

MAX_ANSWER = 1 << 30
"""Nothing that a phone asks for is a GiB: an answer that never ends does (T36)."""

MAX_BODY = 50 << 20
"""Most octets of a request without a length, unless the caller says otherwise."""

ORDERS = frozenset({Ending.PROVISIONS, Ending.WIPES, Ending.ORDERS})
"""A backend's orders to a device, of which no device hears."""

NO_CHALLENGE = 'Basic realm="ActiveSync"'


@dataclass(slots=True)
class Outbound:
    """A request that has been decided: everything ``forward`` needs to know.

    Attributes:
        target: canonical path and query; a base64 one may hold a backend's key.
        headers: complete but for Host and framing.
        first: what has been read of the body.
        more: whether there is more to come from ``receive()``.
        content_length: of the whole body, None for a chunked one.
        timeout_s: from the end of the request to the head of the answer.
        on_forbidden: the answer in place of a backend's 403, in the command's own form.
        challenge: WWW-Authenticate in place of a backend's own.
        extra: headers to add to the backend's answer, names in lower case (X-MS-RP and its lists).
        pages: an HTML body is legitimate (GetAttachment).
        on_order: what the client is told when the backend wants provisioning or a wipe; None leaves the
            client unanswered, for the caller has something better.
    """

    method: str
    target: str = field(repr=False)
    headers: Pairs = field(repr=False)
    first: bytes = field(default=b"", repr=False)
    more: bool = False
    content_length: int | None = None
    timeout_s: float = 300.0
    on_forbidden: Reply | None = None
    challenge: str = NO_CHALLENGE
    extra: RawHeaders = field(default_factory=list)
    pages: bool = False
    on_order: Reply | None = answers.UNAVAILABLE
    max_body: int = MAX_BODY
    drain_s: float = drain.DRAIN_S


@dataclass(slots=True)
class Outcome:
    """What became of a request.

    Attributes:
        status: what the client was sent, 0 for nothing.
        backend_status: what the backend said, 0 for nothing.
        sent: octets of the body that went down.
    """

    ending: Ending
    status: int = 0
    backend_status: int = 0
    sent: int = 0


async def forward(
    upstream: Upstream,
    outbound: Outbound,
    receive: Receive,
    send: Send,
    cut: asyncio.Future[Reply] | None = None,
) -> Outcome:
    """Carry one request to its end, whatever end that is; an answer has been sent when this returns, unless
    ``outbound.on_order`` is None and the outcome's ending one of ``ORDERS``.

    ``cut`` ends the wait for the backend with the answer set on it. The caller has nothing left to send, and
    must return at once: when an answer broke off in the middle, only closing the connection tells the client
    so.
    """
    limit_s = STALL_S if outbound.more else outbound.timeout_s
    race = Race(receive, limit_s, cut, upstream.clock, body_read=not outbound.more)
    exchange = _Exchange(upstream, outbound, receive, send, race)
    exchange.measured = cut is None and not outbound.more
    try:
        await exchange.run()
    except Lost as lost:
        await race.absorb(lost.ending)
    except asyncio.CancelledError:
        if not race.caught():
            raise
    finally:
        race.stop()
        exchange.close()
    if race.lost is not None:
        await exchange.give_up(race.lost, cut)
    return exchange.outcome


class _Exchange:
    __slots__ = (
        "_file",
        "_outbound",
        "_race",
        "_receive",
        "_response",
        "_send",
        "_upstream",
        "measured",
        "outcome",
    )

    def __init__(
        self, upstream: Upstream, outbound: Outbound, receive: Receive, send: Send, race: Race
    ) -> None:
        self._upstream = upstream
        self._outbound = outbound
        self._receive = receive
        self._send = send
        self._race = race
        self._file: IO[bytes] | None = None
        self._response: Answer | None = None
        self.measured = False
        self.outcome = Outcome(Ending.ANSWERED)

    def close(self) -> None:
        """Free the backend: a connection whose answer was not read to its end is closed, not kept."""
        if self._response is not None and not self._response.closed:
            self._response.close()
        if self._file is not None:
            self._file.close()

    async def run(self) -> None:
        """Stream up, wait, stream down."""
        outbound = self._outbound
        headers = outbound.headers
        body: Body = outbound.first
        if outbound.more:
            headers, body = await self._flowing()
        upstream = self._upstream
        asked_at = perf_counter()
        self._response = response = await upstream.open(outbound.method, outbound.target, headers, body)
        if self.measured:
            upstream.latency.note(perf_counter() - asked_at)
        status = self.outcome.backend_status = response.status
        media_type = response.headers.get("Content-Type", "")
        if (ending := answers.verdict(status, media_type, pages=outbound.pages)) is not None:
            raise Lost(ending)
        if status in answers.WELL:
            await self._relay(response, media_type)
        else:
            await self._replace(response, status, media_type)

    async def _flowing(self) -> tuple[Pairs, Body]:
        outbound, length = self._outbound, self._outbound.content_length
        if length is None and not self._upstream.route.config.chunked:
            file = self._file = await spool(
                self._receive, self._race, outbound.first, limit=outbound.max_body
            )
            self._race.extend(outbound.timeout_s)
            length = file.seek(0, 2)
            file.seek(0)
            if length <= SPOOL_MEMORY:
                return outbound.headers, file.read()
            return [*outbound.headers, ("Content-Length", str(length))], pages(file)
        upload = Upload(
            self._receive,
            self._race,
            outbound.first,
            length=length,
            limit=outbound.max_body,
            answer_s=outbound.timeout_s,
        )
        if length is None:
            return outbound.headers, upload
        return [*outbound.headers, ("Content-Length", str(length))], upload

    async def _relay(self, response: Answer, media_type: str) -> None:
        """An answer of status 200 or 204."""
        content = response.content
        if content.is_eof():
            body, whole = content.read_nowait(), True
        else:
            body, whole = await self._gather(response)
        if not self._outbound.pages:
            order = answers.order(answers.document(body, media_type))
            if order is not None:
                raise Lost(order)
        if body and "Content-Encoding" in response.headers:
            raise Lost(Ending.BAD)  # nobody asked for it, and nobody here can look into it
        headers = response_headers(
            response.raw_headers, cookies=self._upstream.route.config.cookies, empty=whole and not body
        )
        headers += self._outbound.extra
        if not whole:
            await self._stream(response, headers, body)
            return
        headers.append((b"content-length", b"%d" % len(body)))
        await self._complete(200, headers, body)

    async def _gather(self, response: Answer) -> tuple[bytes, bool]:
        """The answer's body if it is small and its end has come, else the beginning of it."""
        length = _length(response)
        enough = answers.STATUS_ONLY if length is not None and length > SMALL_BODY else SMALL_BODY
        parts: list[bytes] = []
        size = 0
        try:
            while size <= enough:
                self._race.extend(BODY_PAUSE_S)
                chunk = await response.content.readany()
                if not chunk:
                    return b"".join(parts), True
                parts.append(chunk)
                size += len(chunk)
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(Ending.BAD) from error
        return b"".join(parts), False

    async def _stream(self, response: Answer, headers: RawHeaders, chunk: bytes) -> None:
        length = _length(response)
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        await self._begin(200, headers)
        race, content, outcome = self._race, response.content, self.outcome
        try:
            while chunk:
                race.extend(BODY_PAUSE_S, Ending.GONE)
                await self._send(tail(chunk, more=True))
                outcome.sent += len(chunk)
                if outcome.sent > MAX_ANSWER:
                    raise Lost(Ending.BROKEN)
                race.extend(BODY_PAUSE_S)
                chunk = await content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(Ending.BROKEN) from error
        race.stop()
        await self._finish(b"")

    async def _replace(self, response: Answer, status: int, media_type: str) -> None:
        """An error: our own answer where we know better, else the status, and a body only of WBXML."""
        outbound = self._outbound
        reply = answers.replaced(status, outbound.on_forbidden, outbound.challenge)
        if reply is not None:
            self.close()
            await self._answer(reply)
            return
        body, whole = await self._gather(response) if answers.is_wbxml(media_type) else (b"", True)
        if not whole:
            raise Lost(Ending.BAD)
        if answers.order(body) is not None:
            body = b""
        self.close()
        headers = response_headers(response.raw_headers, cookies=False, empty=not body)
        headers.append((b"content-length", b"%d" % len(body)))
        await self._complete(status, headers, body)

    async def _complete(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self._race.stop()
        await self._begin(status, headers)
        await self._finish(body)

    async def _begin(self, status: int, headers: RawHeaders) -> None:
        self._race.settle()
        message: Message = {"type": "http.response.start", "status": status, "headers": headers}
        await self._send(message)
        self.outcome.status = status

    async def _finish(self, body: bytes) -> None:
        if self._race.body_read:
            await self._send(tail(body))
        else:
            self.close()
            await drain.end(self._receive, self._send, body=body, limit_s=self._outbound.drain_s)
        self.outcome.sent += len(body)

    async def _answer(self, reply: Reply) -> None:
        self._race.stop()
        unread = not self._race.body_read
        await drain.answer(reply, self._receive, self._send, unread=unread, limit_s=self._outbound.drain_s)
        self.outcome.status = reply.status
        self.outcome.sent = len(reply.body)

    async def give_up(self, why: Ending, cut: asyncio.Future[Reply] | None) -> None:
        """The backend lost: tell the client, if it is there and has not been told something else already."""
        outcome = self.outcome
        outcome.ending = why
        if outcome.status:
            outcome.ending = why if why is Ending.GONE else Ending.BROKEN
            if not self._race.body_read:
                background(drain.drain(self._receive, self._outbound.drain_s), name="drain")
        elif why is not Ending.GONE:
            reply = self._outbound.on_order if why in ORDERS else answers.ACCIDENTS.get(why)
            if why is Ending.CUT and cut is not None:
                reply = cut.result()
            if reply is not None:
                await self._answer(reply)


def _length(answer: Answer) -> int | None:
    """The answer's Content-Length; the parser has refused what is no number."""
    text = answer.headers.get("Content-Length")
    return None if text is None else int(text)
