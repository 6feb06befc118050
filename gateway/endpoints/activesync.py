"""``/Microsoft-Server-ActiveSync`` (MS-ASHTTP, house.md 4): one request, from its head to its end.

The order is the law of product 3.1: parse, authenticate, judge, look at the body, forward. For a known and
unchanged device nothing here touches the database or a thread (house.md 4a). Raw ASGI: Starlette's Request
and Response would cost more than the whole decision.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.endpoints.bodies import Body, ClientLeft, Inspected, inspect
from gateway.endpoints.conduct import ConductWatch, Doubt
from gateway.endpoints.credentials import Basic, Credentials, proven, read_basic
from gateway.endpoints.door import Door, Visit
from gateway.endpoints.drip import drip, wants_drip
from gateway.endpoints.headers import RequestHeaders, read_headers
from gateway.endpoints.lane import Lane
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.passage import Passage
from gateway.endpoints.provisioning import Provisioning
from gateway.endpoints.rendering import METHOD_NOT_ALLOWED, kind_reply, protocol_reply
from gateway.endpoints.rendering import UNAUTHENTICATED as NOT_SIGNED_IN
from gateway.endpoints.splicing import Splice
from gateway.endpoints.tracing import Tracing
from gateway.endpoints.welcome import Welcome
from gateway.errors import GatewayError
from gateway.log import NO_CREDENTIALS, UNAUTHENTICATED, Trace
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send
from gateway.records.protocol import Exchange, Traced
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Look, Principal
from gateway.services.snapshots import Known, Snapshots
from mdm.access import DEVICE_LIMIT
from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.errors import ProtocolError
from mdm.gatekeeper import Forward, ProvisionHere, Refuse, admit
from mdm.query import CommandRequest, parse
from mdm.settings import password_answer, with_password
from mdm.status import refusal
from mdm.wbxml import Element, encode

App = Callable[[Message, Receive, Send], Awaitable[None]]
_SYNCED = frozenset({Command.SYNC, Command.PING, Command.FOLDER_SYNC})
_FIRST_177 = Version.V14_1
_BLOCKED = 129


@dataclass(slots=True)
class Rooms:
    """Where a request can be sent within the endpoint."""

    credentials: Credentials
    door: Door
    lane: Lane
    provisioning: Provisioning
    passage: Passage
    conduct: ConductWatch
    welcome: Welcome
    discovery: App


class ActiveSync:
    """The ASGI application behind the path."""

    def __init__(
        self,
        rooms: Rooms,
        snapshots: Snapshots,
        *,
        drain_s: float = drain.DRAIN_S,
        tracing: Tracing | None = None,
    ) -> None:
        self._tracing = tracing or Tracing(_nobody_traced, _nothing_written)
        self._rooms = rooms
        self._snapshots = snapshots
        self._drain_s = drain_s

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, watched if anybody's is (``tracing``)."""
        if not self._tracing.until:
            await self._serve(scope, receive, send)
            return
        trace: Trace = scope[TRACE]
        capture = self._tracing.begin(trace, scope, receive, send)
        try:
            await self._serve(scope, capture.receive, capture.send)
        finally:
            self._tracing.end(trace, _version_of(scope))

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """Whatever goes wrong becomes the protocol's own answer here."""
        trace: Trace = scope[TRACE]
        request: CommandRequest | None = None
        body: Body | None = None
        try:
            headers = read_headers(scope["headers"])
            body = Body(receive, headers.content_length, headers.chunked)
            if scope["method"] == "POST":
                request = _read(scope["query_string"], headers)
                trace.command = request.command.value
                reply = await self._post(request, headers, body, scope, receive, send)
            elif scope["method"] == "OPTIONS":
                reply = await self._rooms.welcome.answer(headers, trace)
            elif wants_drip(scope) and not body.unread:
                await drip(send)
                return
            else:
                reply = METHOD_NOT_ALLOWED
        except ClientLeft:
            trace.verdict = "client left"
            return
        except ProtocolError as fault:
            trace.verdict = "malformed"
            if trace.device is not None:
                self._rooms.conduct.failed(trace.device)
            reply = protocol_reply(fault, request)
        except GatewayError as error:
            trace.verdict = error.kind.value
            reply = kind_reply(error, request)
        if reply is not None:
            unread = body is None or body.unread
            await drain.answer(reply, receive, send, unread=unread, limit_s=self._drain_s)

    async def _post(
        self,
        request: CommandRequest,
        headers: RequestHeaders,
        body: Body,
        scope: Message,
        receive: Receive,
        send: Send,
    ) -> Reply | None:
        """The answer to a command, None when it has been given already."""
        if request.command is Command.AUTODISCOVER:
            await self._rooms.discovery(scope, receive, send)
            return None
        trace: Trace = scope[TRACE]
        basic = read_basic(headers.authorization)
        if basic is None:
            trace.verdict = NO_CREDENTIALS if headers.authorization is None else UNAUTHENTICATED
            return NOT_SIGNED_IN
        principal = self._rooms.credentials.remembered(basic, request.device_id)
        if principal is Look.UNKNOWN:
            try:
                principal = await self._verified(basic, trace, request.device_id)
            except GatewayError:  # nobody can say whether the password is right; a wipe does not wait for it
                wiped = await self._wiped(request, headers, body, basic, trace)
                if wiped is None:
                    raise
                return wiped
        if not isinstance(principal, Principal):
            trace.verdict = UNAUTHENTICATED
            self._rooms.conduct.refused(basic.username, request.device_id)
            return await self._wiped(request, headers, body, basic, trace) or NOT_SIGNED_IN
        proven(scope)
        visit = Visit(request, headers, scope["headers"], basic, principal, trace)
        return await self._judged(visit, body, receive, send)

    async def _verified(self, basic: Basic, trace: Trace, device_id: str) -> Principal | Look:
        return await self._rooms.credentials.verify(basic, trace.client, device_id) or Look.REJECTED

    async def _judged(self, visit: Visit, body: Body, receive: Receive, send: Send) -> Reply | None:
        judged = await self._rooms.door.judge(visit)
        if isinstance(judged, TooManyDevices):
            return _too_many(visit.request, visit.trace)
        known, verdict = judged
        request, trace = visit.request, visit.trace
        trace.device = known.device.key
        heeded = self._rooms.conduct.heed(visit, known, verdict)
        if heeded is not None:
            return await self._held_up(visit, known, heeded)
        user_agent = visit.headers.user_agent
        forwarded = isinstance(verdict, Forward)
        synced = forwarded and request.command in _SYNCED
        self._snapshots.note(known, time.time(), trace.client, user_agent, request.version, synced)
        if forwarded:
            seen = await inspect(request, visit.headers, body)
            return await self._forward(visit, known, seen, body, receive, send)
        if isinstance(verdict, Refuse):
            trace.verdict = verdict.reason
            return verdict.reply
        rooms = self._rooms.provisioning
        if isinstance(verdict, ProvisionHere):
            paused_s = self._rooms.conduct.paused_s(known)
            return await rooms.provision(
                request, known.device.key, body, trace, user_agent, paused_s=paused_s
            )
        return await self._quarantined(visit, known, body)

    async def _held_up(self, visit: Visit, known: Known, heeded: Reply | Doubt) -> Reply:
        """Slowed down, or in dispute from now on."""
        if isinstance(heeded, Reply):
            visit.trace.verdict = "slowed"
            return heeded
        await self._rooms.conduct.dispute(visit, known, heeded)
        visit.trace.verdict = "identity"
        return refusal(visit.request.command, visit.request.version, _BLOCKED)

    async def _still_right(self, visit: Visit, known: Known) -> bool:
        """Whether the password that was right when the request came is so before the request may wait: it may
        have been changed or revoked while the body came, and that is told once."""
        if visit.principal.bound is None:
            if not _outdated(visit.principal, known):
                return True
            recalled = await self._rooms.door.recall(visit)
            return not (isinstance(recalled, TooManyDevices) or _outdated(visit.principal, recalled))
        credentials, device_id = self._rooms.credentials, visit.request.device_id
        if isinstance(credentials.remembered(visit.basic, device_id), Principal):
            return True
        return await credentials.verify(visit.basic, visit.trace.client, device_id) is not None

    async def _quarantined(self, visit: Visit, known: Known, body: Body, first: bytes = b"") -> Reply:
        trace, user_agent = visit.trace, visit.headers.user_agent
        trace.verdict = "quarantine"
        rooms = self._rooms.provisioning
        return await rooms.answer_quarantined(visit.request, known, body, trace, user_agent, first=first)

    async def _forward(
        self, visit: Visit, known: Known, seen: Inspected, body: Body, receive: Receive, send: Send
    ) -> Reply | None:
        """Judge once more if anything changed while the body came, then carry the request."""
        if seen.fingerprint:
            self._rooms.conduct.synced(known, seen)
        password: str | None = None
        if visit.request.command is Command.SETTINGS and seen.first:
            user_agent = visit.headers.user_agent
            password = await self._rooms.provisioning.read_settings(
                known, seen, body, visit.trace, user_agent
            )
            if password is not None and not seen.first:
                visit.trace.verdict = "recovery password"
                return _document(password_answer(password))
        if self._rooms.door.remembered(visit) is not known:
            judged = await self._rooms.door.judge(visit)
            if isinstance(judged, TooManyDevices):
                return _too_many(visit.request, visit.trace)
            known, verdict = judged
            if isinstance(verdict, Refuse):
                visit.trace.verdict = verdict.reason
                return verdict.reply
            if not isinstance(verdict, Forward):
                return await self._quarantined(visit, known, body, seen.first)
        if not await self._still_right(visit, known):
            visit.trace.verdict = "password changed"
            return NOT_SIGNED_IN
        if password is not None:
            send = Splice(send, partial(with_password, status=password))
        if self._tracing.until:
            self._tracing.forwarded(visit.trace)
        outcome = await self._rooms.passage.carry(visit, known, seen, receive, send)
        visit.trace.verdict = outcome.ending.value
        self._rooms.conduct.ended(known, outcome)
        if outcome.backend_status == 401:
            self._rooms.credentials.refused(visit.basic, known.user)
        return None

    async def _wiped(
        self, request: CommandRequest, headers: RequestHeaders, body: Body, basic: Basic, trace: Trace
    ) -> Reply | None:
        """Without a password that is known to be right: the wipe for who proves a device whose wipe is open,
        None for any stranger.
        """
        known = await self._rooms.lane.open_for(request, basic, trace, headers.user_agent)
        if known is None:
            return None
        trace.device = known.device.key
        trace.verdict = "wipe"
        terms = known.terms(request.version, time.time(), (trace.client, headers.user_agent))
        verdict = admit(request, known.device, terms)
        if isinstance(verdict, ProvisionHere):
            return await self._rooms.provisioning.provision(
                request, known.device.key, body, trace, headers.user_agent, unverified=True
            )
        return verdict.reply if isinstance(verdict, Refuse) else None


def _version_of(scope: Message) -> str:
    named = [value for name, value in scope["headers"] if name == b"ms-asprotocolversion"]
    return named[0][:8].decode("latin-1") if named else ""


async def _nobody_traced() -> Sequence[Traced]:
    return ()


async def _nothing_written(_exchanges: Sequence[Exchange]) -> None:
    return None


def _read(query: bytes, headers: RequestHeaders) -> CommandRequest:
    return parse(query, version=headers.version, policy_key=headers.policy_key, multipart=headers.multipart)


def _document(root: Element) -> Reply:
    return Reply(200, body=encode(root), media_type=WBXML_TYPE)


def _outdated(principal: Principal, known: Known) -> bool:
    """Whether the password was another one when it was verified: of the two, either may be the newer."""
    return bool(principal.proof) and principal.proof != known.user.password_hash


def _too_many(request: CommandRequest, trace: Trace) -> Reply:
    """Status 177 where the version knows it, else 129 or 403 (product 5.7)."""
    trace.verdict = "too many devices"
    status = DEVICE_LIMIT.status if request.version >= _FIRST_177 else _BLOCKED
    return refusal(request.command, request.version, status)
