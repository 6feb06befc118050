"""gateway.proxy.forward over real sockets: client, Hypercorn, forward, aiohttp, backend."""

import asyncio
import gc
import hashlib
import resource
import time

import pytest

from gateway.proxy.forward import SMALL_BODY, Outbound, forward
from gateway.proxy.race import Ending
from gateway.proxy.wire import PATIENCE_S
from mdm.ashttp import Reply
from tests.support.backend import Exchange, chunked, head, raw, reply

MIB = 1 << 20


async def hold(exchange: Exchange) -> None:
    """Read the request and never answer; returns when the connection is closed."""
    await exchange.read()
    await exchange.gone()
    await exchange.hang_up()


async def never_reads(exchange: Exchange) -> None:
    """Answer at once, without the body."""
    await exchange.write(
        head(200, {"Content-Length": "5", "Content-Type": "application/vnd.ms-sync.wbxml"}) + b"early"
    )
    await exchange.gone()


async def test_a_request_and_its_answer(start):
    async with start(reply(200, b"answer", X_BEServer="mail1", Set_Cookie="a=b")) as pump:
        client = await pump.front.dial()
        await client.post(b"question")
        answer = await client.answer()
        assert (answer.status, answer.body) == (200, b"answer")
        assert answer.header("content-type") == "application/vnd.ms-sync.wbxml"
        assert answer.header("x-beserver") is answer.header("set-cookie") is None
        outcome = await pump.outcome()
        assert (outcome.ending, outcome.status, outcome.backend_status) == (Ending.ANSWERED, 200, 200)
        assert outcome.sent == 6
        assert pump.backend.seen[0].raw == (
            b"POST /Microsoft-Server-ActiveSync?Cmd=Sync&User=u&DeviceId=D&DeviceType=T HTTP/1.1\r\n"
            + f"Host: 127.0.0.1:{pump.backend.port}\r\n".encode()
            + b"MS-ASProtocolVersion: 16.1\r\nContent-Type: application/vnd.ms-sync.wbxml\r\n"
            + b"Content-Length: 8\r\n\r\nquestion"
        )


async def test_connections_are_kept_on_both_sides(start):
    async with start(reply(200, b"x")) as pump:
        client = await pump.front.dial()
        for _ in range(2):
            await client.post(b"q")
            assert (await client.answer()).status == 200
            await asyncio.sleep(PATIENCE_S * 1.2)
        await client.post(b"q")
        assert (await client.answer()).status == 200
        assert pump.backend.connections == 1


async def test_extra_headers_are_added(start):
    async with start(reply(200, b"x", MS_ASProtocolVersions="2.5"), extra=[(b"x-ms-rp", b"16.1")]) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert answer.header("x-ms-rp") == "16.1"
        assert answer.header("ms-asprotocolversions") is None


@pytest.mark.parametrize("status", [200, 204])
async def test_an_empty_answer_is_nothing_but_a_length(start, status):
    script = raw(head(status, {"Content-Type": "text/xml", "Content-Encoding": "gzip"}), then_close=True)
    async with start(script) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.header("content-length")) == (200, "0")
        assert answer.header("content-type") is answer.header("content-encoding") is None


async def test_a_small_chunked_answer_gets_a_length(start):
    async with start(chunked(b"a" * 1000, b"b" * 1000, pause_s=0.01)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert answer.header("content-length") == "2000"
        assert answer.body == b"a" * 1000 + b"b" * 1000


async def test_a_large_chunked_answer_is_streamed(start):
    async with start(chunked(*[b"a" * 40_000] * 5)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert answer.header("transfer-encoding") == "chunked"
        assert answer.body == b"a" * 200_000


@pytest.mark.parametrize("size", [SMALL_BODY - 1, SMALL_BODY, SMALL_BODY + 1, 5 * SMALL_BODY])
async def test_an_answer_with_a_length_keeps_it(start, size):
    async with start(reply(200, b"x" * size)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert answer.header("content-length") == str(size)
        assert len(answer.body) == size


async def test_an_answer_ended_by_the_connection(start):
    async with start(raw(head(200, {"Content-Type": "image/png"}) + b"picture")) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.header("content-length"), answer.body) == ("7", b"picture")


async def test_a_large_body_with_a_length_flows(start):
    body = hashlib.shake_128(b"x").digest(3 * MIB)
    async with start(reply(200, b"ok")) as pump:
        client = await pump.front.dial()
        await client.post(body)
        assert (await client.answer()).body == b"ok"
        seen = pump.backend.seen[0]
        assert seen.body == body
        assert seen.values("content-length") == [str(len(body))]
        assert seen.header("transfer-encoding") is None
        await client.post(b"again")
        assert (await client.answer()).body == b"ok"


@pytest.mark.parametrize("size", [0, 10, 100_000, 600_000])
async def test_a_chunked_body_gets_a_length_for_sogo(start, size):
    body = hashlib.shake_128(b"y").digest(size)
    parts = [body[at : at + 50_000] for at in range(0, size, 50_000)]
    async with start(reply(200, b"ok")) as pump:
        client = await pump.front.dial()
        await client.post_chunked(*parts)
        assert (await client.answer()).body == b"ok"
        seen = pump.backend.seen[0]
        assert (seen.header("content-length"), seen.header("transfer-encoding")) == (str(size), None)
        assert seen.body == body


async def test_a_chunked_body_stays_chunked_where_that_is_understood(start):
    async with start(reply(200, b"ok"), config={"chunked": True}) as pump:
        client = await pump.front.dial()
        await client.post_chunked(b"a" * 70_000, b"b" * 70_000)
        assert (await client.answer()).body == b"ok"
        seen = pump.backend.seen[0]
        assert (seen.header("content-length"), seen.header("transfer-encoding")) == (None, "chunked")
        assert seen.body == b"a" * 70_000 + b"b" * 70_000


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413)])
@pytest.mark.parametrize("chunked_backend", [True, False])
async def test_a_chunked_body_has_a_limit(start, size, status, chunked_backend):
    config = {"chunked": chunked_backend}
    async with start(reply(200, b"ok"), config=config, max_body=1000) as pump:
        client = await pump.front.dial()
        await client.post_chunked(b"a" * 500, b"b" * (size - 500))
        assert (await client.answer()).status == status


async def test_a_client_that_leaves_frees_the_backend(start):
    async with start(hold) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        await pump.backend.until(lambda backend: backend.open == 1 and backend.seen)
        client.leave()
        began = time.monotonic()
        await pump.backend.until(lambda backend: backend.open == 0)
        assert time.monotonic() - began < 10
        assert (await pump.outcome()).ending is Ending.GONE


async def test_a_client_that_leaves_within_its_upload_frees_the_backend(start):
    async with start(hold) as pump:
        client = await pump.front.dial()
        await client.post(b"x" * 100_000, length=1_000_000)
        await pump.backend.until(lambda backend: backend.open == 1 and backend.seen)
        client.leave()
        await pump.backend.until(lambda backend: backend.open == 0)
        assert (await pump.outcome()).ending is Ending.GONE


async def test_a_client_that_leaves_while_its_body_is_gathered(start):
    async with start() as pump:
        client = await pump.front.dial()
        await client.post_chunked(b"x" * 1000, end=False)
        await asyncio.sleep(0.05)
        client.leave()
        assert (await pump.outcome()).ending is Ending.GONE
        assert pump.backend.seen == []


async def test_a_client_that_leaves_within_the_answer_frees_the_backend(start):
    async with start(chunked(b"a" * 100_000, stuck=True)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        await client.head()
        client.leave()
        await pump.backend.until(lambda backend: backend.open == 0, 15)
        assert (await pump.outcome()).ending is Ending.GONE


async def test_a_cut_ends_the_wait_at_once(start):
    async with start(hold) as pump:
        pump.cut = asyncio.get_running_loop().create_future()
        client = await pump.front.dial()
        await client.post(b"q")
        await pump.backend.until(lambda backend: bool(backend.seen))
        began = time.monotonic()
        pump.cut.set_result(Reply(449, (("X-Why", "wipe"),), b"body", "application/vnd.ms-sync.wbxml"))
        answer = await client.answer()
        assert time.monotonic() - began < 10
        assert (answer.status, answer.body, answer.header("x-why")) == (449, b"body", "wipe")
        await pump.backend.until(lambda backend: backend.open == 0)
        assert (await pump.outcome()).ending is Ending.CUT
        pump.cut = None
        pump.backend.script = reply(200, b"next")
        await client.post(b"q")
        assert (await client.answer()).body == b"next"


async def test_a_cut_before_the_start_asks_nobody(start):
    async with start(hold) as pump:
        pump.cut = asyncio.get_running_loop().create_future()
        pump.cut.set_result(Reply(200, (), b"wiped", "text/plain"))
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).body == b"wiped"
        await pump.backend.until(lambda backend: backend.open == 0)


async def test_a_cut_after_the_client_was_told_comes_too_late(start):
    async with start(chunked(b"a" * 100_000, b"b" * 1000, pause_s=0.2)) as pump:
        pump.cut = asyncio.get_running_loop().create_future()
        client = await pump.front.dial()
        await client.post(b"q")
        await client.head()
        pump.cut.set_result(Reply(500))
        assert (await pump.outcome()).ending is Ending.ANSWERED


async def test_a_head_sent_at_once_does_not_protect_from_a_cut(start):
    async with start(chunked(b"a" * 10, stuck=True)) as pump:
        pump.cut = asyncio.get_running_loop().create_future()
        client = await pump.front.dial()
        await client.post(b"q")
        await pump.backend.until(lambda backend: bool(backend.seen))
        await asyncio.sleep(0.1)
        pump.cut.set_result(Reply(449))
        assert (await client.answer()).status == 449
        await pump.backend.until(lambda backend: backend.open == 0)


async def test_a_stalled_client_is_a_408(start, monkeypatch):
    monkeypatch.setattr("gateway.proxy.upload.STALL_S", 0.2)
    monkeypatch.setattr("gateway.proxy.forward.STALL_S", 0.2)
    async with start(reply(200), drain_s=0.2) as pump:
        client = await pump.front.dial()
        await client.post(b"x" * 1000, length=2000)
        assert (await client.answer()).status == 408
        assert (await pump.outcome()).ending is Ending.STALLED


async def test_an_answer_before_the_body_was_read(start):
    """Trap 1 of Hypercorn: the connection must not stay behind, on either side."""
    async with start(never_reads, drain_s=0.5) as pump:
        client = await pump.front.dial()
        await client.post(b"x" * MIB, length=50 * MIB)
        assert (await client.answer()).body == b"early"
        await pump.backend.until(lambda backend: backend.open == 0)
        sending = asyncio.get_running_loop().create_task(client.send(b"x" * (10 * MIB)))
        assert await client.closed()
        await asyncio.gather(sending, return_exceptions=True)
        assert (await pump.outcome()).ending is Ending.ANSWERED


async def test_an_early_answer_to_a_client_that_finishes_keeps_its_connection(start):
    async def refuse(exchange: Exchange) -> None:
        await exchange.write(head(413, {"Content-Length": "0"}))
        await exchange.hang_up()

    async with start(refuse, config={"chunked": True}) as pump:
        client = await pump.front.dial()
        await client.post(b"x" * MIB, length=2 * MIB)
        assert (await client.head()).status in (413, 502)
        await client.send(b"x" * MIB)
        pump.backend.script = reply(200, b"next")
        await client.post(b"q")
        assert (await client.answer()).body == b"next"


def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def test_a_large_body_to_a_slow_backend_is_never_held(start):
    total = 24 * MIB

    async def slowly(exchange: Exchange) -> None:
        await exchange.read(keep=False, pace_s=0.01, step=256 * 1024)
        await exchange.write(head(200, {"Content-Length": "0"}))

    async with start(slowly) as pump:
        client = await pump.front.dial()
        gc.collect()
        before = peak = resident()
        await client.post(b"", length=total)
        block = b"x" * 65536
        for _ in range(total // len(block)):
            await client.send(block)
            peak = max(peak, resident())
        assert (await client.answer()).status == 200
        assert pump.backend.seen[0].size == total
        assert peak - before <= 8 * MIB


async def test_a_large_answer_to_a_slow_client_is_never_held(start):
    total = 24 * MIB

    async def huge(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(head(200, {"Content-Length": str(total), "Content-Type": "a/b"}))
        block = b"x" * 65536
        for _ in range(total // len(block)):
            await exchange.write(block)

    async with start(huge) as pump:
        client = await pump.front.dial(receive_buffer=65536)
        gc.collect()
        before = peak = resident()
        await client.post(b"q")
        assert (await client.head()).header("content-length") == str(total)
        left = total
        while left:
            left -= len(await client.reader.read(256 * 1024))
            await asyncio.sleep(0.002)
            peak = max(peak, resident())
        assert peak - before <= 8 * MIB
        assert (await pump.outcome()).sent == total


async def test_an_answer_that_never_ends_does_end(start, monkeypatch):
    monkeypatch.setattr("gateway.proxy.forward.MAX_ANSWER", MIB)

    async def endless(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(head(200, {"Content-Type": "a/b"}))
        while True:
            await exchange.write(b"x" * 65536)

    async with start(endless) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        while await client.reader.read(65536):
            pass
        assert (await pump.outcome()).ending is Ending.BROKEN


async def test_cancellation_from_outside_is_not_swallowed(start):
    async with start(hold) as pump:
        receive: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        sent: asyncio.Queue[object] = asyncio.Queue()
        outbound = Outbound("POST", "/x", [], b"q")
        work = asyncio.get_running_loop().create_task(
            forward(pump.upstream, outbound, receive.get, sent.put)  # type: ignore[arg-type]
        )
        await pump.backend.until(lambda backend: bool(backend.seen))
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await pump.backend.until(lambda backend: backend.open == 0)
        assert sent.empty()


def test_no_secret_is_shown():
    outbound = Outbound("POST", "/x?c2VjcmV0", [("X-MS-PolicyKey", "4294967291")])
    assert "c2VjcmV0" not in repr(outbound)
    assert "4294967291" not in repr(outbound)
