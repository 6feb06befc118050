"""``/.well-known/caldav`` and ``/.well-known/carddav`` (RFC 6764 5; spec/autodiscover.md 9).

Every method is sent on, PROPFIND above all: clients begin with it. 307 and not 301, because the method and
the body go along and nothing is remembered for ever: a customer's calendars may move. The domain is looked
up by the host name that was asked and by what stands behind its first label; a host that says nothing falls
back to the public host. The Location is the configured root, whatever the request says (T13); its body is
never held.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from autodiscover.model import Endpoints, NotFound, Outcome, Question, Site
from autodiscover.strangers import LASTS, about_host
from gateway.endpoints.rendering import RETRY_AFTER
from gateway.errors import GatewayError, Kind
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send
from gateway.services.discovery import Signed
from mdm.ashttp import Reply

ROOTS: Mapping[str, Callable[[Endpoints], str | None]] = {
    "/.well-known/caldav": lambda endpoints: endpoints.caldav,
    "/.well-known/carddav": lambda endpoints: endpoints.carddav,
}
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_BUSY = frozenset({Kind.UNAVAILABLE, Kind.THROTTLED})


class WellKnown:
    """The ASGI application for both paths."""

    def __init__(
        self,
        answers: Callable[[Sequence[Question], Signed | None], Awaitable[tuple[Outcome, ...]]],
        public_host: str,
    ) -> None:
        self._answers = answers
        self._public_host = public_host

    @staticmethod
    def matches(path: str) -> bool:
        """Whether this is one of the paths; a trailing slash is what some clients write."""
        return path.lower().rstrip("/") in ROOTS

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            root = await self._root(scope)
        except GatewayError as error:
            if error.kind not in _BUSY:
                raise
            reply = Reply(503, (("Retry-After", str(RETRY_AFTER)), ("Cache-Control", "no-store")))
        else:
            reply = Reply(307, (*LASTS, ("Location", root))) if root else Reply(404, LASTS)
        await drain.answer(reply, receive, send, unread=scope["method"] not in BODILESS)

    async def _root(self, scope: Message) -> str | None:
        """The first name that is a domain here decides, also when it has nothing to lead to."""
        find = ROOTS[scope["path"].lower().rstrip("/")]
        for host in dict.fromkeys((_host(scope), self._public_host)):
            outcomes = await self._answers(_questions(host), None)
            known = next((outcome for outcome in outcomes if not isinstance(outcome, NotFound)), None)
            if known is not None:
                return find(known.endpoints) if isinstance(known, Site) else None
        return None


def _questions(host: str) -> tuple[Question, ...]:
    """About the name itself, then about what stands behind its first label."""
    return tuple(reversed(about_host(host, host.partition(".")[0] + ".")))


def _host(scope: Message) -> str:
    named = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
    return named[0].lower().partition(":")[0].rstrip(".") if len(named) == 1 else ""
