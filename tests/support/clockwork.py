"""The clients' application with a clock that a test moves: real listener, database and mail server.

Every clock that the product asks is this one: what services are handed, and what the endpoints ask for on the
hot path. The change feed has no thread here; ``hear`` brings what was announced, so that a model of a
thousand steps does not wait for a tenth of a second after each of them.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.app import Clients, Services, clients, services
from gateway.chance import Secrets, SystemClock
from gateway.config import ACTIVESYNC_PATH, AccessLines, Backend, Limits, LogConfig
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog
from gateway.phone.line import Line
from gateway.records import Organisation
from gateway.services.panic import Panic
from gateway.services.safeguards import SafeguardService
from gateway.services.wipes import Wipes
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener
from gateway.store.tables_audit import audit
from mdm.device import Device, DeviceKey
from tests.support.backend import RecordingBackend
from tests.support.gateway import trust
from tests.support.inhabited import configured
from tests.support.serving import listening as listening_socket
from tests.support.stores import Clock

ASKING = ("gateway.app", "gateway.endpoints")
"""Packages whose modules ask for the date, by ``SystemClock`` or by ``time``."""


@dataclass
class _Time:
    """The module ``time`` with another present."""

    clock: Clock

    def time(self) -> float:
        return self.clock.now().timestamp()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@contextmanager
def governed(clock: Clock) -> Iterator[None]:
    """The product asks ``clock`` within this block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if not name.startswith(ASKING):
                continue
            if getattr(module, "SystemClock", None) is SystemClock:
                patch.setattr(module, "SystemClock", lambda: clock)
            if getattr(module, "time", None) is time:
                patch.setattr(module, "time", _Time(clock))
        yield


@dataclass
class Clockwork:
    """A running application and an administrator's services on the same database."""

    clock: Clock
    app: Clients
    made: Services
    wipes: Wipes
    safeguards: SafeguardService
    panic: Panic
    backend: RecordingBackend
    line: Line
    port: int
    _place: int = field(default=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{ACTIVESYNC_PATH}"

    async def hear(self) -> None:
        """The application hears what was announced since, as from the feed's thread."""
        with self.made.store.read() as transaction:
            changes = transaction.changes.since(self._place, limit=100_000)
        if changes:
            self._place = changes[-1].sequence
        self.app._watch._heard(changes)

    def devices(self, organisation: str) -> dict[DeviceKey, Device]:
        """Partnerships and tombstones of an organisation."""
        with self.made.store.read() as transaction:
            listed = [*transaction.devices.list(organisation, limit=1000)]
            for key in transaction.devices.with_open_wipe():
                buried = transaction.devices.tombstone(key) if key.organisation == organisation else None
                listed += [buried] if buried is not None else []
        return {device.key: device for device in listed}

    def records(self, organisation: str) -> int:
        """How many audit records an organisation has."""
        counted = select(func.count()).select_from(audit).where(audit.c.organisation == organisation)
        with self.made.store._engine.connect() as connection:
            return connection.scalar(counted) or 0

    def home(self, organisation: str) -> Organisation:
        return self.made.tenants.organisation(organisation)


@asynccontextmanager
async def clockwork(
    folder: Path, backend: RecordingBackend, clock: Clock, url: str = ""
) -> AsyncIterator[Clockwork]:
    """Run the application; ``governed`` has to be around it."""
    config = configured(folder, Backend("default", backend.url), Limits(), url)
    config = replace(config, shared_networks=(ip_network("127.0.0.0/8"),))
    made, keys = services(config), Secrets()
    app = clients(config)
    guard = Guard(app, config.limits, (), AccessLog(LogConfig(access=AccessLines.OFF)))
    deadlines, sock = Deadlines(), listening_socket()
    listener = Listener(guard, ServerConfig(config.limits), deadlines, [sock])
    await app.start()
    app._watch.stop()
    await listener.open()
    sweeping = asyncio.ensure_future(deadlines.sweep())
    try:
        async with Line(trust()) as line:
            running = Clockwork(
                clock,
                app,
                made,
                Wipes(made.store, clock, keys),
                SafeguardService(made.store, clock),
                Panic(made.store, clock),
                backend,
                line,
                sock.getsockname()[1],
            )
            await running.hear()
            yield running
    finally:
        await listener.refuse()
        await app.drain()
        await listener.cut()
        sweeping.cancel()
        await app.close()
        made.store.close()
