"""Recovery passwords: taken only where the policy asks, kept sealed, revealed with a reason."""

import pytest

from certs.sealing import Sealer
from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.partnerships import device_actor
from gateway.services.recovery import Recovery
from mdm.device import Device, DeviceKey, WipeKind
from mdm.settings import DENIED_BY_POLICY, SUCCESS, RecoveryPassword
from tests.support.world import ADMIN, World

SECRET = "Recovery-Horse-77"


def enabled(world: World, on: bool = True) -> None:
    world.policies.set_policy(ADMIN, "acme", {"settings": {"PasswordRecoveryEnabled": on}})


def take(world: World, phone: Device, text: str = SECRET) -> str:
    return world.recovery.take(device_actor(phone.key), phone.key, RecoveryPassword(text))


@pytest.fixture
def phone(world: World) -> Device:
    world.organisation()
    return world.phone(world.user())


def refused(world: World, key: DeviceKey, reason: str = "forgotten") -> Kind:
    with pytest.raises(GatewayError) as error:
        world.recovery.reveal(ADMIN, key, reason)
    assert SECRET not in str(error.value)
    return error.value.kind


def test_refused_unless_the_policy_asks_for_it(world: World, phone: Device) -> None:
    assert take(world, phone) == DENIED_BY_POLICY
    assert world.recovery.stored_at(phone.key) is None
    enabled(world)
    assert take(world, phone) == SUCCESS
    assert world.recovery.stored_at(phone.key) == world.clock.now()
    enabled(world, on=False)
    assert take(world, phone, "another") == DENIED_BY_POLICY
    assert world.recovery.reveal(ADMIN, phone.key, "forgotten").password == SECRET


def test_an_empty_password_takes_it_back_whatever_the_policy_says(world: World, phone: Device) -> None:
    enabled(world)
    take(world, phone)
    enabled(world, on=False)
    assert take(world, phone, "") == SUCCESS
    assert refused(world, phone.key) is Kind.NOT_FOUND


def test_each_reveal_is_audited_and_the_trail_holds_no_password(world: World, phone: Device) -> None:
    enabled(world)
    take(world, phone)
    revealed = world.recovery.reveal(ADMIN, phone.key, "user forgot it")
    assert SECRET not in repr(revealed)
    assert SECRET not in repr(RecoveryPassword(SECRET))
    with world.store.read() as transaction:
        trail = transaction.audit.query(limit=1000)
        sealed = transaction.device_passwords.get(phone.key)
    tags = [record.tag for record in trail]
    assert tags.count(AuditTag.RECOVERY_STORED) == tags.count(AuditTag.RECOVERY_REVEALED) == 1
    record = trail[tags.index(AuditTag.RECOVERY_REVEALED)]
    assert (record.actor, record.reason) == (ADMIN, "user forgot it")
    assert SECRET not in repr(trail)
    assert sealed is not None
    assert SECRET.encode() not in sealed[0]


def test_no_reason_no_password(world: World, phone: Device) -> None:
    enabled(world)
    take(world, phone)
    assert refused(world, phone.key, "") is Kind.MALFORMED
    with world.store.read() as transaction:
        assert transaction.audit.query(tag=AuditTag.RECOVERY_REVEALED) == []
        assert transaction.audit.query(tag=AuditTag.ACT_REFUSED) != []


def test_a_lost_or_changed_secret_is_said(world: World, phone: Device) -> None:
    enabled(world)
    take(world, phone)
    other = Recovery(world.store, world.clock, lambda: Sealer(b"t" * 32))
    with pytest.raises(GatewayError) as changed:
        other.reveal(ADMIN, phone.key, "forgotten")
    assert changed.value.kind is Kind.CONFLICT
    short = Recovery(world.store, world.clock, lambda: Sealer(b""))
    with pytest.raises(GatewayError) as lost:
        short.take(ADMIN, phone.key, RecoveryPassword("x"))
    assert lost.value.kind is Kind.UNAVAILABLE


def test_removing_the_device_removes_it(world: World, phone: Device) -> None:
    enabled(world)
    take(world, phone)
    world.devices.remove(ADMIN, phone.key)
    assert refused(world, phone.key) is Kind.NOT_FOUND


def test_a_buried_device_gives_nothing_to_keep(world: World, phone: Device) -> None:
    enabled(world)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT, "lost")
    world.devices.remove(ADMIN, phone.key, force=True)
    assert take(world, phone) == DENIED_BY_POLICY
