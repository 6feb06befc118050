"""What is told of one device is what is in force for it (product 7.8)."""

from gateway.endpoints.self_service.disclosure import disclosed
from gateway.services.inventory import Inventory
from gateway.services.wipes import Wipes
from gateway.store import DatabaseStore, migrate, open_store
from tests.support.world import ADMIN, World


def world_on(url: str) -> tuple[DatabaseStore, World]:
    migrate(url)
    store = open_store(url)
    return store, World(store)


def test_the_policy_the_client_and_what_is_kept(tmp_path) -> None:  # type: ignore[no-untyped-def]
    store, world = world_on(f"sqlite:///{tmp_path / 'usher.db'}")
    home = world.organisation()
    device = world.provisioned_phone(world.user())
    wipes = Wipes(store, world.clock, world.keys)
    inventory = Inventory(store, world.clock)
    plain = disclosed(inventory.sheet(device.key), wipes.choices(device.key))
    assert plain.asks == []
    assert not plain.reveals
    assert ("DeviceId", "PHONE1") in plain.sees
    settings = {
        "DevicePasswordEnabled": True,
        "AllowCamera": False,
        "AllowBluetooth": 1,
        "PasswordRecoveryEnabled": True,
    }
    world.policies.set_policy(ADMIN, home.id, {"settings": settings})
    told = disclosed(inventory.sheet(device.key), wipes.choices(device.key))
    values = {each.title: each.value for each in told.asks}
    assert values["Password on the device"] == "yes"
    assert values["Camera"] == "no"
    assert values["Bluetooth"] == "hands-free only"
    assert {each.answer for each in told.asks} <= {"honours", "ignores", "unknown"}
    assert told.reveals
    store.close()
