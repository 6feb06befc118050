"""A connection from its first byte to its last: keep-alive, pipelining, departures."""

import asyncio
from pathlib import Path

import pytest

from tests.support.serving import Receive, Scope, Send, echo, exchange, heard, listening, ours, post, respond


async def test_requests_follow_each_other_on_one_connection() -> None:
    async with ours(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(20):
            writer.write(post(b"/%d" % number, b"x" * number, close=False))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert await reader.readexactly(length) == b"/%d " % number + b"x" * number
        writer.close()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with ours(echo) as port:
        parts = [post(b"/%d" % number, b"b", close=number == 9) for number in range(10)]
        answer = await exchange(port, b"".join(parts))
    assert [answer.find(b"/%d b" % number) for number in range(10)] == sorted(
        answer.find(b"/%d b" % number) for number in range(10)
    )
    assert answer.count(b"HTTP/1.1 200") == 10


async def test_http_1_0_ends_with_its_answer() -> None:
    async with ours(echo) as port:
        assert (await exchange(port, b"GET /x HTTP/1.0\r\nHost: a\r\n\r\n")).endswith(b"/x ")


async def test_a_large_body_passes_both_ways() -> None:
    body = b"0123456789abcdef" * 300_000
    async with ours(echo) as port:
        assert (await exchange(port, post(b"/x", body))).endswith(body)


async def test_a_failing_application_does_not_take_its_server_along() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("no")

    async with ours(fails, guarded=False) as port:
        for _ in range(3):
            assert (await exchange(port, post())).startswith(b"HTTP/1.1 500")


async def test_an_answer_that_is_no_http_ends_its_own_connection_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            headers = [(b"x-forged", b"a\r\nset-cookie: b")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        await respond(send, 200, b"whole")

    async with ours(broken) as port:
        assert b"cookie" not in await exchange(port, post(b"/broken"))
        assert (await exchange(port, post(b"/x"))).endswith(b"whole")
    assert "Unhandled" not in caplog.text


async def test_a_client_that_leaves_in_an_answer_leaves_nothing_behind() -> None:
    stopped = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        await gone
        while (await receive())["type"] != "http.disconnect":
            pass
        stopped.set()

    async with ours(endless) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post())
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.wait_for(stopped.wait(), 15)


async def test_a_refused_request_is_read_on_so_that_its_answer_arrives() -> None:
    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 413, b"too much")

    async with ours(refuses) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/x", b"z" * 5_000_000)[:4_000_000])
        await asyncio.sleep(0.2)
        assert b"too much" in await heard(reader, patience=1)
        writer.close()


async def test_a_peer_on_a_unix_socket_has_no_address(tmp_path: Path) -> None:
    import socket

    from gateway.config import Limits
    from gateway.serving.deadlines import Deadlines
    from gateway.serving.hypercorn_config import ServerConfig
    from gateway.serving.listener import Listener

    seen: list[object] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"])
        await respond(send, 200)

    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "s"))
    listener = Listener(note, ServerConfig(Limits()), Deadlines(), [sock])
    await listener.open()
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
    writer.write(post())
    assert b"200" in await heard(reader)
    writer.close()
    await listener.refuse()
    await listener.cut()
    assert seen == [None]


def test_the_test_sockets_are_free() -> None:
    sock = listening()
    assert sock.getsockname()[1] > 0
    sock.close()
