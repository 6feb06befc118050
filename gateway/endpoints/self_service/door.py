"""The door of ``/self/`` (product 7.8; T1, T24, T25): who asks, whether a form comes from here, and nothing
for anybody else.

A ``Place`` of the clients' routing. What a person may do is in ``table``: a path that is not in it is 404,
whoever asks. A session is a cookie of its own, ``__Host-usher-self``; the console's is not looked at.
The pages themselves are imported in a thread when they are needed first.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from gateway.endpoints.browsers import (
    SAFE,
    cookie_line,
    cookie_of,
    csrf_of,
    from_here,
    headers_of,
    private,
)
from gateway.endpoints.credentials import MAXIMUM_AUTHORIZATION, Basic, Credentials, proven
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.profiles import ProfileEndpoint
from gateway.endpoints.rendering import REST, RETRY_AFTER
from gateway.endpoints.self_service.table import NOTHING
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError, Kind
from gateway.log import UNAUTHENTICATED
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send
from gateway.services.drawn_secrets import SELF
from gateway.services.login import Look, Principal
from gateway.services.self_sessions import LONGEST, SelfSessions, Signed
from gateway.services.throttle_windows import Allowance, Buckets
from mdm.ashttp import Reply

if TYPE_CHECKING:
    from gateway.endpoints.self_service.things import Things
    from gateway.endpoints.self_service.visits import Visit

COOKIE = "__Host-usher-self"
HOME = "/self/"
SIGN_IN = "/self/sign-in"
BODY_LIMIT = 8 * 1024
"""Octets of a form: a label and a password, sent by whoever finds the page."""

PER_PERSON = Allowance(burst=100, refill_s=0.2)
"""Requests of a person who is signed in, from all browsers together: each looks at the database. It takes a
session to spend it, so nobody spends another's."""

TEXT = "text/plain; charset=utf-8"


class SelfService:
    """The ASGI application of ``/self/``.

    Args:
        load: makes the pages; called once, in a thread.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        credentials: Credentials,
        sessions: SelfSessions,
        profiles: ProfileEndpoint,
        threads: Threads,
        load: "Callable[[], Things]",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._sessions = sessions
        self._profiles = profiles
        self._threads = threads
        self._load = load
        self._now = now
        self._asked = Buckets(PER_PERSON)
        self._things: Things | None = None

    @staticmethod
    def matches(path: str) -> bool:
        """Whether the page has this path; its names are written in one case only."""
        return path.startswith(HOME) or path == HOME[:-1]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong becomes a page's status."""
        headers = headers_of(scope)
        unread = scope["method"] not in SAFE

        async def heard() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and bool(message.get("more_body", False))
            return message

        try:
            reply = await self._reply(scope, heard, headers)
        except GatewayError as error:
            _log_verdict(scope, error.kind.value)
            reply = _plain(REST[error.kind], error.public)
        if scope["method"] == "HEAD":
            reply = Reply(reply.status, reply.headers, b"", reply.media_type)
        await drain.answer(reply, receive, private(send), unread=unread)

    async def _reply(self, scope: Message, receive: Receive, headers: Mapping[bytes, bytes]) -> Reply:
        if scope["method"] not in SAFE and not from_here(headers):
            return _plain(403, "This came from another page.")
        if self._things is None:
            self._things = await self._threads.store(self._load)
        secret = cookie_of(headers.get(b"cookie", b""), COOKIE, SELF)
        signed = await self._threads.store(self._sessions.present, secret) if secret else None
        if signed is not None:
            proven(scope)
            self._spend(signed.user.id)
        form = await self._things.form(scope, receive, headers)
        visit = self._things.visit(scope, headers, form, signed, csrf_of(secret if signed else ""))
        if visit.thing is NOTHING:
            return self._things.serve(visit) if signed else to(SIGN_IN)
        if signed is None and not visit.thing.open:
            return to(SIGN_IN)
        if scope["method"] not in SAFE and not hmac.compare_digest(
            visit.csrf.encode(), form.text("csrf").encode()
        ):
            return _plain(403, "This form is from another session: open the page anew.")
        if signed is None or visit.thing.open:
            return await self._entering(visit, self._things)
        return await self._inside(visit, self._things, signed)

    def _spend(self, user: str) -> None:
        """One request of a person; GatewayError THROTTLED where too many came from all browsers together."""
        now = self._now()
        if self._asked.level(user, now) < 1:
            raise GatewayError(Kind.THROTTLED, "Too many requests: wait a while.")
        self._asked.add(user, -1, now)

    async def _inside(self, visit: "Visit", things: "Things", signed: Signed) -> Reply:
        """What somebody who is signed in asked for; what erases or gives away takes the password again."""
        if visit.thing.path == "/self/profile":
            return await self._profiles.own(signed.user.id, visit.scope)
        if visit.thing.path == "/self/sign-out":
            await self._threads.store(self._sessions.end, signed.session)
            return to(SIGN_IN, ("Set-Cookie", cookie_line(COOKIE, "", 0)))
        if visit.thing.proved and not signed.proved:
            if not await self._proves(visit, signed):
                return await self._threads.store(things.unproved, visit)
            await self._threads.store(self._sessions.prove, signed.session)
        return await self._threads.store(things.serve, visit)

    async def _proves(self, visit: "Visit", signed: Signed) -> bool:
        password = visit.form.text("proof")
        found = await self._principal(visit, signed.user.address, password) if password else None
        return found is not None and found.user == signed.user.id

    async def _entering(self, visit: "Visit", things: "Things") -> Reply:
        """The pages for anybody; one answer for whatever was wrong with a name or a password."""
        if visit.thing.method != "POST":
            return await self._threads.store(things.serve, visit)
        try:
            name = visit.form.text("name").strip()
            found = await self._principal(visit, name, visit.form.text("password"))
        except GatewayError as error:
            if error.kind is not Kind.THROTTLED:
                raise
            _log_verdict(visit.scope, error.kind.value)
            return await self._threads.store(things.refused, visit, Kind.THROTTLED)
        begin = partial(self._sessions.begin, source=visit.source, user_agent=visit.user_agent)
        secret = await self._threads.store(begin, found.user, proof=found.proof) if found else None
        if secret is None:
            _log_verdict(visit.scope, UNAUTHENTICATED)
            return await self._threads.store(things.refused, visit, Kind.UNAUTHENTICATED)
        line = cookie_line(COOKIE, secret, int(LONGEST.total_seconds()))
        return to(HOME, ("Set-Cookie", line))

    async def _principal(self, visit: "Visit", name: str, password: str) -> Principal | None:
        """Through the login of phones, its memory and its throttle; an app password is a phone's."""
        octets = f"{name}:{password}".encode("utf-8", "replace")
        if not name or not password or ":" in name or "\0" in name + password:
            return None
        if len(octets) > MAXIMUM_AUTHORIZATION // 2:
            return None
        basic = Basic(name, password, octets)
        found = self._credentials.remembered(basic)
        if found is Look.UNKNOWN:
            found = await self._credentials.verify(basic, visit.source) or Look.REJECTED
        return found if isinstance(found, Principal) and found.bound is None else None


def to(place: str, *headers: tuple[str, str]) -> Reply:
    """Go on at another page after something was done."""
    return Reply(303, (("Location", place), *headers))


def _plain(status: int, text: str) -> Reply:
    retry = (("Retry-After", str(RETRY_AFTER)),) if status in (429, 503) else ()
    return Reply(status, retry, f"{text}\n".encode() if text else b"", TEXT)


def _log_verdict(scope: Message, verdict: str) -> None:
    if TRACE in scope:
        scope[TRACE].verdict = verdict
