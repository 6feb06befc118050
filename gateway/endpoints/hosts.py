"""Which names in ``Host`` are answered on the clients' listener (T13; spec/autodiscover.md 14).

A request for a name that is not ours is answered 421 before anything looks at it, with nothing of it in the
answer: on every path alike. Clients of discovery take any status that is neither 200, 401 nor a redirect for
"not here" and go on, as after a 404 (spec 6); a phone that was set up with a foreign name is told what RFC
9110 15.5.20 has for it; and a path that answered otherwise would tell a stranger which paths there are. A
name that is none at all, and two of them, got their 400 from ``middleware`` before.

The names of the directory come from memory. They are read when the process starts and again when the change
feed tells of an organisation; while they have never been read every name passes, because a database that is
away must not turn phones away for good, and nothing is ever built from ``Host``.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from certs.chain import parse
from certs.csr import names_of
from certs.errors import CertificateError
from certs.names import hosts_of
from certs.selection import Selection
from gateway.config import Config
from gateway.config.certificate_files import certificate_files
from gateway.errors import GatewayError
from gateway.log import background
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send
from gateway.records import Change, Scope
from mdm.ashttp import Reply

Certified = Callable[[str], bool]
App = Callable[[Message, Receive, Send], Awaitable[None]]
LOCAL = "localhost"
LOOPBACK = (LOCAL, "127.0.0.1", "::1")
MISDIRECTED = Reply(421)
BODIES = ("POST", "PUT", "PATCH")
RETRY_S = 0.5
"""Pause after the database did not answer."""

_log = logging.getLogger(__name__)


def certified_names(config: Config) -> Selection[bool]:
    """The names of all certificates that can be read; the public host alone where a front proxy has them."""
    if not config.tls.configured:
        return Selection([((config.public_host,), True)])
    chains = []
    for files in certificate_files(config.tls):
        with suppress(OSError, CertificateError):
            chains.append(parse(files.certificate.read_bytes()))
    return Selection((names_of(chain[0].extensions), True) for chain in chains)


def folded(host: bytes) -> str:
    """A Host header's name in the form in which names are compared: no port, no final dot, lower case; empty
    when it is no name."""
    if not host.isascii():
        return ""
    text = host.decode("ascii").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")


MET_LIMIT = 10_000
"""Spellings of our names, such as with a port, that are known without being folded again."""


class ServedHosts:
    """The names that are ours. Everything here runs on the event loop's thread."""

    def __init__(
        self,
        public_host: str,
        extra: Iterable[str],
        certified: Certified,
        read_domains: Callable[[], Awaitable[Iterable[str]]],
    ) -> None:
        """``certified``: whether a certificate in service has the folded name; ``read_domains``: the mail
        domains of the directory, raises GatewayError while the database is away."""
        loopback = LOOPBACK if public_host == LOCAL else ()
        self._always = frozenset((public_host, *extra, *loopback))
        self._certified = certified
        self._read_domains = read_domains
        self._spelled: frozenset[bytes] = _spelled(self._always)
        self._met: set[bytes] = set()
        self._known = False
        self._reading = False
        self._outdated = False

    def serves(self, host: bytes) -> bool:
        """Whether a Host header names us. One look into a set for the usual spelling."""
        if host in self._spelled or host in self._met or not self._known:
            return True
        name = folded(host)
        if name and name.encode("ascii") in self._spelled:
            if len(self._met) < MET_LIMIT:
                self._met.add(host)
            return True
        return bool(name) and self._certified(name)

    def changed(self, changes: Sequence[Change]) -> None:
        """Domains belong to organisations, so only their changes count."""
        if any(change.scope is Scope.ORGANISATION for change in changes):
            self.outdated()

    def outdated(self) -> None:
        """The directory has changed: read it again, once for all changes that come while it is read."""
        self._outdated = True
        if not self._reading:
            self._reading = True
            background(self._refresh(), name="served hosts")

    async def start(self) -> None:
        """Know the domains before the first request, if the database answers at once."""
        if not await self._read():
            self.outdated()

    async def _refresh(self) -> None:
        try:
            while self._outdated:
                self._outdated = False
                if not await self._read():
                    self._outdated = True
                    await asyncio.sleep(RETRY_S)
        finally:
            self._reading = False

    async def _read(self) -> bool:
        try:
            domains = await self._read_domains()
        except GatewayError:
            return False
        except Exception:
            # Whatever it was: names that stay old for good would turn a new tenant's phones away silently.
            _log.exception("the mail domains could not be read")
            return False
        self._spelled = _spelled(self._always.union(*map(hosts_of, domains)))
        self._met.clear()
        self._known = True
        return True


def _spelled(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(name.encode("ascii", "ignore") for name in names)


class HostCheck:
    """Turns away what is meant for somebody else."""

    def __init__(self, app: App, hosts: ServedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        host = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
                break
        if self._hosts.serves(host):
            await self._app(scope, receive, send)
        else:
            await drain.answer(MISDIRECTED, receive, send, unread=scope["method"] in BODIES)
