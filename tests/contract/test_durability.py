"""What was accepted is there after the process was killed (product 5.3, issue 2 proof 6)."""

import multiprocessing
from multiprocessing.connection import Connection

from gateway.chance import Secrets
from gateway.records import AuditTag
from gateway.store import DatabaseStore, open_store
from mdm.device import DeviceKey, DeviceState, WipeKind
from tests.support.world import ADMIN, World

SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 4


def order_wipes(url: str, keys: list[DeviceKey], pipe: Connection) -> None:
    """A process that orders wipes and says after each that it was accepted."""
    world = World(open_store(url), keys=Secrets())  # type: ignore[arg-type]
    for key in keys:
        world.devices.require_wipe(ADMIN, key, WipeKind.DEVICE)
        pipe.send(key)


def test_an_accepted_wipe_survives_a_killed_process(store: DatabaseStore, store_url: str) -> None:
    world = World(store)
    world.organisation()
    for number in range(ROUNDS):
        accepted = _killed_after(world, store_url, 1 + number)
        for key in accepted:
            device = world.devices.get(key)
            assert device is not None
            assert device.state is DeviceState.WIPE_REQUIRED
            assert f"{key.user}/{key.device_id}" in _ordered(world)
    wiping = {f"{key.user}/{key.device_id}" for key in world.devices.open_wipes()}
    assert wiping == _ordered(world)


def _killed_after(world: World, url: str, count: int) -> list[DeviceKey]:
    owner = world.users.create(ADMIN, "acme", f"u{count}@acme.example", password="Correct-Horse-1")
    keys = [world.phone(owner, f"P{count}N{number}").key for number in range(9)]
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=order_wipes, args=(url, keys, theirs))
    process.start()
    theirs.close()
    accepted = [ours.recv() for _ in range(count)]
    process.kill()
    process.join(10)
    while ours.poll():
        try:
            accepted.append(ours.recv())
        except EOFError:
            break
    return accepted


def _ordered(world: World) -> set[str]:
    return {record.target for record in world.trail() if record.tag is AuditTag.WIPE_REQUIRED}
