"""Apple configuration profiles over HTTPS (spec/autodiscover.md 11; docs/profiles.md).

To whoever signs in by Basic, or by a one-time link. What such a link leads to first is a page with another
link on it: mail programs and messengers look at every link that passes through them, and a look must not
use it up. The page is the same for every link, whether it is good or not, costs no look into the database
and repeats nothing of the request. ``?install=1`` fetches the profile, which is composed and signed before
the link is taken, so that a failure of ours does not use it up either. The token is in no log: the access
line names no path, and what is logged here names none.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from autodiscover import apple
from autodiscover.model import Mailbox, Outcome, Question
from certs.errors import CertificateError
from gateway.endpoints.headers import read_headers
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.rendering import RETRY_AFTER
from gateway.errors import GatewayError, Kind
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send, head, tail
from gateway.services.discovery import Signed
from gateway.services.profiles import LINK_PATH, TOKEN, Fetcher, Profiles
from mdm.ashttp import Reply

PATHS = frozenset({"/mobileconfig", "/email.mobileconfig", "/apple.mobileconfig"})
METHODS = ("GET", "HEAD")
MAXIMUM_QUERY = 256
"""Octets: two short parameters are known."""

PRIVATE = (("Cache-Control", "no-store, private"), ("X-Content-Type-Options", "nosniff"))
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
GONE = b"This link has been used or has expired. Ask for a new one.\n"
NOTHING = b"There is no profile for this mailbox.\n"
PAGE = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8">'
    b'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
    b"<title>Mail settings</title></head><body><h1>Mail settings for this device</h1>"
    b'<p><a href="?install=1">Load the settings</a>. This works once.</p>'
    b'<p>For an iPad: <a href="?install=1&amp;for=iphone">load the settings for iPad</a>.</p>'
    b"<p>Then open Settings and confirm the profile. It holds no password: the device asks for it.</p>"
    b"</body></html>\n"
)
GUARDED = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)
_LINK = re.compile(re.escape(LINK_PATH) + f"({TOKEN.pattern})", re.IGNORECASE | re.ASCII)
_BUSY = frozenset({Kind.UNAVAILABLE, Kind.THROTTLED, Kind.BACKEND_DOWN, Kind.BACKEND_SLOW})
_log = logging.getLogger(__name__)
T = TypeVar("T")


class InThread(Protocol):
    """Runs a synchronous call in the bounded thread pool."""

    async def __call__(self, call: Callable[[], T], /) -> T: ...


class ProfileEndpoint:
    """The ASGI application for the profiles' paths.

    Args:
        bars: whether an access rule keeps a user from being told anything on a request (product 6.3).
    """

    def __init__(
        self,
        profiles: Profiles,
        answers: Callable[[Sequence[Question], Signed | None], Awaitable[tuple[Outcome, ...]]],
        authenticate: Callable[[Message], Awaitable[Signed | None]],
        sign: Callable[[bytes], bytes],
        in_thread: InThread,
        *,
        bars: Callable[[Signed, Message], Awaitable[bool]],
        realm: str = "Usher",
    ) -> None:
        self._profiles = profiles
        self._answers = answers
        self._authenticate = authenticate
        self._sign = sign
        self._in_thread = in_thread
        self._bars = bars
        self._challenge = (("WWW-Authenticate", f'Basic realm="{realm}"'),)

    @staticmethod
    def matches(path: str) -> bool:
        """Whether a profile is fetched at this path."""
        return path.lower() in PATHS or _LINK.fullmatch(path) is not None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            reply = await self._reply(scope)
        except GatewayError as error:
            if error.kind not in _BUSY:
                raise
            reply = _said(503, b"", ("Retry-After", str(RETRY_AFTER)))
        except (OSError, CertificateError):
            _log.exception("a profile could not be signed")
            reply = _said(503, b"", ("Retry-After", str(RETRY_AFTER)))
        if scope["method"] == "HEAD":
            await _head_only(reply, send)
        else:
            await drain.answer(reply, receive, send, unread=scope["method"] != "GET")

    async def _reply(self, scope: Message) -> Reply:
        if scope["method"] not in METHODS:
            return _said(405, b"", ("Allow", ", ".join(METHODS)))
        query = _query(scope["query_string"])
        link = _LINK.fullmatch(scope["path"])
        if link is not None:
            return await self._by_link(link[1].lower(), query, scope)
        signed = await self._authenticate(scope)
        if signed is None:
            return _said(401, b"", *self._challenge)
        return await self._own(signed.user, query, scope)

    async def own(self, user: str, scope: Message) -> Reply:
        """The profile of somebody who has signed in elsewhere, by id; raises what signing it does."""
        return await self._own(user, _query(scope["query_string"]), scope)

    async def _own(self, user: str, query: dict[str, str], scope: Message) -> Reply:
        fetcher = await self._in_thread(partial(self._profiles.signed, user))
        signed_profile = await self._profile(fetcher, query, scope)
        return _said(404, NOTHING) if signed_profile is None else _profile_reply(signed_profile)

    async def _by_link(self, token: str, query: dict[str, str], scope: Message) -> Reply:
        if query.get("install") != "1" or scope["method"] == "HEAD":
            return Reply(200, (*PRIVATE, *GUARDED), PAGE, HTML)
        fetcher = await self._in_thread(partial(self._profiles.behind, token))
        if fetcher is None:
            return _said(404, GONE)
        signed_profile = await self._profile(fetcher, query, scope)
        if signed_profile is None:
            return _said(404, NOTHING)
        taken = await self._in_thread(
            partial(self._profiles.take, token, fetcher, _client(scope), _agent(scope))
        )
        return _profile_reply(signed_profile) if taken else _said(404, GONE)

    async def _profile(self, fetcher: Fetcher | None, query: dict[str, str], scope: Message) -> bytes | None:
        """None when the mailbox is not here, a rule bars its user, or nothing is served that the device
        speaks."""
        if fetcher is None or await self._bars(fetcher, scope):
            return None
        (outcome,) = await self._answers((Question(fetcher.address),), fetcher)
        if not isinstance(outcome, Mailbox):
            return None
        device = apple.device_for(query.get("for", ""), _agent(scope))
        written = apple.profile(outcome, apple.Owner(fetcher.user, fetcher.provider), device)
        return None if written is None else await self._in_thread(partial(self._sign, written))


def _query(octets: bytes) -> dict[str, str]:
    """Parsed once; a query that is longer than anything known here is none."""
    return dict(parse_qsl(octets.decode("latin-1"))) if len(octets) <= MAXIMUM_QUERY else {}


def _agent(scope: Message) -> str:
    return read_headers(scope["headers"]).user_agent


def _client(scope: Message) -> str:
    return scope[TRACE].client if TRACE in scope else ""


def _profile_reply(octets: bytes) -> Reply:
    disposition = ("Content-Disposition", 'attachment; filename="mail.mobileconfig"')
    return Reply(200, (*PRIVATE, disposition), octets, apple.MEDIA_TYPE)


def _said(status: int, body: bytes, *headers: tuple[str, str]) -> Reply:
    return Reply(status, (*PRIVATE, *headers), body, TEXT)


async def _head_only(reply: Reply, send: Send) -> None:
    """What GET would answer, less its body."""
    await send(head(reply))
    await send(tail())
