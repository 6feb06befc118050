"""One handshake for all who wait for it, and none right after one that came to nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.chance import SystemClock
from gateway.endpoints.handshakes import LONG_PAUSE_S, PAUSE_S, Handshakes, Place, PutOff, Settled
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError
from gateway.proxy.backends import Identity
from gateway.proxy.provisioner import Asker
from gateway.proxy.upstream import Upstream
from gateway.services.backend_keys import BackendKeys
from mdm.ashttp import Command, Version
from mdm.device import DeviceInformation, WipeKind
from mdm.handshake import Ordered
from mdm.query import CommandRequest
from tests.support.backend import RecordingBackend, reply
from tests.support.exchange_like import ExchangeLike
from tests.support.gateway import Gateway, serving


@dataclass
class Scene:
    """The parts of two processes on one database, before one server."""

    gateway: Gateway
    server: ExchangeLike
    upstream: Upstream
    place: Place
    asker: Asker
    now: float = 0.0
    threads: list[Threads] = field(default_factory=list)

    def process(self) -> Handshakes:
        self.threads.append(Threads())
        keys = BackendKeys(self.gateway.made.store, SystemClock())
        return Handshakes(keys, self.threads[-1], lambda: self.now)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    server = ExchangeLike()
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        await gateway.enrolled()
        request = CommandRequest(Command.SYNC, "PHONE1", "Phone", Version.V16_1)
        identity = Identity.of("ann@acme.example")
        asker = Asker(request, [], identity, "secret", "192.0.2.7", "r-1", DeviceInformation(model="A1"))
        upstream = gateway.app._upstreams["default"]
        made = Scene(gateway, server, upstream, (gateway.key(), "default"), asker)
        yield made
        for threads in made.threads:
            threads.close()


async def test_all_who_come_at_once_get_one_key(scene: Scene) -> None:
    one, other = scene.process(), scene.process()
    tasks = [process.begin(scene.place, scene.upstream, scene.asker, None) for process in (one, other) * 5]
    settled = await asyncio.gather(*tasks)
    assert scene.server.phone().handshakes == 1
    assert {each.key for each in settled if isinstance(each, Settled)} == {scene.server.phone().final}
    assert {each.fresh for each in settled if isinstance(each, Settled)} == {True, False}
    assert str(scene.server.phone().final) not in repr(settled)


async def test_after_a_failure_there_is_a_pause(scene: Scene) -> None:
    handshakes = scene.process()
    scene.server.acts[1] = reply(449)
    failed = await handshakes.begin(scene.place, scene.upstream, scene.asker, None)
    assert failed == PutOff(PAUSE_S)
    assert PutOff(PAUSE_S).reply.headers == (("Retry-After", "30"),)
    scene.server.acts.clear()
    scene.now = PAUSE_S - 1
    assert isinstance(await handshakes.begin(scene.place, scene.upstream, scene.asker, None), PutOff)
    scene.now = PAUSE_S
    assert isinstance(await handshakes.begin(scene.place, scene.upstream, scene.asker, None), Settled)


async def test_a_wipe_is_kept_once_and_ends_when_the_backend_serves(scene: Scene) -> None:
    handshakes = scene.process()
    keys = BackendKeys(scene.gateway.made.store, SystemClock())
    for _ in range(2):
        assert await handshakes.ordered(scene.place, Ordered(WipeKind.DEVICE)) == PutOff(LONG_PAUSE_S)
    assert [record.wipe for record in keys.of(scene.place[0])] == [WipeKind.DEVICE]
    assert handshakes.pause(scene.place) is not None
    await handshakes.served(scene.place)
    assert handshakes.pause(scene.place) is None
    assert [record.wipe_at for record in keys.of(scene.place[0])] == [None]


async def test_the_device_is_described_once(scene: Scene) -> None:
    handshakes = scene.process()
    scene.server.lenient = True
    for _ in range(3):
        await handshakes.inform(scene.place, scene.upstream, scene.asker, None)
    assert scene.server.commands() == ["Settings"]
    assert handshakes.pause(scene.place) is None


async def test_an_accident_is_everybodys_and_the_next_one_starts_anew(scene: Scene) -> None:
    handshakes = scene.process()
    nobody = replace(scene.place[0], device_id="GONE"), "default"
    for _ in range(2):
        with pytest.raises(GatewayError):
            await handshakes.begin(nobody, scene.upstream, scene.asker, None)
    assert scene.server.commands() == []
