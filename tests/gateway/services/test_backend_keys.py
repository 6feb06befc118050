"""Who may fetch the key of a backend and what is kept of it: one at a time, not for ever (product 3.5)."""

from dataclasses import dataclass

import pytest

from gateway.errors import GatewayError
from gateway.records import AuditTag, BackendKey
from gateway.services.backend_keys import (
    HANDSHAKES_PER_HOUR,
    LEASE,
    WIPE_SILENCE,
    BackendKeys,
    Go,
    Held,
    Use,
    Wait,
)
from mdm.device import DeviceKey, WipeKind
from tests.support.world import ADMIN, World

NAME = "exchange"
SECRET = 4294967291


@dataclass
class Scene:
    """A phone and the keys that backends gave for it."""

    world: World
    key: DeviceKey
    keys: BackendKeys

    def record(self) -> BackendKey:
        (found,) = self.keys.of(self.key)
        return found

    def trail(self) -> list[tuple[AuditTag, dict[str, object]]]:
        with self.world.store.read() as transaction:
            found = transaction.audit.query(limit=1000)
        return [(each.tag, dict(each.after)) for each in found if each.tag.value.startswith("backend:")]

    def announced(self) -> int:
        with self.world.store.read() as transaction:
            return transaction.changes.last()


@pytest.fixture
def scene(world: World) -> Scene:
    world.organisation()
    phone = world.provisioned_phone(world.user())
    return Scene(world, phone.key, BackendKeys(world.store, world.clock))


def test_one_at_a_time_and_then_its_key_for_all(scene: Scene) -> None:
    assert scene.keys.begin(scene.key, NAME, 0) == Go()
    assert scene.keys.begin(scene.key, NAME, 0) == Wait()
    before = scene.announced()
    scene.keys.granted(scene.key, NAME, SECRET, "d1")
    assert scene.announced() > before
    assert scene.keys.begin(scene.key, NAME, 0) == Use(SECRET)
    assert scene.keys.begin(scene.key, NAME, 7) == Use(SECRET)
    assert scene.keys.begin(scene.key, NAME, SECRET) == Go()
    assert scene.keys.begin(scene.key, "other", SECRET) == Go()


def test_a_process_that_died_is_not_waited_for(scene: Scene) -> None:
    assert scene.keys.begin(scene.key, NAME, 0) == Go()
    scene.world.clock.time += LEASE
    assert scene.keys.begin(scene.key, NAME, 0) == Go()


def test_too_many_in_an_hour_are_stopped_with_a_diagnosis_said_once(scene: Scene) -> None:
    for _ in range(HANDSHAKES_PER_HOUR):
        assert scene.keys.begin(scene.key, NAME, SECRET) == Go()
        scene.keys.granted(scene.key, NAME, SECRET, "")
    for _ in range(3):
        held = scene.keys.begin(scene.key, NAME, SECRET)
        assert isinstance(held, Held)
    assert scene.record().diagnosis == held.reason
    assert "10 times" in held.reason
    assert [tag for tag, _ in scene.trail()].count(AuditTag.BACKEND_REFUSED) == 1
    scene.world.clock.pass_by(hours=1)
    assert scene.keys.begin(scene.key, NAME, SECRET) == Go()


def test_a_failure_frees_the_way_and_is_said_once(scene: Scene) -> None:
    for _ in range(2):
        assert scene.keys.begin(scene.key, NAME, 0) == Go()
        scene.keys.failed(scene.key, NAME, "it gave no usable policy key")
    assert scene.record().diagnosis == "it gave no usable policy key"
    assert scene.trail() == [
        (AuditTag.BACKEND_REFUSED, {"backend": NAME, "reason": "it gave no usable policy key"})
    ]
    scene.keys.granted(scene.key, NAME, 5, "")
    assert scene.record().diagnosis == ""


@pytest.mark.parametrize("kind", [*WipeKind, None], ids=lambda kind: kind.value if kind else "unsaid")
def test_a_wipe_is_kept_and_said_once_and_stops_the_asking(scene: Scene, kind: WipeKind | None) -> None:
    for _ in range(3):
        scene.keys.ordered(scene.key, NAME, kind)
    record = scene.record()
    assert (record.wipe, record.wipe_at) == (kind, scene.world.clock.time)
    assert "not passed on" in record.diagnosis
    assert [tag for tag, _ in scene.trail()] == [AuditTag.BACKEND_WIPE_ORDERED]
    assert isinstance(scene.keys.begin(scene.key, NAME, 0), Held)
    scene.world.clock.time += WIPE_SILENCE
    assert scene.keys.begin(scene.key, NAME, 0) == Go()
    device = scene.world.devices.get(scene.key)
    assert device is not None
    assert device.wipe is None


def test_a_wipe_that_was_taken_back_leaves_only_its_trail(scene: Scene) -> None:
    scene.keys.served(scene.key, NAME)
    for take_back in (
        lambda: scene.keys.served(scene.key, NAME),
        lambda: scene.keys.granted(scene.key, NAME, 5, ""),
    ):
        scene.keys.ordered(scene.key, NAME, WipeKind.DEVICE)
        take_back()
        assert (scene.record().wipe_at, scene.record().wipe, scene.record().diagnosis) == (None, None, "")
    tags = [tag for tag, _ in scene.trail()]
    assert tags.count(AuditTag.BACKEND_WIPE_WITHDRAWN) == 2


def test_what_the_backend_was_told_stays_until_it_is_told_more(scene: Scene) -> None:
    scene.keys.granted(scene.key, NAME, SECRET, "d1")
    scene.keys.granted(scene.key, NAME, SECRET, "")
    assert scene.record().informed == "d1"
    before = scene.announced()
    scene.keys.told(scene.key, NAME, "d2")
    assert (scene.record().informed, scene.record().policy_key) == ("d2", SECRET)
    assert scene.announced() > before


def test_no_key_is_in_the_trail(scene: Scene) -> None:
    scene.keys.granted(scene.key, NAME, SECRET, "")
    assert scene.trail() == [(AuditTag.BACKEND_PROVISIONED, {"backend": NAME, "key": "set"})]


def test_a_partnership_that_is_gone_gets_nothing(scene: Scene) -> None:
    scene.world.devices.remove(ADMIN, scene.key)
    with pytest.raises(GatewayError):
        scene.keys.begin(scene.key, NAME, 0)
    assert scene.keys.of(scene.key) == []
