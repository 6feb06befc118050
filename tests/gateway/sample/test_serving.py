"""The sample server in a process of its own."""

import asyncio
import base64
import multiprocessing
import sys

import aiohttp
import pytest

from gateway.sample.application import PATH, SampleServer
from gateway.sample.serving import listener, main, run

USERS = {"alice@x.test": "secret"}
HEADERS = {"Authorization": "Basic " + base64.b64encode(b"alice@x.test:secret").decode()}


async def options(port):
    async with (
        aiohttp.ClientSession() as session,
        session.options(f"http://127.0.0.1:{port}{PATH}", headers=HEADERS) as answer,
    ):
        return answer.status


async def test_it_serves_in_its_process_until_it_is_told_to_stop():
    bound = listener()
    port = bound.getsockname()[1]
    process = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(main(USERS, bound)))
    process.start()
    bound.close()
    assert await options(port) == 200
    process.terminate()
    await asyncio.to_thread(process.join, 10)
    assert process.exitcode == 0
    with pytest.raises(aiohttp.ClientConnectionError):
        await options(port)


async def test_it_serves_in_this_loop_too():
    bound = listener()
    stop = asyncio.Event()
    running = asyncio.ensure_future(run(SampleServer(USERS), bound, stop))
    assert await options(bound.getsockname()[1]) == 200
    stop.set()
    await asyncio.wait_for(running, 5)


def test_a_taken_port_is_an_error():
    with listener() as bound, pytest.raises(OSError, match="in use"):
        listener(bound.getsockname()[1])
