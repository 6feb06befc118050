"""For whom a policy holds (product 4.2)."""

import pytest

from gateway.errors import Kind
from gateway.records import AuditTag, Scope, User
from gateway.services.assignments import Target
from gateway.services.user_changes import UserChanges
from mdm.device import DeviceKey, DeviceState
from mdm.layers import Reach
from tests.support.fleet_policies import CAMERA, STRICT, Office, furnish_office, named_policy
from tests.support.refusals import refused
from tests.support.world import ADMIN, World

EVERYBODY = Target(Reach.ORGANISATION)
ANN = Target(Reach.USER, "ann@acme.example")


@pytest.fixture
def office(world: World) -> Office:
    office = furnish_office(world, 2)
    named_policy(world, "strict", STRICT)
    named_policy(world, "camera", CAMERA)
    return office


def test_a_policy_that_nobody_has_touches_nobody(office: Office) -> None:
    assert office.outdated() == set()
    assert office.world.policies.set_policy(ADMIN, "acme", CAMERA, name="strict").devices == 0


def test_assigning_to_one_device_moves_that_one(office: Office) -> None:
    world = office.world
    change = world.assignments.assign(ADMIN, "acme", Target(Reach.DEVICE, ANN.named, "phone1"), "strict")
    assert (change.devices, office.outdated()) == (1, {"PHONE1"})
    assert world.trail()[-1].tag is AuditTag.POLICY_ASSIGNED
    assert world.trail()[-1].after["device_id"] == "PHONE1"
    with world.store.read() as transaction:
        last = transaction.changes.since(0)[-1]
    assert (last.scope, last.user, last.device_id) == (Scope.POLICY, change.assignment.target, "PHONE1")


def test_assigning_again_changes_the_priority_alone(office: Office) -> None:
    assignments = office.world.assignments
    assignments.assign(ADMIN, "acme", ANN, "strict")
    before = office.world.last_change()
    assert assignments.assign(ADMIN, "acme", ANN, "strict").devices == 0
    assert office.world.last_change() == before
    assert assignments.assign(ADMIN, "acme", ANN, "strict", priority=4).assignment.priority == 4
    assert [each.priority for each in assignments.list("acme")] == [4]


def test_taking_it_away_moves_who_had_fetched_it(office: Office) -> None:
    assignments = office.world.assignments
    assignments.assign(ADMIN, "acme", EVERYBODY, "strict")
    office.fetch(office.phones[0])
    assert assignments.unassign(ADMIN, "acme", EVERYBODY, "strict").devices == 1
    assert assignments.list("acme") == []
    refused(Kind.NOT_FOUND, lambda: assignments.unassign(ADMIN, "acme", EVERYBODY, "strict"))


def test_a_rehearsal_says_what_assigning_would_do(office: Office) -> None:
    assignments = office.world.assignments
    said = assignments.rehearse("acme", ANN, "strict")
    assert (said.devices, said.under, said.touched) == (2, 2, 2)
    assert office.outdated() == set() and assignments.list("acme") == []
    assignments.assign(ADMIN, "acme", ANN, "strict")
    for key in office.phones:
        office.fetch(key)
    assert assignments.rehearse("acme", ANN, "strict", away=True).touched == 2
    assert assignments.rehearse("acme", EVERYBODY, "strict").touched == 0


def test_a_policy_in_use_is_not_removed(office: Office) -> None:
    world = office.world
    world.assignments.assign(ADMIN, "acme", ANN, "strict")
    assert [each.reach for each in world.policies.uses("acme", "strict")] == [Reach.USER]
    refused(Kind.CONFLICT, lambda: world.policies.remove(ADMIN, "acme", "strict"))
    refused(Kind.CONFLICT, lambda: world.policies.remove(ADMIN, "acme", "default"))
    world.assignments.unassign(ADMIN, "acme", ANN, "strict")
    world.policies.remove(ADMIN, "acme", "strict")
    assert [each.name for each in world.policies.list("acme")] == ["camera"]
    refused(Kind.NOT_FOUND, lambda: world.policies.current("acme", "strict"))


@pytest.mark.parametrize(
    ("target", "policy", "kind"),
    [
        (EVERYBODY, "default", Kind.CONFLICT),
        (EVERYBODY, "nothing", Kind.NOT_FOUND),
        (Target(Reach.DOMAIN, "other.example"), "strict", Kind.NOT_FOUND),
        (Target(Reach.GROUP, "nobody"), "strict", Kind.NOT_FOUND),
        (Target(Reach.USER, "nobody@acme.example"), "strict", Kind.NOT_FOUND),
        (Target(Reach.DEVICE, ANN.named, "no/device"), "strict", Kind.MALFORMED),
        (Target(Reach.DEVICE, ANN.named, ""), "strict", Kind.MALFORMED),
        (Target(Reach.DEVICE, ANN.named, "A" * 33), "strict", Kind.MALFORMED),
    ],
    ids=lambda value: str(getattr(value, "named", value)),
)
def test_what_is_not_there_is_refused(office: Office, target: Target, policy: str, kind: Kind) -> None:
    refused(kind, lambda: office.world.assignments.assign(ADMIN, "acme", target, policy))


def test_nobody_reaches_into_another_organisation(office: Office) -> None:
    office.world.organisation("globex")
    eve = office.world.user("eve@globex.example")
    assignments = office.world.assignments
    for target in (Target(Reach.USER, eve.id), Target(Reach.DOMAIN, "globex.example")):
        refused(Kind.NOT_FOUND, lambda target=target: assignments.assign(ADMIN, "acme", target, "strict"))  # type: ignore[misc]
    refused(Kind.NOT_FOUND, lambda: assignments.assign(ADMIN, "globex", EVERYBODY, "strict"))


def test_numbers_have_bounds(office: Office) -> None:
    assign = office.world.assignments.assign
    refused(Kind.MALFORMED, lambda: assign(ADMIN, "acme", EVERYBODY, "strict", priority=1_000_001))
    refused(Kind.MALFORMED, lambda: assign(ADMIN, "acme", EVERYBODY, "strict", minutes=-1))


def test_joining_a_group_moves_exactly_its_new_member(office: Office) -> None:
    world = office.world
    bob = world.provisioned_phone(world.user("bob@acme.example"), "BOBS")
    world.groups.create(ADMIN, "acme", "Sales")
    assert world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Sales"), "strict").devices == 0
    world.groups.add_member(ADMIN, "acme", "Sales", ANN.named)
    assert office.outdated() == {"PHONE0", "PHONE1"}
    assert office.state(bob.key) is DeviceState.PROVISIONING_SUCCEEDED
    office.fetch(office.phones[0])
    world.groups.remove_member(ADMIN, "acme", "Sales", ANN.named)
    assert office.outdated() == {"PHONE0", "PHONE1"}


def test_a_group_in_a_group_brings_its_members(office: Office) -> None:
    world = office.world
    for name in ("Sales", "Field"):
        world.groups.create(ADMIN, "acme", name)
    world.groups.add_member(ADMIN, "acme", "Field", ANN.named)
    world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Sales"), "strict")
    assert office.outdated() == set()
    world.groups.add_member(ADMIN, "acme", "Sales", "Field")
    assert office.outdated() == {"PHONE0", "PHONE1"}
    for key in office.phones:
        office.fetch(key)
    world.groups.remove(ADMIN, "acme", "Sales")
    assert office.outdated() == {"PHONE0", "PHONE1"}
    assert world.assignments.list("acme") == []


def test_another_domain_of_the_primary_address_counts(office: Office) -> None:
    world = office.world
    world.tenants.add_domain(ADMIN, "acme", "new.example")
    world.assignments.assign(ADMIN, "acme", Target(Reach.DOMAIN, "new.example"), "strict")
    world.users.change(ADMIN, ANN.named, UserChanges(added_alias="ann@new.example"))
    assert office.outdated() == set()
    world.users.change(ADMIN, ANN.named, UserChanges(address="ann@new.example"))
    assert office.outdated() == {"PHONE0", "PHONE1"}


def test_a_change_that_alters_nothing_sent_changes_nothing(office: Office) -> None:
    world = office.world
    named_policy(world, "lax", {"settings": {"AllowCamera": True}, "accept_partial": True})
    assert world.assignments.assign(ADMIN, "acme", EVERYBODY, "lax").devices == 0
    assert office.outdated() == set()
    assert world.rollouts.progress("acme") is None


def test_the_effective_policy_of_a_device(office: Office) -> None:
    world = office.world
    user: User = world.users.get(ANN.named)
    world.assignments.assign(ADMIN, "acme", ANN, "camera")
    found = world.assignments.effective(DeviceKey(user.organisation, user.id, "PHONE0"))
    value, origin = found.value("AllowCamera")
    assert origin is not None
    assert (value, origin.policy, origin.target) == (False, "camera", user.id)
    assert world.assignments.labels(world.assignments.list("acme")) == {
        world.assignments.list("acme")[0]: "ann@acme.example"
    }
