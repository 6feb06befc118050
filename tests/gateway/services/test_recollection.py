"""What is read of a partnership in one transaction, on every database."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, OrganisationState
from gateway.services.assignments import Target
from gateway.services.backend_keys import BackendKeys
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.recollection import Recollection
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from mdm.ashttp import Version
from mdm.device import DeviceKey, WipeKind
from mdm.layers import Reach
from mdm.policy import Policy
from tests.support.world import ADMIN, World, asked


@pytest.fixture
def recollection(world: World) -> Recollection:
    return Recollection(world.store, world.devices)


def test_a_device_is_made_at_first_sight_and_found_ever_after(
    world: World, recollection: Recollection
) -> None:
    organisation, ann = world.organisation(), world.user()
    principal = Principal(organisation.id, ann.id)
    first = recollection.known(principal, asked("PHONE1"), ip="192.0.2.7", user_agent="iOS")
    assert not isinstance(first, TooManyDevices)
    assert first.device.last_ip == "192.0.2.7"
    assert (first.user, first.view.organisation) == (ann, organisation)
    again = recollection.known(principal, asked("PHONE1"), ip="192.0.2.8", user_agent="iOS")
    assert not isinstance(again, TooManyDevices)
    assert again.device == first.device
    assert [record.tag for record in world.trail()].count(AuditTag.DEVICE_SEEN) == 1


def test_too_many_devices_is_a_value(world: World, recollection: Recollection) -> None:
    organisation = world.organisation(settings=Settings(device_limit=1))
    ann = world.user()
    principal = Principal(organisation.id, ann.id)
    world.phone(ann)
    refused = recollection.known(principal, asked("PHONE2"), ip="", user_agent="")
    assert refused == TooManyDevices(("PHONE1",))


def test_the_policy_in_force_is_read_with_it(world: World, recollection: Recollection) -> None:
    organisation, ann = world.organisation(), world.user()
    strict = Policy({"MinDevicePasswordLength": 9})
    world.policies.set_policy(ADMIN, "acme", strict.to_document())
    read = recollection.surroundings(Principal(organisation.id, ann.id))
    assert (read.user, read.backend) == (ann, "default")
    assert read.view.policy.digest(Version.V16_1) == strict.digest(Version.V16_1)


def test_who_is_gone_is_not_found(world: World, recollection: Recollection) -> None:
    organisation, ann = world.organisation(), world.user()
    for principal in (Principal(organisation.id, "u-nobody"), Principal("m-nobody", ann.id)):
        with pytest.raises(GatewayError) as caught:
            recollection.surroundings(principal)
        assert caught.value.kind is Kind.NOT_FOUND
        with pytest.raises(GatewayError) as caught:
            recollection.known(principal, asked("PHONE1"), ip="", user_agent="")
        assert caught.value.kind is Kind.NOT_FOUND


def test_several_are_read_again_at_once_and_share_their_organisation(
    world: World, recollection: Recollection
) -> None:
    organisation, ann, bob = world.organisation(), world.user(), world.user("bob@acme.example")
    first, second, third = world.phone(ann), world.phone(ann, "PHONE2"), world.phone(bob, "PHONE3")
    missing = DeviceKey(organisation.id, ann.id, "PHONE9")
    keys = [first.key, missing, second.key, third.key]
    found = recollection.known_again(keys)
    assert [key for key, _ in found] == keys
    assert found[1][1] is None
    present = [known for _, known in found if known is not None]
    assert [known.device for known in present] == [first, second, third]
    assert len({id(known.view) for known in present}) == 1


def test_a_removed_user_takes_the_partnership_along(world: World, recollection: Recollection) -> None:
    world.organisation()
    ann = world.user()
    phone = world.phone(ann)
    world.users.remove(ADMIN, ann.id)
    assert recollection.known_again([phone.key]) == [(phone.key, None)]


def test_a_tombstone_is_still_known(world: World, recollection: Recollection) -> None:
    world.organisation()
    phone = world.provisioned_phone(world.user())
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.devices.remove(ADMIN, phone.key, force=True)
    ((_, known),) = recollection.known_again([phone.key])
    assert known is not None
    assert known.device.wipe is not None


def test_whether_the_organisation_serves_is_read_too(world: World, recollection: Recollection) -> None:
    organisation, ann = world.organisation(), world.user()
    phone = world.phone(ann)
    world.tenants.change_organisation(ADMIN, organisation.id, Settings(state=OrganisationState.INACTIVE))
    ((_, known),) = recollection.known_again([phone.key])
    assert known is not None
    assert not known.serving


def test_the_route_is_read_with_the_partnership(world: World, recollection: Recollection) -> None:
    organisation, ann = world.organisation(), world.user()
    phone = world.phone(ann)
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
    ((_, known),) = recollection.known_again([phone.key])
    assert known is not None
    assert known.backend == "other"
    world.users.change(ADMIN, ann.id, UserChanges(backend="default"))
    principal = Principal(organisation.id, ann.id)
    first = recollection.known(principal, asked("PHONE1"), ip="", user_agent="")
    assert not isinstance(first, TooManyDevices)
    assert (first.backend, recollection.surroundings(principal).backend) == ("default", "default")


def test_the_key_of_the_backend_that_serves_is_read_with_it(world: World, recollection: Recollection) -> None:
    organisation, ann = world.organisation(), world.user()
    phone, other = world.phone(ann), world.phone(ann, "PHONE2")
    keys = BackendKeys(world.store, world.clock)
    (_, before), *_ = recollection.known_again([phone.key])
    assert before is not None
    assert before.peer is None
    keys.granted(phone.key, "default", 5, "")
    keys.granted(phone.key, "other", 6, "")
    seen = [known for _, known in recollection.known_again([phone.key, other.key])]
    assert [known.peer.policy_key if known and known.peer else None for known in seen] == [5, None]
    world.users.change(ADMIN, ann.address, UserChanges(backend="other"))
    routed = recollection.known(Principal(organisation.id, ann.id), asked("PHONE1"), ip="", user_agent="")
    assert not isinstance(routed, TooManyDevices)
    assert routed.peer is not None
    assert (routed.backend, routed.peer.policy_key) == ("other", 6)


def test_each_device_is_under_its_own_policies(world: World, recollection: Recollection) -> None:
    world.organisation()
    ann, bob = world.user(), world.user("bob@acme.example")
    phones = [world.phone(ann), world.phone(ann, "PHONE2"), world.phone(bob, "PHONE3")]
    world.policies.create(ADMIN, "acme", "strict", {"settings": {"AllowCamera": False}})
    world.assignments.assign(ADMIN, "acme", Target(Reach.DEVICE, ann.id, "PHONE2"), "strict")
    found = [known for _, known in recollection.known_again([phone.key for phone in phones])]
    assert [known.view.policies for known in found if known is not None] == ["", "strict@1", ""]
    assert found[0] is not None and found[2] is not None and found[0].view is found[2].view
