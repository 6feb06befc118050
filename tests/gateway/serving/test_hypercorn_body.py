"""research/perf.md 8.1: an answer that precedes the body leaks for ever in bare Hypercorn, not with us."""

import asyncio
import contextlib

import pytest

from gateway.serving.hypercorn_body import QUEUED_BYTES, BodyQueue
from tests.support.serving import Receive, Scope, Send, bare, exchange, heard, ours, post, read_body, respond

LONG = b"x" * 1_500_000
ROUNDS = 10


class Early:
    """Answers 401 while the body still comes, as a password check does; counts calls that never end."""

    def __init__(self) -> None:
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        self.open += 1
        try:
            await asyncio.sleep(0.05)
            await respond(send, 401, b"who?")
        finally:
            self.open -= 1


async def attack(port: int) -> None:
    """Ten strangers post 1.5 MB each and leave."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(post(b"/x", LONG))
            await asyncio.wait_for(reader.read(100), 2)
        writer.close()

    await asyncio.gather(*(one() for _ in range(ROUNDS)))
    await asyncio.sleep(1)


async def test_bare_hypercorn_leaks_an_early_answer() -> None:
    app = Early()
    async with bare(app) as port:
        await attack(port)
        assert app.open == ROUNDS


async def test_an_early_answer_leaves_nothing_behind() -> None:
    app = Early()
    async with ours(app, guarded=False) as port:
        before = len(asyncio.all_tasks())
        await attack(port)
        assert app.open == 0
        assert len(asyncio.all_tasks()) <= before


async def test_the_early_answer_arrives_although_the_body_is_still_being_sent() -> None:
    async with ours(Early()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/x", LONG))
        answer = await heard(reader)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 401") and answer.endswith(b"who?")


async def test_a_small_body_that_nobody_read_does_not_cost_the_connection() -> None:
    async with ours(Early()) as port:
        answer = await exchange(port, post(b"/x", b"y" * 200, close=False) + post(b"/x"))
    assert answer.count(b"HTTP/1.1 401") == 2


async def test_the_application_sees_the_end_of_a_client_that_leaves() -> None:
    seen = asyncio.Event()

    async def park(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        assert (await receive())["type"] == "http.disconnect"
        assert (await receive())["type"] == "http.disconnect"
        seen.set()

    async with ours(park) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"/x", b"ping", close=False))
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.wait_for(seen.wait(), 2)


async def test_the_queue_holds_a_bounded_number_of_bytes() -> None:
    queue = BodyQueue()
    part = {"type": "http.request", "body": b"x" * (QUEUED_BYTES // 2), "more_body": True}
    await queue.put(part)
    waiting = asyncio.ensure_future(queue.put(dict(part)))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await queue.get()
    await asyncio.wait_for(waiting, 1)


async def test_the_end_of_a_request_wakes_everybody() -> None:
    queue = BodyQueue()
    reader = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    await queue.put({"type": "http.disconnect"})
    assert (await asyncio.wait_for(reader, 1))["type"] == "http.disconnect"
    await queue.put({"type": "http.request", "body": b"late", "more_body": False})
    assert (await queue.get())["type"] == "http.disconnect"


async def test_a_cancelled_reader_loses_no_message() -> None:
    queue = BodyQueue()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.01)
    await queue.put({"type": "http.request", "body": b"a", "more_body": False})
    assert (await asyncio.wait_for(queue.get(), 1))["body"] == b"a"


async def test_a_reader_behind_a_cancelled_one_is_woken() -> None:
    queue = BodyQueue()
    gone, patient = asyncio.ensure_future(queue.get()), asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    await queue.put({"type": "http.request", "body": b"a", "more_body": False})
    assert (await asyncio.wait_for(patient, 1))["body"] == b"a"


@pytest.mark.parametrize("body", [b"", b"z" * 300_000])
async def test_a_client_that_expects_100_is_told_when_the_application_asks(body: bytes) -> None:
    async def picky(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/no":
            await respond(send, 401)
        else:
            await respond(send, 200, str(len(await read_body(receive))).encode())

    async with ours(picky) as port:
        refused = await exchange(port, post(b"/no", b"", b"Expect: 100-continue").replace(b"h: 0", b"h: 9"))
        assert refused.startswith(b"HTTP/1.1 401")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head, _, rest = post(b"/yes", body, b"Expect: 100-continue").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        if body:
            assert (await reader.readline()).startswith(b"HTTP/1.1 100")
        writer.write(rest)
        assert (await heard(reader)).endswith(str(len(body)).encode())
        writer.close()
