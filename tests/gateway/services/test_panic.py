"""The emergency brake (product 5.5)."""

import pytest

from gateway.errors import GatewayError
from gateway.services import panic
from gateway.services.panic import Stopped
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from mdm import provision
from mdm.device import DeviceState, WipeKind
from mdm.orders import Progress
from mdm.wbxml import element
from tests.support.wipes import ROOT, SECOND, WipeWorld

ACCOUNT = Wanted(WipeKind.ACCOUNT)


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    world = WipeWorld(store)
    for alias in ("acme", "globex"):
        world.organisation(alias)
        world.guard(alias, wipes_per_hour=100, wipes_per_day_percent=100)
    return world


def test_everything_undelivered_is_taken_back(world: WipeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panic, "PAGE", 2)
    ann = world.user()
    phones = [world.provisioned_phone(ann, f"P{number}") for number in range(8)]
    for phone in phones[:6]:
        world.wipes.request(ROOT, phone.key, ACCOUNT)
    for phone in phones[6:]:
        world.wipes.request(ROOT, phone.key, Wanted(WipeKind.DEVICE, "lost", phone.key.device_id))
    world.provision(phones[0].key, element(provision.PROVISION))
    world.devices.remove(ROOT, phones[1].key, force=True)
    home = phones[0].key.organisation
    assert world.panic.stop(SECOND, "acme", "intruder") == Stopped(home, 5, 2, ("P0",))
    progress = {order.key.device_id: order.progress for order in world.orders()}
    assert progress.pop("P0") is Progress.DELIVERED
    assert set(progress.values()) == {Progress.CANCELLED}
    assert world.devices.get(phones[1].key) is None, "a tombstone ends with its wipe"
    states = [found.state for phone in phones[2:] if (found := world.devices.get(phone.key))]
    assert len(states) == 6
    assert DeviceState.WIPE_REQUIRED not in states
    with pytest.raises(GatewayError, match="second pulled the emergency brake: intruder"):
        world.wipes.request(ROOT, phones[3].key, ACCOUNT)


def test_it_stops_one_organisation_or_all(world: WipeWorld) -> None:
    phones = [world.provisioned_phone(world.user(f"ann@{alias}.example")) for alias in ("acme", "globex")]
    for phone in phones:
        world.wipes.request(ROOT, phone.key, ACCOUNT)
    assert world.panic.stop(SECOND, "acme").cancelled == 1
    assert world.safeguards.get("globex").frozen == ""
    assert [each.cancelled for each in world.panic.everywhere(SECOND)] == [0, 1]
    assert all(world.safeguards.get(alias).frozen for alias in ("acme", "globex"))
