"""Streams: bounded, patient, ending when they have to."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.endpoints.event_streams import COMMENT, EACH, Streams
from gateway.errors import GatewayError, Kind


class Source:
    """Numbers as events, and the bell."""

    def __init__(self) -> None:
        self.last = 0
        self.read: list[int] = []
        self.waiting: set[asyncio.Event] = set()

    def listen(self) -> asyncio.Event:
        rung = asyncio.Event()
        self.waiting.add(rung)
        return rung

    def leave(self, rung: asyncio.Event) -> None:
        self.waiting.discard(rung)

    def ring(self, last: int) -> None:
        self.last = last
        for rung in self.waiting:
            rung.set()

    async def batch(self, after: int) -> tuple[str, int, bool]:
        self.read.append(after)
        end = min(after + 10, self.last)
        return "".join(f"{each} " for each in range(after + 1, end + 1)), end, end < self.last


@pytest.fixture
def source() -> Source:
    return Source()


async def following(stream: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(stream)


async def test_what_is_there_comes_first_and_then_what_happens(source: Source) -> None:
    source.last = 3
    stream = Streams(source).stream(source.batch, 1)
    assert await following(stream) == COMMENT
    assert await following(stream) == "2 3 "
    waiting = asyncio.ensure_future(following(stream))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    source.ring(5)
    assert await waiting == "4 5 "


async def test_a_reader_that_does_not_read_costs_one_batch(source: Source) -> None:
    source.last = 1_000_000
    stream = Streams(source).stream(source.batch, 0)
    for _ in range(3):
        await following(stream)
    await asyncio.sleep(0.05)
    assert source.read == [0, 10]


async def test_silence_is_broken_now_and_then(source: Source) -> None:
    stream = Streams(source, keep_alive_s=0.01).stream(source.batch, 0)
    assert [await following(stream) for _ in range(3)] == [COMMENT] * 3


async def test_there_is_an_end_to_them_and_a_place_is_given_back(source: Source) -> None:
    streams = Streams(source, most=1)
    stream = streams.stream(source.batch, 0)
    await following(stream)
    with pytest.raises(GatewayError) as caught:
        await following(streams.stream(source.batch, 0))
    assert caught.value.kind is Kind.THROTTLED
    await stream.aclose()  # type: ignore[attr-defined]
    assert (len(streams), source.waiting) == (0, set())
    await following(streams.stream(source.batch, 0))


async def test_nobody_takes_the_places_of_everybody(source: Source) -> None:
    streams = Streams(source)
    held = [streams.stream(source.batch, 0, who="t-1") for _ in range(EACH)]
    for each in held:
        await following(each)
    with pytest.raises(GatewayError) as caught:
        await following(streams.stream(source.batch, 0, who="t-1"))
    assert caught.value.kind is Kind.THROTTLED
    await following(streams.stream(source.batch, 0, who="t-2"))
    await held[0].aclose()  # type: ignore[attr-defined]
    await following(streams.stream(source.batch, 0, who="t-1"))


async def test_they_end_with_the_process(source: Source) -> None:
    streams = Streams(source)
    stream = streams.stream(source.batch, 0)
    await following(stream)
    waiting = asyncio.ensure_future(following(stream))
    await asyncio.sleep(0)
    streams.drain()
    with pytest.raises(StopAsyncIteration):
        await waiting
    with pytest.raises(GatewayError) as caught:
        await following(streams.stream(source.batch, 0))
    assert caught.value.kind is Kind.UNAVAILABLE


@pytest.mark.parametrize("how", ("no longer", "unknown", "nobody to ask"))
async def test_who_may_not_any_longer_is_told_no_more(source: Source, how: str) -> None:
    may = True

    async def again() -> bool:
        if not may and how == "unknown":
            raise GatewayError(Kind.UNAUTHENTICATED)
        return may

    asked = None if how == "nobody to ask" else again
    stream = Streams(source, recheck_s=0.02, keep_alive_s=0.01).stream(source.batch, 0, asked)
    await following(stream)
    if asked:
        for _ in range(8):
            assert await following(stream) == COMMENT
    may = False
    with pytest.raises(StopAsyncIteration):
        for _ in range(100):
            await following(stream)


async def test_a_stream_that_is_never_idle_is_looked_at_too(source: Source) -> None:
    source.last = 10**9

    async def never() -> bool:
        return False

    stream = Streams(source, recheck_s=0.02).stream(source.batch, 0, never)
    with pytest.raises(StopAsyncIteration):
        async with asyncio.timeout(10):
            while True:
                await anext(stream)
                await asyncio.sleep(0.001)
