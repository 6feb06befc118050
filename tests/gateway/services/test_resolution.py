"""Whom a typed login means (spec/autodiscover.md R15, T16)."""

import pytest

from gateway.records import ResourceKind, User, UserSource
from gateway.services.groups import GroupChanges
from gateway.services.resolution import Resolved
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from tests.support.world import ADMIN, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    ann = world.user()
    return world.users.set_aliases(ADMIN, ann.id, ["anne.miller@acme.example"])


SPELLINGS = [
    "ann@acme.example",
    "ANN@Acme.EXAMPLE",
    "anne.miller@acme.example",
    "acme\\ann",
    "ACME\\Ann",
    "acme.example\\ann",
    "ACME\\ann@acme.example",
    "ann",
    " Ann ",
]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_every_spelling_means_the_same_user(world: World, ann: User, typed: str) -> None:
    resolved = world.users.resolve(typed)
    assert resolved is not None
    assert (resolved.user, resolved.address, resolved.account) == (ann, ann.address, ann.id)


@pytest.mark.parametrize(
    "typed", ["ann@globex.example", "globex\\ann", "", "\\", "@", "a@b@c", "bob@nowhere"]
)
def test_nobody_is_nobody(world: World, ann: User, typed: str) -> None:
    assert world.users.resolve(typed) is None


def test_an_unseen_user_of_a_known_place_has_an_address(world: World) -> None:
    organisation = world.organisation("globex", Settings(user_source=UserSource.BACKEND))
    expected = {
        "eve@globex.example": "eve@globex.example",
        "GLOBEX\\eve": "eve@globex.usher.test",
        "globex.example\\eve": "eve@globex.example",
        "eve": "eve@globex.usher.test",
    }
    for typed, address in expected.items():
        assert world.users.resolve(typed) == Resolved(organisation, None, address, "default")
    assert world.users.resolve("eve", "globex.example") == Resolved(
        organisation, None, "eve@globex.example", "default"
    )


def test_a_bare_name_that_two_people_have_is_nobody(world: World, ann: User) -> None:
    world.organisation("globex")
    other = world.user("ann@globex.example")
    assert world.users.resolve("ann") is None
    hinted = world.users.resolve("ann", "globex.example")
    assert hinted is not None
    assert hinted.user == other
    world.users.remove(ADMIN, other.id)
    found = world.users.resolve("ann")
    assert found is not None
    assert found.user == ann


def test_a_bare_unknown_name_with_several_organisations_is_nobody(world: World, ann: User) -> None:
    world.organisation("globex")
    assert world.users.resolve("bob") is None


def test_in_one_organisation_the_default_domain_wins(world: World, ann: User) -> None:
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    second = world.users.create(ADMIN, "acme", "ann@second.example", password="Correct-Horse-1")
    assert world.users.resolve("acme\\ann") is None
    world.tenants.make_default(ADMIN, "acme", "second.example")
    found = world.users.resolve("acme\\ann")
    assert found is not None
    assert found.user == second
    named = world.users.resolve("acme.example\\ann")
    assert named is not None
    assert named.user == ann


def test_the_first_label_of_a_domain_is_a_realm_when_it_is_unambiguous(world: World, ann: User) -> None:
    world.tenants.add_domain(ADMIN, "acme", "contoso.example")
    found = world.users.resolve("CONTOSO\\ann")
    assert found is not None
    assert found.user == ann
    world.organisation("globex")
    world.tenants.add_domain(ADMIN, "globex", "contoso.test")
    assert world.users.resolve("CONTOSO\\ann") is None


@pytest.mark.parametrize("realm", ["globex", "GLOBEX.example", "nowhere"])
def test_a_realm_that_is_not_the_domain_s_own_is_nobody(world: World, ann: User, realm: str) -> None:
    """T16: who says two things at once is told nothing of either."""
    world.organisation("globex")
    world.user("bob@globex.example")
    assert world.users.resolve(f"{realm}\\ann@acme.example") is None
    assert world.users.resolve(f"{realm}\\nobody@acme.example") is None
    assert world.users.resolve("acme\\bob@globex.example") is None
    assert world.users.resolve("globex\\bob@globex.example") is not None


ONE_ACCOUNT = ["ann@second.example", "ann@acme.usher.test", "ACME\\ann", "second.example\\ann", "ann"]


@pytest.mark.parametrize("typed", ONE_ACCOUNT)
def test_a_backend_that_knows_local_parts_has_one_user_for_all_spellings(world: World, typed: str) -> None:
    organisation = world.organisation(settings=Settings(user_source=UserSource.BACKEND, backend="other"))
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    first = world.users.appear(ADMIN, organisation.id, "ann@acme.example")
    found = world.users.resolve(typed)
    assert found is not None
    assert found.user == first
    assert world.users.appear(ADMIN, organisation.id, "ann@second.example") == first
    assert [user.id for user in world.users.list("acme")] == [first.id]


def test_a_backend_that_knows_addresses_may_have_a_user_for_each(world: World) -> None:
    organisation = world.organisation(settings=Settings(user_source=UserSource.BACKEND))
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    first = world.users.appear(ADMIN, organisation.id, "ann@acme.example")
    found = world.users.resolve("ann@second.example")
    assert found is not None
    assert found.user is None
    assert world.users.appear(ADMIN, organisation.id, "ann@second.example") != first


def test_the_same_name_on_another_backend_or_in_another_organisation_is_somebody_else(world: World) -> None:
    settings = Settings(user_source=UserSource.BACKEND, backend="other")
    acme = world.organisation(settings=settings)
    world.organisation("globex", settings)
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    world.users.appear(ADMIN, acme.id, "ann@acme.example")
    elsewhere = world.users.resolve("ann@globex.example")
    assert elsewhere is not None
    assert elsewhere.user is None
    world.tenants.route_domain(ADMIN, "acme", "second.example", "default")
    routed = world.users.resolve("ann@second.example")
    assert routed is not None
    assert routed.user is None


def test_the_backend_is_the_users_own_or_that_of_the_domain(world: World, ann: User) -> None:
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
    world.users.change(ADMIN, ann.id, UserChanges(backend="default"))
    for typed, backend in (("ann", "default"), ("acme\\ann", "default"), ("eve@acme.example", "other")):
        resolved = world.users.resolve(typed)
        assert resolved is not None
        assert resolved.backend == backend


def test_a_group_and_a_resource_are_nobody(world: World, ann: User) -> None:
    world.groups.create(ADMIN, "acme", "staff", GroupChanges(address="staff@acme.example"))
    world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)
    for typed in ("staff@acme.example", "room@acme.example", "acme.example\\room"):
        assert world.users.resolve(typed) is None
    assert world.users.resolve("other@acme.example") is not None
