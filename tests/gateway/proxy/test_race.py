"""gateway.proxy.race."""

import asyncio
import time

import pytest

from gateway.proxy import race as module
from gateway.proxy.race import Clock, Ending, Race
from mdm.ashttp import Reply


async def run(limit_s=5.0, cut=None, messages=(), *, body_read=True, during=None):
    """Race against a backend that never answers; returns who won, and when."""
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    for message in messages:
        queue.put_nowait(message)
    began = time.monotonic()
    race = Race(queue.get, limit_s, cut, Clock(), body_read=body_read)
    try:
        if during is not None:
            during(race)
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        if not race.caught():
            raise
    finally:
        race.stop()
    return race.lost, time.monotonic() - began


async def test_the_clock():
    lost, took = await run(0.1)
    assert lost is Ending.SLOW
    assert 0.09 < took < 0.5


async def test_the_cut():
    cut = asyncio.get_running_loop().create_future()
    cut.set_result(Reply(200))
    lost, took = await run(cut=cut)
    assert lost is Ending.CUT
    assert took < 0.1


async def test_the_client(monkeypatch):
    monkeypatch.setattr(module, "LAZY_WATCH_S", 0.05)
    body = {"type": "http.request", "body": b"", "more_body": False}
    lost, took = await run(messages=[body, {"type": "http.disconnect"}])
    assert lost is Ending.GONE
    assert took < 0.5


async def test_nobody_else_reads_while_the_body_is_read(monkeypatch):
    monkeypatch.setattr(module, "LAZY_WATCH_S", 0.05)
    lost, _ = await run(0.3, messages=[{"type": "http.disconnect"}], body_read=False)
    assert lost is Ending.SLOW


async def test_the_watch_begins_when_the_body_has_been_read(monkeypatch):
    monkeypatch.setattr(module, "LAZY_WATCH_S", 0.05)

    def later(race):
        asyncio.get_running_loop().call_later(0.2, setattr, race, "body_read", True)

    lost, took = await run(messages=[{"type": "http.disconnect"}], body_read=False, during=later)
    assert lost is Ending.GONE
    assert 0.15 < took < 0.5


async def test_more_time_and_less_time():
    lost, took = await run(0.1, during=lambda race: race.extend(0.3, Ending.STALLED))
    assert lost is Ending.STALLED
    assert 0.25 < took < 0.6
    lost, took = await run(3.0, during=lambda race: race.extend(0.1))
    assert took < 0.5


async def test_the_first_reason_counts():
    def both(race):
        race.end(Ending.GONE)
        race.end(Ending.SLOW)

    assert (await run(during=both))[0] is Ending.GONE


async def test_a_settled_race_cannot_be_cut():
    cut = asyncio.get_running_loop().create_future()
    cut.set_result(Reply(200))
    assert (await run(0.1, cut, during=Race.settle))[0] is Ending.SLOW


async def test_a_failure_takes_in_a_cancellation_that_is_under_way():
    async def failing() -> Ending | None:
        race = Race(asyncio.Queue[dict[str, object]]().get, 5.0, None, Clock(), body_read=True)
        race.end(Ending.GONE)
        await race.absorb(Ending.BAD)
        race.stop()
        await asyncio.sleep(0)
        return race.lost

    assert await asyncio.get_running_loop().create_task(failing()) is Ending.GONE


async def test_a_failure_alone():
    race = Race(asyncio.Queue[dict[str, object]]().get, 5.0, None, Clock(), body_read=True)
    await race.absorb(Ending.BAD)
    race.stop()
    assert race.lost is Ending.BAD


async def test_a_stopped_race_leaves_nothing_behind():
    loop = asyncio.get_running_loop()
    cut: asyncio.Future[Reply] = loop.create_future()
    before = asyncio.all_tasks()
    race = Race(asyncio.Queue[dict[str, object]]().get, 0.05, cut, Clock(), body_read=True)
    race.stop()
    cut.set_result(Reply(200))
    await asyncio.sleep(0.1)
    assert race.lost is None
    assert asyncio.all_tasks() == before


async def test_somebody_elses_cancellation_is_not_caught():
    task = asyncio.get_running_loop().create_task(run())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_cancellations_at_once_are_not_caught():
    def both(race):
        race.end(Ending.GONE)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    task = asyncio.get_running_loop().create_task(run(during=both))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_one_clock_looks_at_all_and_rests_when_there_are_none():
    clock = Clock()
    races = [
        Race(asyncio.Queue[dict[str, object]]().get, 60.0, None, clock, body_read=True) for _ in range(3)
    ]
    for race in races:
        race.stop()
    await asyncio.sleep(3 * module.TICK_S)
    late = Race(asyncio.Queue[dict[str, object]]().get, 0.0, None, clock, body_read=True)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(5)
    assert late.lost is Ending.SLOW
    assert late.caught()
    assert [race.lost for race in races] == [None] * 3
    clock.stop()
