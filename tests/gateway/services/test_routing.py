"""Which backend serves whom, and where a chain of moves ends (product 1, interoperability)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import EntityState, User
from gateway.services.groups import GroupChanges
from gateway.services.routing import MAXIMUM_MOVES, backend_for, backend_of_address, require_route
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from tests.support.world import ADMIN, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


def route(world: World) -> str:
    with world.store.read() as transaction:
        directory = transaction.directory
        user = directory.user_by_address("ann@acme.example")
        organisation = directory.organisation("acme")
        assert user is not None
        assert organisation is not None
        return backend_for(directory, organisation, user)


def grouped(world: World, name: str, member: str, **values: object) -> None:
    world.groups.create(ADMIN, "acme", name, GroupChanges(**values))  # type: ignore[arg-type]
    world.groups.add_member(ADMIN, "acme", name, member)


def test_the_nearest_word_counts(world: World, ann: User) -> None:
    assert route(world) == "default"
    world.tenants.change_organisation(ADMIN, "acme", Settings(backend="other"))
    assert route(world) == "other"
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "default")
    assert route(world) == "default"
    grouped(world, "moved", ann.address, backend="other")
    assert route(world) == "other"
    world.users.change(ADMIN, ann.id, UserChanges(backend="default"))
    assert route(world) == "default"


def test_only_the_domain_of_the_primary_address_counts(world: World, ann: User) -> None:
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    world.tenants.route_domain(ADMIN, "acme", "second.example", "other")
    world.users.set_aliases(ADMIN, ann.id, ["ann@second.example"])
    assert route(world) == "default"


def test_the_highest_priority_wins_and_the_first_name_among_equals(world: World, ann: User) -> None:
    grouped(world, "b", ann.address, backend="default", priority=1)
    grouped(world, "c", ann.address, backend="other", priority=2)
    grouped(world, "z", ann.address, priority=9)
    assert route(world) == "other"
    world.groups.change(ADMIN, "acme", "c", GroupChanges(priority=1))
    assert route(world) == "default"
    world.groups.change(ADMIN, "acme", "c", GroupChanges(name="a"))
    assert route(world) == "other"


def test_a_nested_group_counts_while_every_link_is_enabled(world: World, ann: User) -> None:
    grouped(world, "inner", ann.address)
    grouped(world, "outer", "inner", backend="other")
    assert route(world) == "other"
    world.groups.change(ADMIN, "acme", "inner", GroupChanges(state=EntityState.DISABLED))
    assert route(world) == "default"


def test_an_unknown_user_is_where_the_domain_is(world: World, ann: User) -> None:
    organisation = world.tenants.organisation("acme")
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
    foreign = world.organisation("globex")
    with world.store.read() as transaction:
        directory = transaction.directory
        assert backend_of_address(directory, organisation, "new@acme.example") == "other"
        assert backend_of_address(directory, organisation, "new@nowhere.example") == "default"
        assert backend_of_address(directory, foreign, "new@acme.example") == "default"


def test_a_route_is_a_configured_backend_or_none() -> None:
    assert require_route(("a", "b"), "b") == "b"
    assert require_route(("a", "b"), "") == ""
    with pytest.raises(GatewayError) as caught:
        require_route(("a", "b"), "c")
    assert (caught.value.kind, set(caught.value.faults)) == (Kind.MALFORMED, {"backend"})


def chain(world: World, length: int) -> list[User]:
    """Organisations o0, o1, ... with a user each, who has moved to the next one's."""
    users = []
    for number in range(length):
        world.organisation(f"o{number}")
        users.append(world.user(f"u@o{number}.example"))
    for number in range(length - 1):
        world.users.change(ADMIN, users[number].id, UserChanges(moved_to=f"u@o{number + 1}.example"))
    return users


def refused(world: World, user: User, changes: UserChanges) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        world.users.change(ADMIN, user.id, changes)
    return caught.value


def test_a_move_that_leads_back_is_refused_however_long_the_way(world: World) -> None:
    users = chain(world, 4)
    error = refused(world, users[3], UserChanges(moved_to="u@o0.example"))
    assert (error.kind, set(error.faults)) == (Kind.CONFLICT, {"moved_to"})
    world.users.change(ADMIN, users[3].id, UserChanges(moved_to="u@elsewhere.example"))


def test_an_alias_that_would_close_the_circle_is_refused(world: World) -> None:
    first, second = chain(world, 2)
    world.users.change(ADMIN, first.id, UserChanges(moved_to="later@o1.example"))
    world.users.change(ADMIN, second.id, UserChanges(moved_to="u@o0.example"))
    assert refused(world, second, UserChanges(added_alias="later@o1.example")).kind is Kind.CONFLICT


def test_a_chain_of_moves_has_an_end(world: World) -> None:
    users = chain(world, MAXIMUM_MOVES + 1)
    world.organisation("start")
    start = world.user("u@start.example")
    world.users.change(ADMIN, start.id, UserChanges(moved_to=users[1].address))
    assert refused(world, start, UserChanges(moved_to=users[0].address)).kind is Kind.CONFLICT
