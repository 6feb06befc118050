"""Who asks: Basic credentials to a Principal (house.md 4 step 3; product 1: one password check for all).

The cache in ``services.login`` answers almost every request. What it does not know is verified once, however
many requests carry it at the same moment: against the stored hash in a small pool of threads (argon2 costs
19 ms, and it is a stranger who spends them), or by asking the backend. A rejected password is remembered, so
that a phone with a stale one costs the directory a single failure (T2). Whatever is wrong with a credential,
the answer is the same 401 (T1).
"""

import asyncio
import binascii
import logging
import math
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.endpoints.headers import read_headers
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError, Kind
from gateway.log import NO_CREDENTIALS, UNAUTHENTICATED, Trace, background
from gateway.proxy.asgi import Message
from gateway.proxy.upstream import LoginAnswer
from gateway.records import Actor, User, UserSource
from gateway.records.app_passwords import AppPassword
from gateway.services.drawn_secrets import app_password_digest
from gateway.services.login import Login, Look, Principal
from gateway.services.resolution import Resolved
from gateway.services.throttle import Attempt

MAXIMUM_AUTHORIZATION = 2048
"""Bytes of an Authorization value: a 254-byte address and a 256-byte password in base64, twice over."""

_log = logging.getLogger(__name__)

PROVEN = "usher.proven"
"""Key of ``scope["state"]``: what to call when a connection has carried a right credential, once."""

BEAT_S = 0.05
"""Who was looked up and is refused hears of it at a whole number of these after asking: two and a half
password hashes, so that what the work cost shows in no answer (T1). Refusals from memory do not wait."""


@dataclass(slots=True)
class Basic:
    """What a client typed.

    Attributes:
        username: an address, ``DOMAIN\\user`` or a bare name.
        octets: the decoded ``user:password`` bytes, for the cache's keyed hash.
    """

    username: str
    password: str = field(repr=False)
    octets: bytes = field(repr=False)


class Users(Protocol):
    """What is asked of the users service."""

    def resolve(self, name: str) -> Resolved | None: ...
    def appear(self, actor: Actor, organisation: str, address: str) -> User: ...


class Passwords(Protocol):
    """The built-in directory."""

    def verify(self, user: User | None, password: str) -> bool: ...


class AppPasswordsOf(Protocol):
    """What is asked of the app passwords."""

    def verify(
        self, user: User | None, backend: str, password: str, device_id: str = "", source: str = ""
    ) -> AppPassword | None: ...
    def used(self, identity: str) -> None: ...


class Prober(Protocol):
    """A backend that can be asked whether it lets somebody in."""

    def check_login(self, username: str, password: str) -> Awaitable[LoginAnswer]: ...


def read_basic(value: bytes | None) -> Basic | None:
    """Read an Authorization value, None when it is no usable Basic credential.

    UTF-8 first, then ISO-8859-1, which Outlook desktop sends (spec/autodiscover.md R15).
    """
    if value is None or len(value) > MAXIMUM_AUTHORIZATION:
        return None
    scheme, _, encoded = value.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        octets = b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        return None
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("iso-8859-1")
    username, colon, password = text.partition(":")
    if not colon or not username or not password or "\0" in text:
        return None
    return Basic(username, password, octets)


class Credentials:
    """Verifies, remembers, and lets one check serve all who wait for it.

    An app password is remembered like any other credential, with the device that it belongs to: from another
    one it is refused from memory, and is neither forgotten nor counted for it.

    Attributes:
        app_passwords: None where there are none.

    Args:
        upstreams: backend name to who can be asked about its users.
        now: monotonic seconds.
        last_verdict_s: how long a credential that was verified is still believed while the database is away.
    """

    def __init__(
        self,
        login: Login,
        users: Users,
        passwords: Passwords,
        upstreams: Mapping[str, Prober],
        threads: Threads,
        now: Callable[[], float],
        *,
        last_verdict_s: float = 0.0,
    ) -> None:
        self.app_passwords: AppPasswordsOf | None = None
        self._last_verdict_s = last_verdict_s
        self._login = login
        self._users = users
        self._passwords = passwords
        self._upstreams = upstreams
        self._threads = threads
        self._now = now
        self._open: dict[bytes, asyncio.Future[Principal | None]] = {}

    def remembered(self, basic: Basic, device_id: str = "") -> Principal | Look:
        """What the cache knows of a credential that ``device_id`` shows; the hot path's only call."""
        found = self._login.look(basic.octets, self._now())
        if isinstance(found, Principal) and not found.serves(device_id):
            return Look.REJECTED if found.bound else Look.UNKNOWN
        return found

    async def verify(self, basic: Basic, source: str, device_id: str = "") -> Principal | None:
        """Check a credential that the cache does not know; None when it is wrong or may not be tried now.

        Args:
            source: address of the asker.
            device_id: DeviceId where the request tells one.

        Raises:
            GatewayError: BACKEND_DOWN when the one who knows cannot be asked, UNAVAILABLE without a database,
                THROTTLED while too many others of the same network are being checked.
        """
        principal = await self._shared(basic, source, device_id)
        if principal is not None and device_id and principal.bound == "":  # checked for who told no device
            principal = await self._shared(basic, source, device_id)
        return principal if principal is not None and principal.serves(device_id) else None

    async def _shared(self, basic: Basic, source: str, device_id: str) -> Principal | None:
        fingerprint = self._login.fingerprint(basic.octets)
        waiting = self._open.get(fingerprint)
        if waiting is not None:
            return await asyncio.shield(waiting)
        mine: asyncio.Future[Principal | None] = asyncio.get_running_loop().create_future()
        self._open[fingerprint] = mine
        try:
            principal = await self._checked(basic, source, device_id)
        except BaseException as error:
            _fail(mine, error)
            raise
        else:
            mine.set_result(principal)
            return principal
        finally:
            del self._open[fingerprint]

    async def principal(self, authorization: bytes | None, source: str) -> tuple[Basic, Principal] | None:
        """Both steps in one, for the paths that are not hot."""
        basic = read_basic(authorization)
        if basic is None:
            return None
        found = self.remembered(basic)
        if found is Look.UNKNOWN:
            verified = await self.verify(basic, source)
            return None if verified is None else (basic, verified)
        return (basic, found) if isinstance(found, Principal) else None

    def refused(self, basic: Basic, user: User) -> None:
        """The backend does not take a password that the cache believes (T2, T29).

        Where the backend has the users it is verified anew next time. Where the gateway has them it would be
        right again, and each request one more failure on the way to a lock-out: it is not shown for a while.
        """
        if user.source is UserSource.BACKEND:
            self._login.doubt(user.id)
        else:
            self._login.reject(basic.octets, self._now())

    async def signed(self, scope: Message) -> Principal | None:
        """Who sent a request that is not ActiveSync; None is 401."""
        headers = read_headers(scope["headers"])
        found = await self.principal(headers.authorization, scope[TRACE].client)
        if found is None:
            trace: Trace = scope[TRACE]
            trace.verdict = NO_CREDENTIALS if headers.authorization is None else UNAUTHENTICATED
            return None
        proven(scope)
        return found[1]

    async def _checked(self, basic: Basic, source: str, device_id: str) -> Principal | None:
        """While the database is away, whoever was verified lately is believed as long as the last verdict."""
        try:
            return await self._check(basic, source, device_id)
        except GatewayError as error:
            if error.kind is not Kind.UNAVAILABLE:
                raise
            held = self._login.held(basic.octets, self._now(), self._last_verdict_s)
            if held is None:
                raise
            return held

    async def _check(self, basic: Basic, source: str, device_id: str) -> Principal | None:
        throttle, began = self._login.throttle, self._now()
        attempt = throttle.attempt(basic.username, source, device_id)
        was_right = self._login.was_right(basic.octets)
        if not was_right and not throttle.may_ask(attempt, self._now()):
            self._turn_away(attempt)
            return None
        resolved = await self._threads.store(self._users.resolve, basic.username)
        attempt = replace(attempt, account=resolved.account if resolved else f"? {attempt.name.hex()}")
        grant = throttle.may_try(attempt, self._now(), was_right=was_right)
        if grant is None:
            self._turn_away(attempt)
            await self._beat(began)
            return None
        epoch = self._login.epoch
        try:
            found = await self._ask_app_passwords(basic, resolved, device_id, source)
            verified = None if found else await self._ask(basic, resolved, source)
        except BaseException:
            throttle.given_up(grant, self._now())
            raise
        if found is not None:
            principal, lives_s = found
            self._login.accept(basic.octets, principal, grant, self._now(), epoch, lives_s=lives_s)
            return principal
        if verified is None:
            if self._login.reject(basic.octets, self._now(), grant):
                _log.warning("many names fail from one range", extra={"range": attempt.place.range})
            await self._beat(began)
            return None
        principal = Principal(verified.organisation, verified.id, verified.password_hash or "")
        self._login.accept(basic.octets, principal, grant, self._now(), epoch)
        return principal

    async def _beat(self, began: float) -> None:
        """Wait for the next beat since the request came: a user's row takes longer to read than nobody's."""
        await asyncio.sleep(BEAT_S - (self._now() - began) % BEAT_S)

    def _turn_away(self, attempt: Attempt) -> None:
        """Whoever only came together with many others is told to come again; a guesser gets the 401."""
        if self._login.throttle.crowded(attempt, self._now()):
            raise GatewayError(Kind.THROTTLED)

    async def _ask_app_passwords(
        self, basic: Basic, resolved: Resolved | None, device_id: str, source: str
    ) -> tuple[Principal, float] | None:
        """Whose app password it is, and for how many seconds; nobody is asked about what cannot be one, and
        for an unknown name as much as for a known one (T1)."""
        if self.app_passwords is None or not app_password_digest(basic.password):
            return None
        user, backend = (resolved.user, resolved.backend) if resolved is not None else (None, "")
        found = await self._threads.store(
            self.app_passwords.verify, user, backend, basic.password, device_id, source
        )
        if found is None:
            return None
        background(self._note(found.id), name="app password used")
        lives_s = math.inf if found.expires_at is None else found.expires_at.timestamp() - time.time()
        return Principal(found.organisation, found.user, found.id, found.device_id), lives_s

    async def _note(self, identity: str) -> None:
        """Behind the request: nobody waits for it, and the next verification notes it too."""
        if self.app_passwords is not None:
            with suppress(GatewayError):
                await self._threads.store(self.app_passwords.used, identity)

    async def _ask(self, basic: Basic, resolved: Resolved | None, source: str) -> User | None:
        if resolved is not None and resolved.organisation.user_source is UserSource.BACKEND:
            return await self._ask_backend(basic, resolved, source)
        user = resolved.user if resolved is not None else None
        right = await self._threads.password(self._passwords.verify, user, basic.password)
        return user if right else None

    async def _ask_backend(self, basic: Basic, resolved: Resolved, source: str) -> User | None:
        upstream = self._upstreams.get(resolved.backend)
        if upstream is None:
            raise GatewayError(Kind.BACKEND_DOWN, "the user's backend is not configured")
        answer = await upstream.check_login(basic.username, basic.password)
        if answer is LoginAnswer.UNAVAILABLE:
            raise GatewayError(Kind.BACKEND_DOWN)
        if answer is LoginAnswer.REJECTED:
            return None
        if resolved.user is not None:
            return resolved.user
        actor = Actor("user", resolved.address, source)
        return await self._threads.store(
            self._users.appear, actor, resolved.organisation.id, resolved.address
        )


def proven(scope: Message) -> None:
    """Tell the connection behind a request that its client has signed in (``serving.newcomers``)."""
    prove = scope.get("state", scope).get(PROVEN)
    if prove is not None:
        prove()


def _fail(waiting: "asyncio.Future[Principal | None]", error: BaseException) -> None:
    """Hand the failure to those who wait; the one who left takes nobody along."""
    if isinstance(error, asyncio.CancelledError):
        error = GatewayError(Kind.UNAVAILABLE)
    waiting.set_exception(error)
    waiting.exception()
