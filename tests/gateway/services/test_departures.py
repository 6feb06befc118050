"""Users and organisations that go."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, User
from gateway.services.departures import refuse_pending_wipes
from mdm.device import WipeKind
from tests.support.world import ADMIN, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


@pytest.mark.parametrize("what", ["user", "organisation"])
def test_every_device_that_goes_has_its_record(world: World, ann: User, what: str) -> None:
    phones = [world.phone(ann, f"P{number}") for number in range(3)]
    if what == "user":
        world.users.remove(ADMIN, ann.id)
    else:
        world.tenants.remove_organisation(ADMIN, "acme", "acme")
    gone = [record for record in world.trail() if record.tag is AuditTag.DEVICE_REMOVED]
    assert [record.target for record in gone] == [f"{ann.id}/{phone.key.device_id}" for phone in phones]
    assert all(record.before["state"] == "Provisioning Required" for record in gone)


def test_only_a_wipe_that_is_not_acknowledged_holds_back(world: World, ann: User) -> None:
    other = world.user("bob@acme.example")
    phone = world.phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    with world.store.read() as transaction:
        refuse_pending_wipes(transaction, ann.organisation, other.id)
        with pytest.raises(GatewayError) as caught:
            refuse_pending_wipes(transaction, ann.organisation, ann.id)
    assert caught.value.kind is Kind.CONFLICT
    assert "PHONE1" in caught.value.public
    world.obey(phone.key)
    with world.store.read() as transaction:
        refuse_pending_wipes(transaction, ann.organisation)
