"""TLS servers on real sockets and files of certificates, for whoever looks at handshakes."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue

from certs import authority, csr, keys
from gateway.config import Tls

NOW = datetime.now(UTC)  # noqa: TID251  # OpenSSL on both sides looks at the real clock
ROOT = authority.create("demo", NOW - timedelta(days=600))


class Files:
    """The PEM files of a server, as an operator puts them there."""

    def __init__(self, directory: Path) -> None:
        self.certificate, self.key = directory / "server.pem", directory / "server.key"
        self.root = directory / "root.pem"
        self.root.write_bytes(authority.to_pem(ROOT.chain))

    def put(self, *names: str, kind: keys.KeyKind = keys.KeyKind.EC, now: datetime = NOW) -> keys.PrivateKey:
        key = keys.new_key(kind)
        chain = authority.issue(ROOT, csr.Request(names or ("localhost",), key.public_key()), now)
        self.certificate.write_bytes(authority.to_pem(chain))
        self.key.write_bytes(keys.to_pem(key))
        return key

    @property
    def tls(self) -> Tls:
        return Tls(self.certificate, self.key)

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.root))
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(100):
        writer.write(octets)
    writer.close()


@contextmanager
def serving(context: ssl.SSLContext, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[int]:
    """An echo server over TLS in a thread of its own, on a loop that only this thread touches."""
    loop, ready, stop = new_loop(), Queue[int](), asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
        ready.put(server.sockets[0].getsockname()[1])
        await stop.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        yield ready.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def connect(port: int, context: ssl.SSLContext, name: str | None = "localhost") -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


def said_back(connection: ssl.SSLSocket) -> bool:
    connection.sendall(b"hello")
    return connection.recv(100) == b"hello"


def names_served(port: int, files: Files, name: str | None = "localhost") -> set[str]:
    """The alternative names of the certificate that a client gets who asks for ``name``, or for none."""
    client = files.client()
    client.check_hostname = False
    with connect(port, client, name) as connection:
        entries = connection.getpeercert() or {}
        return {str(value) for _, value in entries["subjectAltName"]}  # type: ignore[misc]  # pairs
