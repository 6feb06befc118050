"""The life of one worker process: one event loop, its listeners, and an orderly end.

Hypercorn's multi-worker mode drops parked requests when one worker stops and ends the whole service, with
exit code 0, when one is killed (research/perf.md 8.7); so each worker is a process of its own under our
supervisor. uvloop always: asyncio's TLS costs 303 KiB for each parked connection against 52 (8.8).
"""

import asyncio
import gc
import logging
import os
import signal
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from socket import socket
from typing import Protocol

import uvloop

from gateway.config import Config
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog, background, setup
from gateway.serving.application import Application, Applications
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener
from gateway.serving.newcomers import Newcomers
from gateway.serving.publishing import EVERY_S, Counted, Publisher
from gateway.serving.sockets import Sockets

_logger = logging.getLogger("usher.worker")


class Role(Enum):
    """What a worker process serves."""

    CLIENTS = "clients"
    ADMIN = "admin"


class Certificate(Protocol):
    """The server's certificates, read again on SIGHUP: ``serving.reloading.ReloadableContext``."""

    context: ssl.SSLContext

    def reload(self, now: datetime) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Post:
    """What a worker is given by its supervisor.

    Attributes:
        certificate: None when no listener speaks TLS.
        ready: called when the worker answers requests.
        lifeline: a file descriptor that comes to its end when the supervisor is gone; -1 for none.
        slot: the worker's place on ``applications.board``.
    """

    role: Role
    config: Config
    applications: Applications
    sockets: Sockets
    certificate: Certificate | None
    ready: Callable[[], None]
    lifeline: int = -1
    slot: int = 0


COLLECT_AT = (10_000, 20, 50)
"""Python's thresholds of 700, 10 and 10 walk through every known device 14 times in 25,000 requests: with
10,000 devices the loop stood still for 120 to 290 ms each time (measured), with 100,000 for seconds. Garbage
in cycles waits for 10,000 objects now, about 2 MiB."""


def calm_collector() -> None:
    """What start made lives as long as the worker: the collector need not look at it again, and seldom at the
    rest.
    """
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)


def run_worker(post: Post) -> None:
    """Serve until SIGTERM or until the supervisor is gone; returns after an orderly end."""
    setup(post.config.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Worker(post).run())


class _Worker:
    def __init__(self, post: Post) -> None:
        self._post = post
        self._limits = post.config.limits
        self._stop = asyncio.Event()
        self._reading = asyncio.Lock()
        self._access = AccessLog(post.config.log)
        self._deadlines = Deadlines()
        self._newcomers = Newcomers(post.config.limits, post.config.trusted_proxies)
        self._apps: list[Application] = []
        self._guards: list[Guard] = []
        self._listeners: list[Listener] = []

    async def run(self) -> None:
        self._obey_signals()
        self._compose()
        for app in self._apps:
            await app.start()
        sweeping = background(self._deadlines.sweep(), name="deadlines")
        for listener in self._listeners:
            await listener.open()
        publisher = self._publisher()
        publishing = background(_publish(publisher), name="figures")
        calm_collector()
        self._post.ready()
        await self._stop.wait()
        await self._end()
        publishing.cancel()
        if publisher is not None:
            publisher.publish()
        sweeping.cancel()
        self._access.flush()

    def _publisher(self) -> Publisher | None:
        board = self._post.applications.board
        if board is None:
            return None
        return Publisher(
            board,
            self._post.slot,
            self._post.role.value,
            [guard.answered for guard in self._guards],
            [app.figures for app in self._apps if isinstance(app, Counted)],
            lambda: sum(listener.connections for listener in self._listeners),
        )

    def _obey_signals(self) -> None:
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which tells us
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        if self._post.lifeline >= 0:
            loop.add_reader(self._post.lifeline, self._orphaned)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._post.lifeline)
        _logger.error("the supervisor is gone: stopping")
        self._stop.set()

    def _reload(self) -> None:
        if self._post.certificate is not None:
            background(self._read_again(self._post.certificate), name="certificates")

    async def _read_again(self, certificate: Certificate) -> None:
        """In a thread, one after the other: 1,000 new certificates take most of a second. Those that cannot
        be read leave what is in use."""
        async with self._reading:
            reason = await asyncio.to_thread(certificate.reload, datetime.fromtimestamp(time.time(), UTC))
        if reason:
            _logger.error("certificate not read, the old one stays in use: %s", reason)
        else:
            _logger.info("certificate read again", extra={"pid": os.getpid()})

    def _compose(self) -> None:
        config, apps, sockets = self._post.config, self._post.applications, self._post.sockets
        tls = self._post.certificate.context if self._post.certificate else None
        if self._post.role is Role.ADMIN:
            self._listen(apps.admin(config), (sockets.admin, tls))
        else:
            self._listen(apps.clients(config), (sockets.clients, tls), (sockets.plain, None))
            if sockets.redirect:
                self._listen(apps.redirect(config), (sockets.redirect, None))

    def _listen(self, app: Application, *places: tuple[tuple[socket, ...], ssl.SSLContext | None]) -> None:
        config = self._post.config
        guard = Guard(app, config.limits, config.trusted_proxies, self._access)
        self._apps.append(app)
        self._guards.append(guard)
        server = ServerConfig(config.limits, config.listen.backlog)
        for sockets, context in places:
            if sockets:
                served = Listener(guard, server, self._deadlines, sockets, context, self._newcomers)
                self._listeners.append(served)

    async def _end(self) -> None:
        """Accept no more, end the long polls, wait for what is under way, then cut the rest and close."""
        for listener in self._listeners:
            await listener.refuse()
        try:
            async with asyncio.timeout(self._limits.stop_grace_s):
                await asyncio.gather(*(app.drain() for app in self._apps))
                await asyncio.gather(*(guard.quiet() for guard in self._guards))
        except TimeoutError:
            _logger.warning("grace is over", extra={"cut": sum(guard.active for guard in self._guards)})
        for listener in self._listeners:
            await listener.cut()
        for app in self._apps:
            await app.close()


async def _publish(publisher: Publisher | None) -> None:
    while publisher is not None:
        publisher.publish()
        await asyncio.sleep(EVERY_S)
