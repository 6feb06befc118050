"""T20 and research/perf.md 8.5: slow heads and slow bodies are cut, a parked Ping is not."""

import asyncio
import time

from gateway.serving.deadlines import TICK_S, Deadlines
from tests.support.gateway import until
from tests.support.serving import (
    Receive,
    Scope,
    Send,
    bare,
    echo,
    heard,
    ours,
    post,
    read_body,
    respond,
    tighter,
)

SOON_S = 10.0
"""More than every deadline below and less than waiting for ever, on a machine that is late."""

HASTY = tighter(header_timeout_s=0.6, keep_alive_s=1.2, body_idle_timeout_s=0.6, body_min_rate=1000)


async def parked(scope: Scope, receive: Receive, send: Send) -> None:
    """A Ping of two seconds, watching for a client that leaves as the proxy does."""
    if scope["type"] != "http":
        raise NotImplementedError
    await read_body(receive)
    gone = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait([gone], timeout=2)
    gone.cancel()
    await respond(send, 503 if done else 200, b"ping")


async def drip(port: int, parts: list[bytes], pause: float) -> tuple[bytes, float]:
    """Send ``parts`` with pauses; what came back, and when the connection ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()

    async def write() -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)

    writing = asyncio.ensure_future(write())
    answer = await heard(reader, patience=2 * SOON_S)
    ended = time.monotonic() - began
    writing.cancel()
    writer.close()
    return answer, ended


async def test_bare_hypercorn_has_no_timeout_for_a_body() -> None:
    request = post(b"/x", b"a" * 10)
    async with bare(echo, keep_alive_timeout=0.5) as port:
        answer, _ = await drip(
            port, [request[:-5], *(request[-5 + n : -4 + n or None] for n in range(5))], 0.5
        )
    assert answer.endswith(b"a" * 10)


async def test_bare_hypercorns_read_timeout_ends_a_parked_ping() -> None:
    async with bare(parked, read_timeout=1) as port:
        answer, _ = await drip(port, [post(b"/x", b"ping")], 0)
    assert answer.startswith(b"HTTP/1.1 503") or answer == b""


async def test_a_slow_head_is_cut_off() -> None:
    async with ours(echo, HASTY) as port:
        answer, ended = await drip(port, [b"POST /x HTTP/1.1\r\n", *[b"X: y\r\n"] * 40], 0.1)
    assert answer.startswith(b"HTTP/1.1 408")
    assert 0.5 < ended < SOON_S


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with ours(echo, HASTY) as port:
        _, ended = await drip(port, [], 0)
    assert 0.5 < ended < SOON_S


async def test_a_slow_second_head_is_cut_off() -> None:
    async with ours(echo, HASTY) as port:
        first = post(b"/1", close=False)
        answer, ended = await drip(port, [first, *[b"P"], *[b"O"] * 40], 0.1)
    assert answer.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 408" in answer
    assert ended < SOON_S


async def test_an_idle_connection_is_kept_and_then_closed() -> None:
    async with ours(echo, HASTY) as port:
        answer, ended = await drip(port, [post(b"/1", close=False)], 0)
    assert answer.count(b"HTTP/1.1") == 1
    assert 1.0 < ended < SOON_S


async def test_a_body_that_stops_is_cut_off() -> None:
    seen: list[str] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        seen.append(message["type"])

    async with ours(note, HASTY) as port:
        _, ended = await drip(port, [post(b"/x", b"a" * 100)[:-50]], 0)
    assert 0.5 < ended < SOON_S
    assert seen == ["http.disconnect"]


async def test_a_body_below_the_lowest_rate_is_cut_off() -> None:
    request = post(b"/x", b"a" * 1000)
    parts = [request[:-1000], *[b"a" * 10] * 100]
    async with ours(echo, HASTY) as port:
        answer, ended = await drip(port, parts, 0.1)
    assert answer == b""
    assert 0.5 < ended < SOON_S


async def test_a_slow_body_above_the_lowest_rate_passes() -> None:
    parts = [post(b"/x", b"a" * 20_000)[:-20_000], *[b"a" * 2000] * 10]
    async with ours(echo, HASTY) as port:
        answer, ended = await drip(port, parts, 0.12)
    assert answer.startswith(b"HTTP/1.1 200")
    assert ended > 1


async def test_a_parked_ping_outlives_every_timeout() -> None:
    async with ours(parked, HASTY) as port:
        answer, ended = await drip(port, [post(b"/x", b"ping")], 0)
    assert answer.startswith(b"HTTP/1.1 200")
    assert ended > 1.9


async def test_an_application_that_reads_slowly_is_not_blamed_on_the_client() -> None:
    async def lazy(scope: Scope, receive: Receive, send: Send) -> None:
        total = 0
        for _ in range(4):
            await asyncio.sleep(0.4)
            total += len((await receive())["body"])
        await respond(send, 200, str(total + len(await read_body(receive))).encode())

    async with ours(lazy, HASTY) as port:
        answer, _ = await drip(port, [post(b"/x", b"a" * 3_000_000)], 0)
    assert answer.endswith(b"3000000")


async def test_a_reader_that_takes_nothing_is_cut_off() -> None:
    ended = asyncio.Event()

    async def flood(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        ended.set()

    async with ours(flood, tighter(write_stall_timeout_s=0.5)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(post(b"/x"))
        await asyncio.wait_for(ended.wait(), 30)
        writer.close()
        del reader


class Watched:
    expired = 0

    def expire(self) -> None:
        self.expired += 1


async def test_a_deadline_expires_once_and_a_cleared_one_never() -> None:
    deadlines, late, saved = Deadlines(), Watched(), Watched()
    now = asyncio.get_running_loop().time()
    deadlines.set(late, now)
    deadlines.set(saved, now)
    deadlines.clear(saved)
    assert deadlines.has(late) and not deadlines.has(saved)
    sweeping = asyncio.ensure_future(deadlines.sweep())
    await until(lambda: late.expired > 0)
    await asyncio.sleep(2 * TICK_S)
    sweeping.cancel()
    assert (late.expired, saved.expired) == (1, 0)
