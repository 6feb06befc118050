"""The two bounded pools: a spray fills one, the other goes on (house.md 2; T1, T3)."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from gateway.endpoints.threads import MAXIMUM_PASSWORD_QUEUE, MAXIMUM_QUEUE, STORE_THREADS, Threads
from gateway.errors import GatewayError, Kind


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


async def test_a_call_runs_elsewhere_with_its_arguments(threads: Threads) -> None:
    def work(first: int, *, second: int) -> tuple[int, str]:
        return first + second, threading.current_thread().name

    assert await threads.store(work, 1, second=2) == (3, "usher-store_0")
    assert (await threads.password(work, 1, second=2))[1].startswith("usher-password")


async def test_what_a_call_raises_comes_back(threads: Threads) -> None:
    def fail() -> None:
        raise GatewayError(Kind.NOT_FOUND)

    with pytest.raises(GatewayError) as caught:
        await threads.store(fail)
    assert caught.value.kind is Kind.NOT_FOUND


async def test_a_full_password_pool_does_not_delay_the_store(threads: Threads) -> None:
    gate = threading.Event()
    blocked = [asyncio.ensure_future(threads.password(gate.wait)) for _ in range(MAXIMUM_PASSWORD_QUEUE)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(GatewayError) as caught:
            await threads.password(gate.wait)
        assert caught.value.kind is Kind.THROTTLED
        assert await asyncio.wait_for(threads.store(lambda: 1), 15) == 1
    finally:
        gate.set()
        assert all(await asyncio.gather(*blocked))
    assert await threads.password(lambda: 2) == 2


async def test_the_store_s_queue_is_bounded_and_recovers(threads: Threads) -> None:
    gate = threading.Event()
    blocked = [asyncio.ensure_future(threads.store(gate.wait)) for _ in range(MAXIMUM_QUEUE)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(GatewayError) as caught:
            await threads.store(gate.wait)
        assert caught.value.kind is Kind.THROTTLED
    finally:
        gate.set()
        await asyncio.gather(*blocked)
    assert await threads.store(lambda: 3) == 3


async def test_the_store_has_as_many_threads_as_it_says(threads: Threads) -> None:
    together = threading.Barrier(STORE_THREADS, timeout=15)
    await asyncio.gather(*(threads.store(together.wait) for _ in range(STORE_THREADS)))


async def test_closing_starts_nothing_that_waits() -> None:
    threads, gate = Threads(), threading.Event()
    ran: list[int] = []
    running = [asyncio.ensure_future(threads.store(gate.wait)) for _ in range(STORE_THREADS)]
    waiting = asyncio.ensure_future(threads.store(ran.append, 1))
    await asyncio.sleep(0.05)
    threads.close()
    gate.set()
    assert all(await asyncio.gather(*running))
    await asyncio.wait([waiting], timeout=15)
    assert waiting.cancelled() or waiting.exception() is not None
    assert ran == []


async def test_a_store_that_keeps_silent_is_away() -> None:
    threads = Threads(store_timeout_s=0.05)
    held = threading.Event()
    try:
        with pytest.raises(GatewayError) as caught:
            await threads.store(held.wait, 5.0)
        assert caught.value.kind is Kind.UNAVAILABLE
        held.set()
        assert await threads.store(lambda: 7) == 7
    finally:
        threads.close()
