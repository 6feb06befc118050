"""Of many who come together some are served, some wait, and the rest is told at once (T1)."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from gateway.endpoints.few_at_once import FewAtOnce
from gateway.errors import GatewayError, Kind


async def test_of_many_at_the_same_moment_no_more_wait_than_may() -> None:
    few, gate = FewAtOnce(2, 3), threading.Event()
    began: list[int] = []

    def serve() -> None:
        began.append(1)
        gate.wait()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_told(few, serve)) for _ in range(20)]
        ended, _ = await asyncio.wait(tasks, timeout=1)
        assert [each.result() for each in ended] == [Kind.THROTTLED] * 15
        assert len(began) == 2
        gate.set()
    assert len(began) == 5
    assert await _told(few, serve) is None


async def test_what_fails_makes_room_again() -> None:
    few = FewAtOnce(1, 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await few.run(lambda: 1 // 0)


async def _told(few: FewAtOnce, serve: Callable[[], None]) -> Kind | None:
    try:
        await few.run(serve)
    except GatewayError as error:
        return error.kind
    return None
