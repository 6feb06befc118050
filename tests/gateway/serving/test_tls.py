"""TLS on a real socket, on both event loops (product 9.1; perf.md 8)."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from certs import authority, csr, keys
from certs.errors import CertificateError
from gateway.serving.tls import ReloadableContext, server_context

NOW = datetime.now(UTC)  # noqa: TID251  # OpenSSL on both sides looks at the real clock
ROOT = authority.create("demo", NOW - timedelta(days=600))


class Files:
    """The PEM files of a server, as an operator puts them there."""

    def __init__(self, directory: Path) -> None:
        self.certificate, self.key = directory / "server.pem", directory / "server.key"
        self.root = directory / "root.pem"
        self.root.write_bytes(authority.to_pem(ROOT.chain))

    def put(
        self, name: str = "localhost", kind: keys.KeyKind = keys.KeyKind.EC, now: datetime = NOW
    ) -> keys.PrivateKey:
        key = keys.new_key(kind)
        chain = authority.issue(ROOT, csr.read(csr.write(key, [name])), now)
        self.certificate.write_bytes(authority.to_pem(chain))
        self.key.write_bytes(keys.to_pem(key))
        return key

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.root))
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.put()
    return made


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(100):
        writer.write(octets)
    writer.close()


@contextmanager
def serving(context: ssl.SSLContext, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[int]:
    """An echo server over TLS in a thread of its own."""
    loop = new_loop()
    server = loop.run_until_complete(asyncio.start_server(echo, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()


def connect(port: int, context: ssl.SSLContext, name: str | None = "localhost") -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


def said_back(connection: ssl.SSLSocket) -> bool:
    connection.sendall(b"hello")
    return connection.recv(100) == b"hello"


def names_served(port: int, files: Files) -> set[str]:
    with connect(port, files.client()) as connection:
        entries = connection.getpeercert() or {}
        return {str(value) for _, value in entries["subjectAltName"]}  # type: ignore[misc]  # pairs


LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


@LOOPS
@pytest.mark.parametrize("kinds", [(keys.KeyKind.EC, keys.KeyKind.RSA), (keys.KeyKind.RSA, keys.KeyKind.EC)])
def test_a_reload_holds_for_new_handshakes_and_drops_no_connection(
    files: Files,
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    kinds: tuple[keys.KeyKind, keys.KeyKind],
) -> None:
    files.put(kind=kinds[0])
    tls = ReloadableContext(files.certificate, files.key, now=NOW)
    with serving(tls.context, new_loop) as port, connect(port, files.client()) as parked:
        before = parked.getpeercert(binary_form=True)
        files.put(kind=kinds[1])
        assert tls.reload(NOW) is None
        with connect(port, files.client()) as fresh:
            assert fresh.getpeercert(binary_form=True) != before
            assert said_back(fresh)
        assert said_back(parked)


@LOOPS
def test_a_client_without_server_name_gets_the_new_certificate_too(
    files: Files, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    tls = ReloadableContext(files.certificate, files.key, now=NOW)
    client = files.client()
    client.check_hostname = False
    with serving(tls.context, new_loop) as port:
        with connect(port, client, None) as connection:
            before = connection.getpeercert(binary_form=True)
        files.put()
        assert tls.reload(NOW) is None
        with connect(port, client, None) as connection:
            assert connection.getpeercert(binary_form=True) != before


def write_other_key(files: Files) -> None:
    files.key.write_bytes(keys.to_pem(keys.new_key()))


def write_encrypted_key(files: Files) -> None:
    key = files.put()
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    files.key.write_bytes(key.private_bytes(*form))


BAD: dict[str, tuple[Callable[[Files], object], str]] = {
    "key of another": (write_other_key, "does not belong"),
    "encrypted key": (write_encrypted_key, "encrypted"),
    "no key": (lambda files: files.key.unlink(), "No such file"),
    "no certificate": (lambda files: files.certificate.unlink(), "No such file"),
    "rubbish": (lambda files: files.certificate.write_bytes(b"rubbish"), "no readable PEM"),
    "empty": (lambda files: files.certificate.write_bytes(b""), "no readable PEM"),
    "expired": (lambda files: files.put(now=NOW - timedelta(days=500)), "expired"),
    "not yet valid": (lambda files: files.put(now=NOW + timedelta(days=2)), "not valid yet"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_new_files_keep_the_old_ones_and_are_reported(files: Files, name: str) -> None:
    spoil, word = BAD[name]
    tls = ReloadableContext(files.certificate, files.key, now=NOW)
    with serving(tls.context, uvloop.new_event_loop) as port:
        spoil(files)
        assert word in str(tls.reload(NOW))
        assert names_served(port, files) == {"localhost"}
        files.put()
        assert tls.reload(NOW) is None


@pytest.mark.parametrize("name", BAD)
def test_bad_files_stop_the_start(files: Files, name: str) -> None:
    spoil, word = BAD[name]
    spoil(files)
    with pytest.raises(CertificateError, match=word):
        ReloadableContext(files.certificate, files.key, now=NOW)


def test_a_development_certificate_is_not_shown_to_the_world_unless_forced(files: Files) -> None:
    with pytest.raises(CertificateError, match="public name"):
        ReloadableContext(files.certificate, files.key, names=["mail.acme.org"], now=NOW)
    ReloadableContext(files.certificate, files.key, names=["mail.acme.org"], forced=True, now=NOW)


def test_only_http_1_1_is_offered(files: Files) -> None:
    context = server_context(files.certificate, files.key)
    with serving(context, uvloop.new_event_loop) as port, connect(port, files.client()) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        assert connection.version() == "TLSv1.3"


def test_tls_1_2_is_the_oldest_and_has_only_ciphers_with_forward_secrecy(files: Files) -> None:
    with serving(server_context(files.certificate, files.key), uvloop.new_event_loop) as port:
        client = files.client()
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        with connect(port, client) as connection:
            cipher = connection.cipher()
            assert cipher is not None
            assert cipher[0].startswith("ECDHE-")
        client.set_ciphers("AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
        with pytest.raises(OSError):
            connect(port, client)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(files: Files) -> None:
    with serving(server_context(files.certificate, files.key), uvloop.new_event_loop) as port:
        client = files.client()
        client.minimum_version = ssl.TLSVersion.TLSv1_1
        client.maximum_version = ssl.TLSVersion.TLSv1_1
        client.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(OSError):
            connect(port, client)
