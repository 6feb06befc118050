"""The files of ``nginx/`` with Debian's nginx, before a backend that writes down what it is given."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.backend import Exchange, RecordingBackend, head, reply
from tests.support.nginx_front import DISCOVERY, OTHER, PUBLIC, Front, check, front
from tests.support.raw import Raw, send

pytestmark = pytest.mark.nginx

ACTIVESYNC = "/Microsoft-Server-ActiveSync"
QUERY = "?Cmd=Sync&User=u&DeviceId=d1&DeviceType=t"


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend() as running:
        yield running


@pytest.fixture
async def nginx(backend: RecordingBackend) -> AsyncIterator[Front]:
    with front(f"127.0.0.1:{backend.port}") as running:
        yield running


async def ask(
    nginx: Front, target: str, *headers: str, method: str = "POST", host: str = PUBLIC, body: bytes = b"abc"
) -> Raw:
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        f"Content-Length: {len(body)}",
    ]
    request = "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body
    return await send(nginx.https, request, tls=nginx.trust, name=PUBLIC, quiet_s=5)


def test_nginx_finds_no_fault(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


@pytest.mark.parametrize("path", [ACTIVESYNC, "/microsoft-server-activesync", f"{ACTIVESYNC}/"])
async def test_activesync_arrives_as_it_was_sent(nginx: Front, backend: RecordingBackend, path: str) -> None:
    answer = await ask(nginx, path + QUERY, "X-MS-PolicyKey: 17")
    assert answer.status == 200
    (seen,) = backend.seen
    assert (seen.method, seen.target, seen.body) == ("POST", path + QUERY, b"abc")
    assert seen.header("x-ms-policykey") == "17"
    assert seen.header("host") == PUBLIC


@pytest.mark.parametrize("host", [PUBLIC, DISCOVERY, OTHER])
@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"])
async def test_discovery_answers_on_every_name(
    nginx: Front, backend: RecordingBackend, host: str, path: str
) -> None:
    assert (await ask(nginx, path, host=host)).status == 200
    assert [seen.target for seen in backend.seen] == [path]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ecp/",
        "/owa/",
        "/api/v1/devices",
        "/PowerShell",
        "/EWS/Exchange.asmx",
        f"/{ACTIVESYNC}",
        f"{ACTIVESYNC}/x",
        f"{ACTIVESYNC};a=b",
        f"/x/..{ACTIVESYNC}",
        f"/.{ACTIVESYNC}",
        "/%4dicrosoft-Server-ActiveSync",
        "/Microsoft-Server-ActiveSync%2f",
        "/Microsoft-Server-ActiveSync%00",
        "/autodiscover/autodiscover.json/x/powershell",
        "/autodiscover//autodiscover.xml",
        "/autodiscover/%61utodiscover.xml",
        "/autodiscover/x/../autodiscover.xml",
    ],
)
async def test_no_other_path_has_a_way_in(nginx: Front, backend: RecordingBackend, path: str) -> None:
    assert (await ask(nginx, path)).status in (400, 404)
    assert backend.seen == []


async def test_client_address_is_nginxs_word_and_steering_headers_end_here(
    nginx: Front, backend: RecordingBackend
) -> None:
    claims = [
        "X-Forwarded-For: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "X-Original-URL: /admin",
        "X-Rewrite-URL: /admin",
        "X-Forwarded-Host: evil.test",
        "X-HTTP-Method-Override: DELETE",
        "X-Usher-Proof: guessed",
        "X-Forwarded-User: admin",
        "X_Forwarded_For: 203.0.113.9",
        "Upgrade: h2c",
        "TE: trailers",
    ]
    assert (await ask(nginx, ACTIVESYNC + QUERY, *claims)).status == 200
    (seen,) = backend.seen
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    names = {name.lower() for name, _ in seen.headers}
    assert names == {"host", "x-forwarded-for", "x-forwarded-proto", "content-length"}


async def test_answer_that_tries_to_steer_nginx_does_not(nginx: Front, backend: RecordingBackend) -> None:
    backend.script = reply(200, b"body", X_Accel_Redirect="/etc/passwd", X_Accel_Limit_Rate="1")
    answer = await ask(nginx, ACTIVESYNC + QUERY)
    assert answer.status == 200
    assert answer.octets.endswith(b"body")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_port_80_points_to_https(nginx: Front, backend: RecordingBackend, method: str) -> None:
    request = (
        f"{method} /Autodiscover/Autodiscover.xml HTTP/1.1\r\nHost: {DISCOVERY}\r\nContent-Length: 0\r\n\r\n"
    )
    answer = await send(nginx.http, request.encode())
    assert answer.status == 302
    assert f"Location: https://{PUBLIC}/Autodiscover/Autodiscover.xml\r\n".encode() in answer.octets
    assert backend.seen == []


async def test_port_80_takes_no_password(nginx: Front, backend: RecordingBackend) -> None:
    request = f"POST {ACTIVESYNC}{QUERY} HTTP/1.1\r\nHost: {PUBLIC}\r\nContent-Length: 0\r\n\r\n"
    assert (await send(nginx.http, request.encode())).status == 403
    assert backend.seen == []


async def test_port_80_says_of_other_paths_that_they_are_not_there(nginx: Front) -> None:
    request = f"GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: {PUBLIC}\r\n\r\n"
    assert (await send(nginx.http, request.encode())).status == 404


async def test_foreign_name_gets_no_handshake_and_no_answer(nginx: Front, backend: RecordingBackend) -> None:
    with pytest.raises(ssl.SSLError):
        await send(nginx.https, b"", tls=nginx.trust, name="elsewhere.example.net")
    assert (await ask(nginx, ACTIVESYNC + QUERY, host="elsewhere.example.net")).status == 421
    assert backend.seen == []


async def test_http_2_is_not_spoken(nginx: Front) -> None:
    nginx.trust.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection(
        "127.0.0.1", nginx.https, ssl=nginx.trust, server_hostname=PUBLIC
    )
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    writer.close()
    answer = await send(nginx.http, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert b"HTTP/1.1 400" in answer.octets or answer.octets == b""


async def test_long_poll_is_released_when_the_phone_leaves(nginx: Front, backend: RecordingBackend) -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.gone()

    backend.script = hang
    assert (await ask_and_leave(nginx)).statuses == []
    await backend.until(lambda it: it.open == 0)


async def ask_and_leave(nginx: Front) -> Raw:
    request = f"POST {ACTIVESYNC}{QUERY} HTTP/1.1\r\nHost: {PUBLIC}\r\nContent-Length: 0\r\n\r\n".encode()
    return await send(nginx.https, request, tls=nginx.trust, name=PUBLIC, quiet_s=0.5)


async def test_bytes_pass_as_they_come_both_ways(nginx: Front, backend: RecordingBackend) -> None:
    """The backend has the first half of the body before the second is sent, the client that of the answer."""
    halves: asyncio.Queue[bytes] = asyncio.Queue()

    async def echo_by_halves(exchange: Exchange) -> None:
        exchange.read_all = True
        await exchange.write(head(200, {"Content-Length": "8"}))
        for _ in range(2):
            half = await exchange.reader.readexactly(4)
            await halves.put(half)
            await exchange.write(half)

    backend.script = echo_by_halves
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", nginx.https, ssl=nginx.trust, server_hostname=PUBLIC
    )
    writer.write(
        f"POST {ACTIVESYNC}{QUERY} HTTP/1.1\r\nHost: {PUBLIC}\r\nContent-Length: 8\r\n\r\none ".encode()
    )
    async with asyncio.timeout(20):
        assert await halves.get() == b"one "
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == b"one "
        writer.write(b"two ")
        assert await reader.readexactly(4) == b"two "
    writer.close()


async def test_post_is_never_repeated_not_even_when_a_kept_connection_breaks(
    nginx: Front, backend: RecordingBackend
) -> None:
    async def hang_up(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.hang_up()

    assert (await ask(nginx, ACTIVESYNC + QUERY)).status == 200
    backend.script = hang_up
    assert (await ask(nginx, ACTIVESYNC + QUERY)).status == 502
    assert [seen.connection for seen in backend.seen] == [0, 0]


async def test_connection_to_the_gateway_is_used_again(nginx: Front, backend: RecordingBackend) -> None:
    for _ in range(3):
        assert (await ask(nginx, ACTIVESYNC + QUERY)).status == 200
    assert backend.connections == 1


@pytest.mark.parametrize(
    ("path", "limit"), [(ACTIVESYNC, 50 << 20), ("/autodiscover/autodiscover.xml", 32 << 10)]
)
async def test_body_limit(nginx: Front, backend: RecordingBackend, path: str, limit: int) -> None:
    lines = f"POST {path} HTTP/1.1\r\nHost: {PUBLIC}\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    above = await send(nginx.https, (lines % (limit + 1)).encode(), tls=nginx.trust, name=PUBLIC)
    assert above.status == 413
    assert backend.seen == []
    await send(nginx.https, (lines % limit).encode(), tls=nginx.trust, name=PUBLIC, quiet_s=0.3)
    await backend.until(lambda it: len(it.seen) == 1)


async def test_its_log_holds_no_query(nginx: Front) -> None:
    """The base64 query carries the policy key."""
    await ask(nginx, f"{ACTIVESYNC}?jgkJBBCXamFuZQQ5MDEyAldQ")
    logged = await asyncio.to_thread(nginx.logged)
    assert f"POST {ACTIVESYNC}" in logged
    assert "jgkJ" not in logged
