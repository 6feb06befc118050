"""research/perf.md 8.6: what happens to requests under way when a server stops."""

import asyncio
import socket
import ssl
import time
from pathlib import Path

import pytest

from gateway.config import Limits
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener
from gateway.serving.tls import server_context
from tests.support.certificates import server_files
from tests.support.serving import Receive, Scope, Send, bare, heard, listening, ours, post, respond, tighter


class Parked:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        await self.go.wait()
        await respond(send, 200, b"ended well")


async def ask(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(close=False))
    await asyncio.sleep(0.1)
    return reader, writer


async def test_bare_hypercorn_answers_500_to_what_is_parked_when_it_stops() -> None:
    async with bare(Parked()) as port:
        reader, writer = await ask(port)
    assert (await heard(reader)).startswith(b"HTTP/1.1 500")
    writer.close()


def listener(app: Parked) -> tuple[Listener, int]:
    sock = listening()
    return Listener(app, ServerConfig(Limits()), Deadlines(), [sock]), sock.getsockname()[1]


async def test_what_is_under_way_ends_in_its_own_time_and_then_its_connection() -> None:
    app = Parked()
    served, port = listener(app)
    await served.open()
    reader, writer = await ask(port)
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(0.05)
    await served.refuse()
    assert await asyncio.wait_for(idle.read(), 15) == b""
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)
    app.go.set()
    assert (await heard(reader)).endswith(b"ended well")
    assert reader.at_eof()
    await served.cut()
    for each in (writer, idle_writer):
        each.close()


async def test_what_does_not_end_is_cut() -> None:
    served, port = listener(Parked())
    await served.open()
    reader, writer = await ask(port)
    await served.refuse()
    await asyncio.wait_for(served.cut(), 15)
    assert b"200" not in await heard(reader)
    writer.close()


async def test_tls_speaks_http_1_alone(tmp_path: Path) -> None:
    app = Parked()
    app.go.set()
    certificate, key = server_files(tmp_path, "localhost")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    client.set_alpn_protocols(["h2", "http/1.1"])
    async with ours(app, tls=server_context(certificate, key)) as port:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.write(post())
        assert (await heard(reader)).endswith(b"ended well")
        writer.close()


async def test_a_handshake_that_never_comes_is_cut_off(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "localhost")
    async with ours(Parked(), tighter(header_timeout_s=0.5), tls=server_context(certificate, key)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 15) == b""
        writer.close()


async def test_a_tls_client_that_never_says_goodbye_holds_no_stop(tmp_path: Path) -> None:
    app = Parked()
    app.go.set()
    certificate, key = server_files(tmp_path, "localhost")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    def deaf(port: int) -> ssl.SSLSocket:
        sock = client.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
        sock.sendall(post())
        assert sock.recv(1000)
        return sock

    async with ours(app, tls=server_context(certificate, key)) as port:
        sock = await asyncio.to_thread(deaf, port)
        began = time.monotonic()
    assert time.monotonic() - began < 15  # asyncio waits for a goodbye for 30 s
    sock.close()


async def test_http2_by_prior_knowledge_within_tls_is_refused(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "localhost")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with ours(Parked(), tls=server_context(certificate, key)) as port:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert (await heard(reader)).startswith(b"HTTP/1.1 505")
        writer.close()
