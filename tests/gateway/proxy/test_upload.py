"""gateway.proxy.upload; its way through a real backend is in test_forward.py."""

import asyncio

import pytest

from gateway.proxy.race import Clock, Ending, Lost, Race
from gateway.proxy.upload import PAGE, SPOOL_MEMORY, Upload, pages, spool


def queue_of(*parts: bytes, end: bool = True) -> asyncio.Queue[dict[str, object]]:
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    for part in parts:
        queue.put_nowait({"type": "http.request", "body": part, "more_body": True})
    queue.put_nowait({"type": "http.request", "more_body": False} if end else {"type": "http.disconnect"})
    return queue


async def read(queue, first=b"", *, length=None, limit=1000):
    """The chunks, and the race they ran in."""
    race = Race(queue.get, 5.0, None, Clock(), body_read=False)
    try:
        upload = Upload(queue.get, race, first, length=length, limit=limit, answer_s=60.0)
        return [chunk async for chunk in upload], race
    finally:
        race.stop()


async def test_chunk_by_chunk():
    chunks, race = await read(queue_of(b"b", b"", b"c"), b"a")
    assert chunks == [b"a", b"b", b"c", b""]
    assert race.body_read


async def test_a_length_needs_no_end():
    queue = queue_of(b"bc")
    chunks, race = await read(queue, b"a", length=3)
    assert chunks == [b"a", b"bc"]
    assert race.body_read
    assert queue.qsize() == 1


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
async def test_the_limit(size, fits):
    work = asyncio.get_running_loop().create_task(read(queue_of(b"x" * size)))
    if fits:
        assert sum(map(len, (await work)[0])) == size
    else:
        with pytest.raises(Lost) as lost:
            await work
        assert lost.value.ending is Ending.TOO_LARGE


async def test_a_departure():
    work = asyncio.get_running_loop().create_task(read(queue_of(b"x", end=False)))
    with pytest.raises(Lost) as lost:
        await work
    assert lost.value.ending is Ending.GONE


async def spooled(queue, first=b"", limit=1 << 30):
    race = Race(queue.get, 5.0, None, Clock(), body_read=False)
    try:
        return await spool(queue.get, race, first, limit=limit)
    finally:
        race.stop()


@pytest.mark.parametrize("size", [0, 1, SPOOL_MEMORY - 1, SPOOL_MEMORY, SPOOL_MEMORY + 1, 3 * SPOOL_MEMORY])
async def test_a_file_holds_the_whole_body(size):
    parts = [b"x" * PAGE] * (size // PAGE) + [b"y" * (size % PAGE)]
    with await spooled(queue_of(*parts)) as file:
        assert b"".join([page async for page in pages(file)]) == b"".join(parts)


async def test_a_spooled_body_has_a_limit_and_an_owner():
    with pytest.raises(Lost) as lost:
        await spooled(queue_of(b"x" * 11), limit=10)
    assert lost.value.ending is Ending.TOO_LARGE
    with pytest.raises(Lost) as lost:
        await spooled(queue_of(b"x", end=False))
    assert lost.value.ending is Ending.GONE
