"""Names lead to things of one organisation only (T25, T35)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import User
from gateway.services.finding import Finder
from mdm.device import WipeKind
from tests.support.world import ADMIN, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


def test_a_user_by_id_address_or_alias_under_either_name_of_its_organisation(world: World, ann: User) -> None:
    world.users.set_aliases(ADMIN, ann.id, ["anna@acme.example"])
    finder = Finder(world.store)
    for organisation in ("acme", ann.organisation):
        for name in (ann.id, "Ann@Acme.example", "anna@acme.example"):
            assert finder.user(organisation, name).id == ann.id
    assert finder.organisation("acme").id == ann.organisation


def test_what_belongs_to_another_is_as_absent_as_what_nobody_has(world: World, ann: User) -> None:
    world.organisation("globex")
    phone = world.phone(ann)
    finder = Finder(world.store)
    for look in (
        lambda: finder.user("globex", ann.id),
        lambda: finder.device("globex", ann.id, phone.key.device_id),
        lambda: finder.device("acme", ann.id, "OTHER"),
        lambda: finder.user("nowhere", ann.id),
        lambda: finder.key("globex", ann.id, phone.key.device_id),
    ):
        with pytest.raises(GatewayError) as missing:
            look()
        assert missing.value.kind is Kind.NOT_FOUND


def test_a_device_in_either_case_and_its_tombstone(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    finder = Finder(world.store)
    assert finder.device("acme", ann.address, "phone1") == phone
    assert finder.key("acme", ann.address, "phone1") == phone.key
    assert finder.key("acme", ann.address, "other").device_id == "OTHER"
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    world.devices.remove(ADMIN, phone.key, force=True)
    assert finder.device("acme", ann.address, "PHONE1").wipe is not None


def test_owners_of_devices(world: World, ann: User) -> None:
    first, second = world.phone(ann, "A"), world.phone(ann, "B")
    assert Finder(world.store).owners([first, second]) == {ann.id: ann.address}
    assert Finder(world.store).owners([]) == {}
    assert Finder(world.store).addresses([ann.id, "gone"]) == {ann.id: ann.address, "gone": ""}


def test_a_removed_organisation_is_found_in_the_trail_by_its_id(world: World, ann: User) -> None:
    finder = Finder(world.store)
    assert finder.trail("acme") == ann.organisation
    world.tenants.remove_organisation(ADMIN, "acme", "acme")
    assert finder.trail(ann.organisation) == ann.organisation
