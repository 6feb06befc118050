"""The sample mail server on a socket of its own, in any loop or as a whole process.

Plain HTTP on loopback only: what it serves is made up, and the gateway in front of it speaks TLS to the
devices.
"""

import asyncio
import signal
import socket
from collections.abc import Mapping

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from gateway.sample.application import SampleServer

LOOPBACK = "127.0.0.1"
KEEP_ALIVE_SECONDS = 120.0
"""Longer than a client keeps an idle connection, so that none is closed just as a request is sent."""


def listener(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    bound.listen(128)
    return bound


async def run(server: SampleServer, bound: socket.socket, stop: asyncio.Event) -> None:
    """Serve on a bound socket until ``stop`` is set."""
    config = Config()
    config.bind = [f"fd://{bound.fileno()}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = 0.5
    config.errorlog = None
    config.accesslog = None

    async def stopped() -> None:
        await stop.wait()

    await serve(server, config, shutdown_trigger=stopped)  # type: ignore[arg-type]  # wants TypedDicts


def main(users: Mapping[str, str], bound: socket.socket) -> int:
    """Serve in this process until SIGTERM; for a process that does nothing else."""
    uvloop.run(_until_terminated(SampleServer(users), bound))
    return 0


async def _until_terminated(server: SampleServer, bound: socket.socket) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run(server, bound, stop)
