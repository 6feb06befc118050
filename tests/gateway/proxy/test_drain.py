"""gateway.proxy.drain behind a real Hypercorn; the first test shows what happens without it."""

import asyncio
from contextlib import suppress

from gateway.proxy.drain import answer, drain, end
from mdm.ashttp import Reply
from tests.support.front import Front

MIB = 1 << 20
REFUSAL = Reply(401, (("WWW-Authenticate", "Basic"),), b"no", "text/plain")


def serving() -> list[asyncio.Task[object]]:
    """Tasks of Hypercorn's that serve a connection."""
    return [task for task in asyncio.all_tasks() if "_server_callback" in repr(task.get_coro())]


async def left_behind(how) -> int:
    """Connections that stay when ``how`` refuses four clients that leave in the middle of 1.5 MiB."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await receive()
            await asyncio.sleep(0.1)
            await how(receive, send)

    async with Front(app) as front:
        await asyncio.sleep(0.1)
        before = set(serving())
        for _ in range(4):
            client = await front.dial()
            await client.post(b"", length=3 * MIB // 2)
            with suppress(ConnectionError):
                await client.send(b"x" * MIB)
                await client.head()
            client.leave()
        await asyncio.sleep(0.8)
        left = set(serving()) - before
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    return len(left)


async def test_without_it_every_connection_stays_for_ever():
    async def plain(_, send):
        await answer(REFUSAL, None, send, unread=False)

    assert await left_behind(plain) == 4


async def test_with_it_none_does():
    async def drained(receive, send):
        await answer(REFUSAL, receive, send, unread=True, limit_s=0.2)

    assert await left_behind(drained) == 0


async def refuse(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        await answer(REFUSAL, receive, send, unread=True, limit_s=0.5)


async def test_the_answer_comes_before_the_body_is_over_and_the_connection_lives_on():
    async with Front(refuse) as front:
        client = await front.dial()
        await client.post(b"x" * MIB, length=2 * MIB)
        got = await client.answer()
        assert (got.status, got.body) == (401, b"no")
        await client.send(b"x" * MIB)
        await client.post(b"q")
        assert (await client.answer()).status == 401


async def test_a_client_that_does_not_stop_is_cut_off():
    async with Front(refuse) as front:
        client = await front.dial()
        await client.post(b"x" * 1000, length=2000)
        assert (await client.answer()).status == 401
        async with asyncio.timeout(2):
            assert await client.closed()


async def test_drain_ends_with_the_client_and_with_the_clock():
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    await drain(queue.get, 0.05)
    queue.put_nowait({"type": "http.request", "body": b"x", "more_body": True})
    queue.put_nowait({"type": "http.disconnect"})
    await drain(queue.get, 5)
    assert queue.empty()


async def test_a_client_that_has_left_is_sent_no_end():
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    queue.put_nowait({"type": "http.disconnect"})
    sent = []

    async def send(message):
        sent.append(message)

    await end(queue.get, send, body=b"x", limit_s=1)
    assert [message["more_body"] for message in sent] == [True]
