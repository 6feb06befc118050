"""The services on every database: one life of a device, and no change of state without its audit record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gateway.errors import GatewayError
from gateway.records import AuditTag, ResourceKind, Right, UserState
from gateway.services.enrolment import TooManyDevices
from gateway.services.groups import GroupChanges
from gateway.services.login import Principal
from gateway.services.resources import ResourceChanges
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from gateway.store import DatabaseStore
from gateway.store.tables import metadata
from mdm.ashttp import Version
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceState, WipeKind
from tests.support import partnership
from tests.support.world import ADMIN, PASSWORD, World, asked

STRICT = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 6}}


@pytest.fixture
def world(store: DatabaseStore) -> World:
    return World(store)


def test_the_life_of_a_device(world: World) -> None:
    world.organisation()
    phone = world.provisioned_phone(world.user())
    world.policies.set_policy(ADMIN, "acme", STRICT)
    phone = world.provisioned_phone(world.users.get("ann@acme.example"))
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT, "left the company")
    assert world.lane.prove(phone.key, phone.policy_key + 1) is None
    assert world.lane.prove(phone.key, phone.policy_key) is not None
    world.provision(phone.key, partnership.initial(Version.V16_1), unverified=True)
    done = world.provision(phone.key, partnership.wipe_acknowledgement(WipeKind.ACCOUNT), unverified=True)
    assert done.device.state is DeviceState.WIPE_SUCCEEDED
    assert [record.tag for record in world.trail()][-10:] == [
        AuditTag.POLICY_REQUESTED,
        AuditTag.POLICY_ACKNOWLEDGED,
        AuditTag.POLICY_OUTDATED,
        AuditTag.POLICY_CHANGED,
        AuditTag.POLICY_REQUESTED,
        AuditTag.POLICY_ACKNOWLEDGED,
        AuditTag.WIPE_REQUIRED,
        AuditTag.WIPE_UNPROVEN,
        AuditTag.WIPE_DELIVERED,
        AuditTag.WIPE_CONFIRMED,
    ]


Act = Callable[[World, Device], object]

ACTS: dict[str, Act] = {
    "create organisation": lambda world, _: world.tenants.create_organisation(ADMIN, "new"),
    "change organisation": lambda world, _: world.tenants.change_organisation(
        ADMIN, "acme", Settings(name="X")
    ),
    "remove organisation": lambda world, _: world.tenants.remove_organisation(ADMIN, "acme", "acme"),
    "add domain": lambda world, _: world.tenants.add_domain(ADMIN, "acme", "new.example"),
    "default domain": lambda world, _: world.tenants.make_default(ADMIN, "acme", "acme.example"),
    "remove domain": lambda world, _: world.tenants.remove_domain(ADMIN, "acme", "spare.example"),
    "create user": lambda world, _: world.users.create(ADMIN, "acme", "new@acme.example", password=PASSWORD),
    "disable user": lambda world, it: world.users.set_state(ADMIN, it.key.user, UserState.DISABLED),
    "set password": lambda world, it: world.users.set_password(ADMIN, it.key.user, PASSWORD + "23"),
    "set aliases": lambda world, it: world.users.set_aliases(ADMIN, it.key.user, ["a@acme.example"]),
    "set name": lambda world, it: world.users.set_display_name(ADMIN, it.key.user, "Other"),
    "user appears": lambda world, it: world.users.appear(ADMIN, it.key.organisation, "seen@acme.example"),
    "remove user": lambda world, it: world.users.remove(ADMIN, it.key.user),
    "change user": lambda world, it: world.users.change(ADMIN, it.key.user, UserChanges(backend="other")),
    "move user": lambda world, it: world.users.change(
        ADMIN, it.key.user, UserChanges(moved_to="ann@elsewhere.example")
    ),
    "route domain": lambda world, _: world.tenants.route_domain(ADMIN, "acme", "acme.example", "other"),
    "create group": lambda world, _: world.groups.create(ADMIN, "acme", "new"),
    "change group": lambda world, _: world.groups.change(ADMIN, "acme", "crew", GroupChanges(priority=1)),
    "remove group": lambda world, _: world.groups.remove(ADMIN, "acme", "crew"),
    "add member": lambda world, it: world.groups.add_member(ADMIN, "acme", "crew", it.key.user),
    "remove member": lambda world, it: world.groups.remove_member(ADMIN, "acme", "staff", it.key.user),
    "create resource": lambda world, _: world.resources.create(
        ADMIN, "acme", "new@acme.example", "New", ResourceKind.ROOM
    ),
    "change resource": lambda world, _: world.resources.change(
        ADMIN, "acme", "room@acme.example", ResourceChanges(name="Other")
    ),
    "remove resource": lambda world, _: world.resources.remove(ADMIN, "acme", "room@acme.example"),
    "grant": lambda world, it: world.permissions.grant(
        ADMIN, "acme", "room@acme.example", it.key.user, [Right.FULL_ACCESS]
    ),
    "revoke": lambda world, _: world.permissions.revoke(ADMIN, "acme", "room@acme.example", "staff"),
    "set policy": lambda world, _: world.policies.set_policy(ADMIN, "acme", STRICT),
    "first sight": lambda world, it: world.devices.admit(
        Principal(it.key.organisation, it.key.user), asked("NEW")
    ),
    "policy requested": lambda world, it: world.provision(it.key, partnership.initial(Version.V16_1)),
    "information": lambda world, it: world.devices.learn_information(
        it.key, DeviceInformation(os="x"), ADMIN
    ),
    "wipe": lambda world, it: world.devices.require_wipe(ADMIN, it.key, WipeKind.DEVICE),
    "provisioning": lambda world, it: world.devices.require_provisioning(ADMIN, it.key),
    "access": lambda world, it: world.devices.set_access(ADMIN, it.key, AccessLevel.BLOCK),
    "remove device": lambda world, it: world.devices.remove(ADMIN, it.key),
}

WIPING_ACTS: dict[str, Act] = {
    "wipe delivered": lambda world, it: world.provision(it.key, partnership.initial(Version.V16_1)),
    "wipe confirmed": lambda world, it: world.provision(it.key, partnership.wipe_acknowledgement()),
    "wipe failed": lambda world, it: world.provision(it.key, partnership.wipe_acknowledgement(status=2)),
    "wipe cancelled": lambda world, it: world.devices.cancel_wipe(ADMIN, it.key),
    "buried": lambda world, it: world.devices.remove(ADMIN, it.key, force=True),
    "wrong proof": lambda world, it: world.lane.prove(it.key, 1),
}


def contents(world: World) -> dict[str, list[str]]:
    """Every row of every table."""
    with world.store._engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(table.select())))
            for name, table in metadata.tables.items()
        }


def break_audit(world: World) -> None:
    """From here on the database refuses every audit record."""
    with world.store._engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            refuse = "BEGIN SELECT RAISE(ABORT, 'no space'); END"
            connection.execute(text(f"CREATE TRIGGER broken BEFORE INSERT ON audit {refuse}"))
        else:
            connection.execute(text("ALTER TABLE audit ADD CONSTRAINT broken CHECK (sequence < 0) NOT VALID"))


def prepared(world: World) -> Device:
    world.organisation()
    world.tenants.add_domain(ADMIN, "acme", "spare.example")
    ann = world.user()
    for name in ("staff", "crew"):
        world.groups.create(ADMIN, "acme", name)
    world.groups.add_member(ADMIN, "acme", "staff", ann.id)
    world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)
    world.permissions.grant(ADMIN, "acme", "room@acme.example", "staff", [Right.FULL_ACCESS])
    return world.provisioned_phone(ann)


def require_nothing_without_record(world: World, phone: Device, act: Act) -> None:
    before = contents(world)
    break_audit(world)
    with pytest.raises(GatewayError):
        act(world, phone)
    assert contents(world) == before


@pytest.mark.parametrize("name", ACTS)
def test_no_change_without_its_record(world: World, name: str) -> None:
    require_nothing_without_record(world, prepared(world), ACTS[name])


@pytest.mark.parametrize("name", WIPING_ACTS)
def test_no_step_of_a_wipe_without_its_record(world: World, name: str) -> None:
    phone = prepared(world)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    require_nothing_without_record(world, phone, WIPING_ACTS[name])


@pytest.mark.parametrize("name", ACTS)
def test_every_change_has_its_record_and_its_announcement(world: World, name: str) -> None:
    phone = prepared(world)
    records, announced = len(world.trail()), world.last_change()
    ACTS[name](world, phone)
    assert len(world.trail()) > records
    assert world.last_change() > announced


def test_devices_that_come_at_once_do_not_pass_the_limit(world: World) -> None:
    world.organisation(settings=Settings(device_limit=3))
    ann = world.user()
    principal = Principal(ann.organisation, ann.id)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: world.devices.admit(principal, asked(f"D{n}")), range(12)))
    assert len([answer for answer in answers if isinstance(answer, TooManyDevices)]) == 9
    assert len(world.devices.list(ann.organisation)) == 3


def test_a_device_that_comes_twice_at_once_is_one(world: World) -> None:
    world.organisation()
    ann = world.user()
    principal = Principal(ann.organisation, ann.id)
    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(lambda _: world.devices.admit(principal, asked("D")).key.device_id, range(12)))  # type: ignore[union-attr]
    assert answers == {"D"}
    assert [record.tag for record in world.trail()].count(AuditTag.DEVICE_SEEN) == 1
