"""research/perf.md 8.4 and 8.5: what bare Hypercorn forgives in a head; each limit at its edge."""

import asyncio

import pytest

from tests.support.serving import Receive, Scope, Send, bare, echo, exchange, ours, post, respond, tighter

LAX = {
    "bare line feed": b"POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
    "one bare line feed": b"POST /x HTTP/1.1\r\nHost: a\nX: b\r\nContent-Length: 0\r\n\r\n",
    "folded header": b"POST /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "folded by a tab": b"POST /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.2": b"POST /x HTTP/1.2\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "leading empty header block": b"POST /x HTTP/1.1\r\nHost: a\r\nX:\n y\r\nContent-Length: 0\r\n\r\n",
}


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError
    await respond(send, 200, str(len(scope["headers"])).encode())


@pytest.mark.parametrize("kind", LAX)
async def test_bare_hypercorn_forgives(kind: str) -> None:
    async with bare(plain) as port:
        assert (await exchange(port, LAX[kind], patience=0.3)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("kind", LAX)
async def test_a_lax_head_is_refused(kind: str) -> None:
    async with ours(plain, guarded=False) as port:
        answer = await exchange(port, LAX[kind])
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 505"))
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_lax_head_behind_a_good_request_is_refused() -> None:
    async with ours(echo, guarded=False) as port:
        answer = await exchange(port, post(b"/1", b"a", close=False) + LAX["folded header"])
    assert b"/1 a" in answer and b"HTTP/1.1 400" in answer


def sized(total: int) -> bytes:
    """A request whose head is ``total`` bytes long, its last empty line not counted."""
    head = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: "
    return head + b"y" * (total - len(head) - 2) + b"\r\n\r\n"


async def test_bare_hypercorn_takes_a_head_of_60_kib() -> None:
    async with bare(plain) as port:
        assert (await exchange(port, sized(60_000))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("size", "status"), [(4096, b"200"), (4097, b"431"), (60_000, b"431")])
async def test_the_head_has_a_size_limit(size: int, status: bytes) -> None:
    async with ours(plain, tighter(header_bytes=4096)) as port:
        assert (await exchange(port, sized(size))).startswith(b"HTTP/1.1 " + status)


def counted(headers: int) -> bytes:
    extra = b"".join(b"X-%d: y\r\n" % number for number in range(headers - 2))
    return b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + extra + b"\r\n"


async def test_bare_hypercorn_takes_a_thousand_headers() -> None:
    async with bare(plain) as port:
        assert (await exchange(port, counted(1000))).endswith(b"1000")


@pytest.mark.parametrize(("count", "status"), [(100, b"200"), (101, b"431")])
async def test_the_head_has_a_limit_of_headers(count: int, status: bytes) -> None:
    async with ours(plain) as port:
        assert (await exchange(port, counted(count))).startswith(b"HTTP/1.1 " + status)


async def test_a_head_may_come_byte_by_byte() -> None:
    async with ours(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in post(b"/slow", b"body"):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await reader.read(-1)).endswith(b"/slow body")
        writer.close()


async def test_a_refused_head_does_not_serve_what_follows() -> None:
    async with ours(echo) as port:
        answer = await exchange(port, LAX["bare line feed"] + post(b"/hidden", b"x"))
    assert answer.count(b"HTTP/1.1") == 1
    assert b"hidden" not in answer


@pytest.mark.parametrize(
    "head",
    [
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost : a\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        b"POST /x HTTP/1.1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    ],
)
async def test_what_h11_refuses_stays_refused(head: bytes) -> None:
    async with ours(echo) as port:
        answer = await exchange(port, head)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
