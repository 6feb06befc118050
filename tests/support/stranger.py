"""A stranger's web server on loopback: any certificate, sound or not, and any bytes for an answer."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from certs import authority, csr, keys
from certs.csr import alternative_names, subject

NOW = datetime.now(UTC)  # noqa: TID251  # OpenSSL on both sides looks at the real clock
LONG_AGO = NOW - timedelta(days=600)
ROOT = authority.create("stranger", LONG_AGO)
MIDDLE = authority.intermediate(ROOT, "middle", LONG_AGO)
ELSEWHERE = authority.create("elsewhere", LONG_AGO)


@dataclass(frozen=True)
class Identity:
    """What a server shows: its chain and its key."""

    chain: tuple[x509.Certificate, ...]
    key: keys.PrivateKey

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_bytes(authority.to_pem(self.chain))
            key.write_bytes(keys.to_pem(self.key))
            context.load_cert_chain(chain, key)
        return context


def sound(*names: str, by: authority.Authority = MIDDLE) -> Identity:
    key = keys.new_key()
    return Identity(authority.issue(by, csr.Request(names, key.public_key()), NOW), key)


def expired(*names: str) -> Identity:
    key = keys.new_key()
    request = csr.Request(names, key.public_key())
    return Identity(authority.issue(MIDDLE, request, NOW - timedelta(days=90), timedelta(days=30)), key)


def early(*names: str) -> Identity:
    """Valid from tomorrow."""
    key = keys.new_key()
    request = csr.Request(names, key.public_key())
    return Identity(authority.issue(MIDDLE, request, NOW + timedelta(days=2), timedelta(days=30)), key)


def incomplete(*names: str) -> Identity:
    """Without the intermediate."""
    whole = sound(*names)
    return Identity(whole.chain[:1], whole.key)


def untrusted(*names: str) -> Identity:
    """A whole chain, root and all, that nobody knows."""
    whole = sound(*names, by=ELSEWHERE)
    return Identity((*whole.chain, ELSEWHERE.root), whole.key)


def self_signed(*names: str) -> Identity:
    key = keys.new_key()
    name = subject(names)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(LONG_AGO).not_valid_after(NOW + timedelta(days=90))
    builder = builder.add_extension(alternative_names(names), critical=False)
    return Identity((builder.sign(key, SHA256()),), key)


def trusted(folder: Path) -> Path:
    """The root as a file, for who is to trust it."""
    path = folder / "stranger-root.pem"
    path.write_bytes(authority.to_pem(ROOT.chain))
    return path


@dataclass
class Visit:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Visit], bytes | None]


@dataclass
class Stranger:
    """A running server.

    Attributes:
        visits: every request.
    """

    port: int = 0
    visits: list[Visit] = field(default_factory=list)


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHALLENGE = answer("401 Unauthorized", 'WWW-Authenticate: Basic realm="usher"')


@contextlib.asynccontextmanager
async def stranger(
    say: Answer | bytes | None = CHALLENGE,
    identity: Identity | None = None,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    by_name: dict[str, Identity] | None = None,
) -> AsyncIterator[Stranger]:
    """Serve ``say``, over TLS with an identity; None is said by closing, an empty answer by waiting.

    ``by_name`` gives an identity to each name that a client may announce.
    """
    running = Stranger()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            visit = await _read(reader)
            running.visits.append(visit)
            said = say(visit) if callable(say) else say
            if said == b"":
                await reader.read()
            writer.write(said or b"")
            await writer.drain()
        writer.close()

    context = identity.context() if identity else None
    if by_name is not None:
        context = _by_name(by_name)
    server = await asyncio.start_server(serve, address, port, ssl=context)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


def _by_name(identities: dict[str, Identity]) -> ssl.SSLContext:
    contexts = {name: identity.context() for name, identity in identities.items()}
    first = next(iter(contexts.values()))

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = contexts.get(name or "", first)

    first.sni_callback = choose  # type: ignore[assignment]  # typed for sockets, called with objects
    return first


async def _read(reader: asyncio.StreamReader) -> Visit:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Visit(method, target, headers, body)
