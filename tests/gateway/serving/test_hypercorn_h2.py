"""research/perf.md 8.2 and 8.3: bare Hypercorn speaks HTTP/2 past a front proxy's rules; we do not."""

import asyncio
import base64
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import h2.config
import h2.connection
import h2.events
import pytest

from tests.support.serving import Receive, Scope, Send, bare, exchange, heard, listening, ours, post, respond

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = base64.urlsafe_b64encode(b"\x00\x03\x00\x00\x00\x64").rstrip(b"=")
UPGRADE = (
    b"GET /public HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: " + SETTINGS + b"\r\n\r\n"
)


class Seen:
    """Notes the paths that reach it."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        self.paths.append(scope["path"])
        await respond(send, 200, b"seen")


async def smuggle(port: int, opening: bytes, *, upgraded: bool) -> None:
    """Ask for /admin/secret by HTTP/2, after an upgrade or straight away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wire = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    if upgraded:
        wire.initiate_upgrade_connection()
        writer.write(opening)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    else:
        wire.initiate_connection()
    stream = wire.get_next_available_stream_id()
    target = [(":method", "GET"), (":path", "/admin/secret"), (":scheme", "http"), (":authority", "a")]
    wire.send_headers(stream, target, end_stream=True)
    writer.write(wire.data_to_send())
    await heard(reader, patience=0.5)
    writer.close()


async def test_bare_hypercorn_changes_to_h2c() -> None:
    app = Seen()
    async with bare(app) as port:
        await smuggle(port, UPGRADE, upgraded=True)
    assert "/admin/secret" in app.paths


async def test_bare_hypercorn_takes_http2_by_prior_knowledge() -> None:
    app = Seen()
    async with bare(app) as port:
        await smuggle(port, b"", upgraded=False)
    assert app.paths == ["/admin/secret"]


async def test_an_upgrade_to_h2c_is_ignored() -> None:
    app = Seen()
    async with ours(app) as port:
        await smuggle(port, UPGRADE, upgraded=True)
        answer = await exchange(port, UPGRADE, patience=0.3)
    assert answer.startswith(b"HTTP/1.1 200")
    assert app.paths == ["/public", "/public"]


async def test_the_http2_preface_is_refused() -> None:
    app = Seen()
    async with ours(app) as port:
        answer = await exchange(port, PREFACE)
        await smuggle(port, b"", upgraded=False)
    assert answer.startswith(b"HTTP/1.1 505")
    assert app.paths == []


async def test_a_websocket_upgrade_is_an_ordinary_request() -> None:
    app = Seen()
    asked = post(b"/public", b"", b"Upgrade: websocket", b"Connection: upgrade", close=False)
    async with ours(app) as port:
        answer = await exchange(port, asked.replace(b"POST", b"GET"), patience=0.3)
    assert answer.startswith(b"HTTP/1.1 200")


@contextmanager
def haproxy(tmp_path: Path, backend: int) -> Iterator[int]:
    """Debian's haproxy, forbidding /admin, in front of ``backend``."""
    sock = listening()
    port = sock.getsockname()[1]
    sock.close()
    rules = f"""
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout tunnel 10s
frontend f
    bind 127.0.0.1:{port}
    http-request deny if {{ path_beg /admin }}
    default_backend b
backend b
    server s 127.0.0.1:{backend}
"""
    settings = tmp_path / "haproxy.cfg"
    settings.write_text(rules)
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("haproxy is not installed")
    process = Popen([program, "-db", "-f", str(settings)], stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


async def reachable(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("haproxy did not start")


async def test_past_a_front_proxy_bare_hypercorn_is_reached_by_h2c(tmp_path: Path) -> None:
    app = Seen()
    async with bare(app) as backend:
        with haproxy(tmp_path, backend) as port:
            await reachable(port)
            assert (
                b"403"
                in (await exchange(port, b"GET /admin/secret HTTP/1.1\r\nHost: a\r\n\r\n", patience=0.5))[:15]
            )
            await smuggle(port, UPGRADE, upgraded=True)
    assert "/admin/secret" in app.paths


async def test_past_a_front_proxy_we_are_not(tmp_path: Path) -> None:
    app = Seen()
    async with ours(app) as backend:
        with haproxy(tmp_path, backend) as port:
            await reachable(port)
            await smuggle(port, UPGRADE, upgraded=True)
    assert app.paths == ["/public"]


async def test_head_and_body_leave_in_one_packet() -> None:
    async with ours(Seen()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/public", close=False))
        first = await reader.read(65536)
        writer.close()
    assert first.startswith(b"HTTP/1.1 200") and first.endswith(b"seen")


async def test_a_head_whose_body_waits_leaves_at_once() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await asyncio.sleep(1)
        await send({"type": "http.response.body", "body": b"late"})

    async with ours(slow) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/public"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 0.5)
        assert head.startswith(b"HTTP/1.1 200")
        assert await asyncio.wait_for(reader.read(), 2) == b"late"
        writer.close()


async def test_alpn_offers_nothing_but_http1(tmp_path: Path) -> None:
    from gateway.serving.hypercorn_config import ServerConfig

    assert ServerConfig.alpn_protocols == ["http/1.1"]
    assert ssl.HAS_ALPN
