"""The effective policy of devices (product 4.2): nested groups, domains, users, single devices."""

import pytest

from gateway.records import EntityState, User
from gateway.services.assignments import Target
from gateway.services.effective import Effectives, effective, house_policy, is_planning, outdated
from gateway.services.groups import GroupChanges
from mdm.device import DeviceKey
from mdm.layers import Effective, Reach
from mdm.policy import DEFAULT, Policy
from tests.support.fleet_policies import CAMERA, STRICT, STRICTER, furnish_office, named_policy
from tests.support.stores import device
from tests.support.world import ADMIN, World

LENGTH = "MinDevicePasswordLength"


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


def of(world: World, owner: User, device_id: str = "PHONE1") -> Effective:
    with world.store.read() as transaction:
        return effective(transaction, DeviceKey(owner.organisation, owner.id, device_id))


def test_the_default_lies_at_the_bottom(world: World, ann: User) -> None:
    assert of(world, ann).policy == DEFAULT
    world.policies.set_policy(ADMIN, "acme", STRICT)
    named_policy(world, "aaa", STRICTER)
    world.assignments.assign(ADMIN, "acme", Target(Reach.ORGANISATION), "aaa", priority=-1_000_000)
    found = of(world, ann)
    assert found.names == "aaa@1 over default@1"
    assert found.value(LENGTH)[0] == 8


def test_the_most_specific_wins_with_its_origin(world: World, ann: User) -> None:
    world.policies.set_policy(ADMIN, "acme", STRICT)
    lengths = {"house": 7, "sellers": 9, "hers": 10, "phone": 11}
    for name, length in lengths.items():
        named_policy(world, name, {"settings": {LENGTH: length}})
    world.groups.create(ADMIN, "acme", "Field")
    world.groups.create(ADMIN, "acme", "Sales")
    world.groups.add_member(ADMIN, "acme", "Sales", "Field")
    world.groups.add_member(ADMIN, "acme", "Field", "ann@acme.example")
    targets = [
        ("house", Target(Reach.DOMAIN, "ACME.example")),
        ("sellers", Target(Reach.GROUP, "Sales")),
        ("hers", Target(Reach.USER, "ann@acme.example")),
        ("phone", Target(Reach.DEVICE, "ann@acme.example", "phone1")),
    ]
    for name, target in targets:
        world.assignments.assign(ADMIN, "acme", target, name)
        assert of(world, ann).value(LENGTH)[0] == lengths[name]
    assert of(world, ann, "PHONE2").value(LENGTH)[0] == 10
    value, origin = of(world, ann).value(LENGTH)
    assert origin is not None
    assert (value, origin.policy, origin.reach, origin.target) == (
        11,
        "phone",
        Reach.DEVICE,
        f"{ann.id}/PHONE1",
    )
    assert of(world, ann).value("DevicePasswordEnabled")[1] is not None
    world.groups.change(ADMIN, "acme", "Sales", GroupChanges(state=EntityState.DISABLED))
    assert "sellers" not in of(world, ann).names


def test_a_page_is_read_as_each_device_alone(world: World, ann: User) -> None:
    bob = world.user("bob@acme.example")
    named_policy(world, "hers", STRICT)
    named_policy(world, "group", CAMERA)
    world.groups.create(ADMIN, "acme", "Crew")
    world.groups.add_member(ADMIN, "acme", "Crew", "bob@acme.example")
    world.assignments.assign(ADMIN, "acme", Target(Reach.USER, ann.id), "hers")
    world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Crew"), "group")
    with world.store.read() as transaction:
        reading = Effectives(transaction, ann.organisation)
        reading.prepare([ann.id, bob.id])
        together = [reading.of(DeviceKey(ann.organisation, each.id, "P")).names for each in (ann, bob)]
        nobody = reading.of(DeviceKey(ann.organisation, "u-nobody", "P")).names
    assert together == [of(world, ann).names, of(world, bob).names] == ["hers@1", "group@1"]
    assert nobody == ""


def test_who_is_unknown_is_under_what_everybody_is(world: World, ann: User) -> None:
    world.policies.set_policy(ADMIN, "acme", STRICT)
    with world.store.read() as transaction:
        assert house_policy(transaction, ann.organisation).policy.value(LENGTH) == 6
        assert not is_planning(transaction, ann.organisation)


def test_outdated_is_who_acknowledged_something_else(world: World) -> None:
    office = furnish_office(world, 1)
    phone = office.device(office.phones[0])
    assert not outdated(phone, DEFAULT)
    assert outdated(phone, Policy(STRICT["settings"]))
    assert not outdated(device(), Policy(STRICT["settings"]))
