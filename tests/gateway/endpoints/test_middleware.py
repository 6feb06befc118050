"""T14, T15, T20 and research/perf.md 8.4: what bare Hypercorn hands on, and what passes us."""

import asyncio
import json
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.config import AccessLines, LogConfig
from gateway.endpoints.middleware import TRACE, Guard, examine
from gateway.errors import GatewayError, Kind
from gateway.log import AccessLog
from tests.support.serving import (
    Receive,
    Scope,
    Send,
    bare,
    echo,
    exchange,
    ours,
    post,
    read_body,
    respond,
    tighter,
)

TWICE = [
    b"Authorization: Basic eA==",
    b"X-MS-PolicyKey: 1",
    b"Content-Type: application/vnd.ms-sync.wbxml",
    b"MS-ASProtocolVersion: 14.1",
    b"MS-ASAcceptMultiPart: T",
    b"User-Agent: phone",
    b"Content-Encoding: identity",
    b"Transfer-Encoding: chunked",
    b"Content-Length: 0",
]


class Spy:
    """Notes how often each header came, and answers."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        self.scopes.append(scope)
        await read_body(receive)
        await respond(send, 200)


@pytest.mark.parametrize("header", TWICE[:5], ids=lambda value: value.split(b":")[0].decode())
async def test_bare_hypercorn_delivers_a_header_twice(header: bytes) -> None:
    spy = Spy()
    async with bare(spy) as port:
        await exchange(port, post(b"/x", b"", header, header))
    name = header.split(b":")[0].lower()
    assert [found for found, _ in spy.scopes[0]["headers"]].count(name) == 2


@pytest.mark.parametrize("header", TWICE, ids=lambda value: value.split(b":")[0].decode())
async def test_a_header_that_may_stand_once_is_refused_twice(header: bytes) -> None:
    spy = Spy()
    async with ours(spy) as port:
        answer = await exchange(port, b"POST /x HTTP/1.1\r\nHost: a\r\n" + (header + b"\r\n") * 2 + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
    assert spy.scopes == []


BOTH = (
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
)


async def test_bare_hypercorn_takes_both_framings_and_hands_over_both() -> None:
    spy = Spy()
    async with bare(spy) as port:
        await exchange(port, BOTH, patience=0.5)
    names = {name for name, _ in spy.scopes[0]["headers"]}
    assert {b"content-length", b"transfer-encoding"} <= names
    assert [scope["path"] for scope in spy.scopes] == ["/x", "/smuggled"]


async def test_both_framings_are_refused_and_nothing_behind_them_is_read() -> None:
    spy = Spy()
    async with ours(spy) as port:
        answer = await exchange(port, BOTH)
    assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1 ") == 1
    assert spy.scopes == []


@pytest.mark.parametrize(
    "target",
    [
        b"http://evil.example/x",
        b"*",
        b"//x",
        b"/a/../x",
        b"/a/./x",
        b"/a/..",
        b"/a//x",
        b"/%2e%2e/x",
        b"/a%2fx",
        b"/a%5Cx",
        b"/a\\x",
        b"/a;v=1/x",
        b"/a%3bv/x",
        b"/%252e/x",
        b"/%00",
        b"/%0d%0aX:",
        b"/%7f",
        b"/%zz",
        b"/%",
        b"/x#y",
    ],
)
async def test_a_target_that_is_no_plain_path_is_refused(target: bytes) -> None:
    spy = Spy()
    async with ours(spy) as port:
        answer = await exchange(port, post(target))
    assert answer.startswith(b"HTTP/1.1 400")
    assert spy.scopes == []


async def test_bare_hypercorn_takes_an_absolute_target() -> None:
    spy = Spy()
    async with bare(spy) as port:
        await exchange(port, post(b"http://evil.example/x"))
    assert spy.scopes[0]["raw_path"] == b"http://evil.example/x"


@pytest.mark.parametrize(
    "target",
    [
        b"/Microsoft-Server-ActiveSync?Cmd=Sync&User=a%40b&DeviceId=%2F..%3B",
        b"/autodiscover/autodiscover.json/v1.0/anna@a.example",
        b"/api/v1/users/anna%40a.example",
        b"/.well-known/x",
        b"/a..b",
    ],
)
async def test_a_plain_path_passes(target: bytes) -> None:
    async with ours(echo) as port:
        assert (await exchange(port, post(target))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "host", [b"a b", b"a/b", b"a@b", b"", b"a:b", b"evil.example:80:80", b"[::1", b"a,b"]
)
async def test_a_host_that_is_no_host_is_refused(host: bytes) -> None:
    async with ours(echo) as port:
        answer = await exchange(port, post().replace(b"gateway.example", host))
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("host", [b"a.example:8443", b"[::1]:443", b"192.0.2.1", b"localhost"])
async def test_a_host_passes(host: bytes) -> None:
    async with ours(echo) as port:
        assert (await exchange(port, post().replace(b"gateway.example", host))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("size", "status"), [(65_536, b"200"), (65_537, b"413")])
async def test_a_body_has_a_limit_where_its_length_is_announced(size: int, status: bytes) -> None:
    async with ours(echo, tighter(max_body_bytes=65_536)) as port:
        assert (await exchange(port, post(b"/x", b"a" * size))).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(("size", "status"), [(65_536, b"200"), (65_537, b"413")])
async def test_a_body_has_a_limit_where_it_is_not(size: int, status: bytes) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"%x\r\n" % size + b"a" * size + b"\r\n0\r\n\r\n"
    async with ours(echo, tighter(max_body_bytes=65_536)) as port:
        assert (await exchange(port, head + body)).startswith(b"HTTP/1.1 " + status)


async def test_http_1_0_has_no_chunks_and_needs_no_host() -> None:
    async with ours(echo) as port:
        assert (await exchange(port, b"GET /x HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200")
        chunked = b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        assert (await exchange(port, chunked)).startswith(b"HTTP/1.1 400")


async def test_an_encoded_body_is_refused() -> None:
    async with ours(echo) as port:
        answer = await exchange(port, post(b"/x", b"z", b"Content-Encoding: gzip"))
    assert answer.startswith(b"HTTP/1.1 415")


def guard(app: Any, tmp_path: Any, *networks: str) -> tuple[Guard, AccessLog, Any]:
    file = (tmp_path / "access").open("w+")
    access = AccessLog(LogConfig(access=AccessLines.FULL), file)
    limits = tighter()
    return Guard(app, limits, tuple(ip_network(item) for item in networks), access), access, file


def scope(*headers: tuple[bytes, bytes], client: tuple[str, int] | None = ("192.0.2.9", 5)) -> Scope:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/x",
        "raw_path": b"/x",
        "headers": [(b"host", b"a.example"), *headers],
        "client": client,
    }


class Peer:
    """The server's half of ASGI."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def receive(self) -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.9", [b"198.51.100.1"], "192.0.2.9"),
        ("10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.5", b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"unknown"], "10.0.0.1"),
        ("10.0.0.1", [b"10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", [b"2001:db8::1"], "2001:db8::1"),
        (None, [b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
    ],
)
async def test_the_client_is_named_by_trusted_proxies_alone(
    peer: str | None, forwarded: list[bytes], client: str, tmp_path: Any
) -> None:
    spy = Spy()
    front, _, file = guard(spy, tmp_path, "10.0.0.0/8")
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    asked = scope(*headers, client=(peer, 1) if peer else None)
    await front(asked, Peer().receive, Peer().send)
    assert spy.scopes[0][TRACE].client == client
    file.close()


async def test_every_request_has_its_line_and_its_own_id(tmp_path: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRACE].command = "Sync"
        await respond(send, 200, b"12345")

    front, access, file = guard(app, tmp_path)
    for _ in range(2):
        await front(scope((b"authorization", b"Basic c2VjcmV0")), Peer().receive, Peer().send)
    access.flush()
    file.seek(0)
    lines = [json.loads(line) for line in file]
    assert [(line["status"], line["bytes"], line["command"]) for line in lines] == [(200, 5, "Sync")] * 2
    assert lines[0]["request"] != lines[1]["request"]
    assert "c2VjcmV0" not in json.dumps(lines)
    file.close()


async def test_a_refusal_says_why_in_the_log_only(tmp_path: Any) -> None:
    peer = Peer()
    front, access, file = guard(echo, tmp_path)
    await front(scope((b"x-ms-policykey", b"1"), (b"x-ms-policykey", b"2")), peer.receive, peer.send)
    access.flush()
    file.seek(0)
    line = json.loads(file.read())
    assert line["verdict"] == "twice: x-ms-policykey" and line["status"] == 400
    assert peer.sent[-1]["body"] == b""
    assert (b"x-request-id", line["request"].encode()) in peer.sent[0]["headers"]
    file.close()


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), 500), (GatewayError(Kind.TOO_LARGE), 413)])
async def test_a_failure_before_the_answer_is_answered(error: Exception, status: int, tmp_path: Any) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    peer = Peer()
    front, _, file = guard(fails, tmp_path)
    await front(scope(), peer.receive, peer.send)
    assert peer.sent[0]["status"] == status
    assert front.active == 0
    file.close()


async def test_a_failure_within_the_answer_ends_the_connection() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("backend gone")

    async with ours(fails) as port:
        answer = await exchange(port, post())
    assert answer.endswith(b"half")


async def test_quiet_waits_for_what_is_under_way(tmp_path: Any) -> None:
    going = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await going.wait()
        await respond(send, 200)

    front, _, file = guard(slow, tmp_path)
    call = asyncio.ensure_future(front(scope(), Peer().receive, Peer().send))
    await asyncio.sleep(0)
    quiet = asyncio.ensure_future(front.quiet())
    await asyncio.sleep(0.01)
    assert front.active == 1 and not quiet.done()
    going.set()
    await asyncio.wait_for(asyncio.gather(call, quiet), 15)
    await front.quiet()
    file.close()


async def test_nothing_but_http_is_served(tmp_path: Any) -> None:
    front, _, file = guard(echo, tmp_path)
    with pytest.raises(ValueError, match="websocket"):
        await front({"type": "websocket"}, Peer().receive, Peer().send)
    file.close()


def test_the_examination_tells_what_the_head_holds() -> None:
    refusal, seen, forwarded = examine(scope((b"x-forwarded-for", b"a"), (b"content-length", b"3")), 10)
    assert refusal is None and seen and forwarded == b"a"
