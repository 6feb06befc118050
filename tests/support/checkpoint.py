"""The pure core on a socket: gatekeeper and Provision before the sample mail server, over TLS, all in memory.

For tests of the phone, which need a peer that really enforces policy and whose devices a test can reach
into. It is not the gateway: no store, no proxy, no login.
"""

import asyncio
import base64
import contextlib
import secrets
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certs import authority, csr, keys
from gateway.sample.application import SampleServer
from gateway.serving.tls import server_context
from mdm import provision, query
from mdm.access import AccessDecision
from mdm.ashttp import Command, Reply
from mdm.device import AccessLevel, Device, DeviceKey, Wipe, WipeKind
from mdm.errors import ProtocolError
from mdm.gatekeeper import Forward, ProvisionHere, Refuse, Terms, admit, interrupt
from mdm.lifecycle import Input, step
from mdm.policy import DEFAULT, Policy
from mdm.query import CommandRequest
from tests.support.serving import ours, read_body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

USERS = {"alice@example.test": "correct horse", "bob@example.test": "battery staple"}
NAMES = ("localhost", "127.0.0.1", "example.test", "autodiscover.example.test")


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # a test stands in the present


class Checkpoint:
    """An ASGI application. A test reads and changes ``devices``, ``policy`` and ``access`` as it likes.

    Attributes:
        seen: commands that came, with the Status or HTTP status that answered each.
        override: answers a request instead of everything else where it returns a Reply.
    """

    def __init__(self) -> None:
        self.sample = SampleServer(USERS)
        self.devices: dict[str, Device] = {}
        self.policy: Policy = DEFAULT
        self.access = AccessDecision(AccessLevel.ALLOW, "test")
        self.strict_absent_key = False
        self.seen: list[str] = []
        self.requests: list[CommandRequest] = []
        self.override: Callable[[CommandRequest], Reply | None] = lambda _: None
        self._changed = asyncio.Event()

    def order_wipe(self, kind: WipeKind = WipeKind.DEVICE) -> None:
        """Order every known device to be wiped, and cut its Ping."""
        for device_id, device in self.devices.items():
            order = Wipe(kind, now(), "test")
            moved, _ = step(device, Input.WIPE_REQUIRED, now=now(), wipe=order)
            assert moved is not None
            self.devices[device_id] = moved
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        repeated = len(headers) != len(scope["headers"])
        if scope["method"] == "OPTIONS" or not headers.get("authorization"):
            return await self._options(scope, receive, send)
        if repeated or not _signed_in(headers["authorization"]):
            return await _reply(Reply(400 if repeated else 401), receive, send)
        try:
            request = query.parse(
                scope["query_string"],
                version=headers.get("ms-asprotocolversion"),
                policy_key=headers.get("x-ms-policykey"),
                multipart=None,
            )
        except ProtocolError as error:
            return await _reply(Reply(error.http), receive, send)
        self.seen.append(request.command.value)
        self.requests.append(request)
        await self._command(request, scope, receive, send)
        return None

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.sample(scope, receive, send)

    async def _command(self, request: CommandRequest, scope: Scope, receive: Receive, send: Send) -> None:
        special = self.override(request)
        if special is not None:
            return await _reply(special, receive, send)
        device = self.devices.setdefault(request.device_id, _new(request))
        verdict = admit(request, device, self.terms(request))
        if isinstance(verdict, Refuse):
            return await _reply(verdict.reply, receive, send)
        if isinstance(verdict, ProvisionHere):
            return await self._provision(request, device, receive, send)
        assert isinstance(verdict, Forward)
        return await self._forward(request, scope, receive, send)

    def terms(self, request: CommandRequest) -> Terms:
        digest = self.policy.digest(request.version)
        return Terms(
            digest, self.policy.allow_non_provisionable, False, self.strict_absent_key, False, self.access
        )

    async def _provision(self, request: CommandRequest, device: Device, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        try:
            exchange = provision.exchange(
                request,
                provision.read(request, body),
                device,
                self.policy,
                now=now(),
                new_key=1 + secrets.randbelow(2**31 - 1),
            )
        except ProtocolError as error:
            return await _reply(Reply(error.http), receive, send)
        self.devices[request.device_id] = exchange.device
        return await _reply(exchange.reply, receive, send)

    async def _forward(self, request: CommandRequest, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the sample server answer, unless a Ping has to end before it does."""
        body = await read_body(receive)
        answered = asyncio.ensure_future(self.sample(scope, _again(body, receive), _hold(held := [])))
        try:
            while not answered.done():
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait((answered, changed), return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                cut = interrupt(request, self.devices[request.device_id], self.terms(request))
                if not answered.done() and request.command is Command.PING and cut is not None:
                    return await _reply(cut, receive, send)
            await answered
        finally:
            answered.cancel()
        for message in held:
            await send(message)
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def reading() -> Any:
        return pending.pop() if pending else await receive()

    return reading


def _hold(held: list[Any]) -> Send:
    async def sending(message: Any) -> None:
        held.append(message)

    return sending


def _signed_in(authorization: str) -> bool:
    name, _, password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")
    return USERS.get(name) == password


def _new(request: CommandRequest) -> Device:
    key = DeviceKey("test", "test", request.device_id)
    return Device(key, request.device_type, request.version.text, now(), now())


async def _reply(reply: Reply, receive: Receive, send: Send) -> None:
    headers = [(b"content-length", str(len(reply.body)).encode())]
    if reply.media_type:
        headers.append((b"content-type", reply.media_type.encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for ``NAMES`` and that of a client which trusts it."""
    root = authority.create("tests", now())
    key = keys.new_key()
    chain = authority.issue(root, csr.read(csr.write(key, NAMES)), now())
    with tempfile.TemporaryDirectory() as place:
        certificate, secret = Path(place, "server.pem"), Path(place, "server.key")
        certificate.write_bytes(authority.to_pem(chain))
        secret.write_bytes(keys.to_pem(key))
        server = server_context(certificate, secret)
    trust = authority.to_pem((root.certificate,)).decode()
    return server, ssl.create_default_context(cadata=trust)


@contextlib.asynccontextmanager
async def guarding(checkpoint: Checkpoint) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """A checkpoint on a TLS socket of its own; gives its URL and a context that trusts it."""
    server, client = certificates()
    async with ours(checkpoint, tls=server, guarded=False) as port:
        yield f"https://localhost:{port}/Microsoft-Server-ActiveSync", client
