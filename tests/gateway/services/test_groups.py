"""Groups and who is in them (product 1): no circle ever, whatever the order of changes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, EntityState, Scope
from gateway.services.groups import MAXIMUM_PRIORITY, GroupChanges
from gateway.store import migrate, open_store
from tests.support.refusals import refused
from tests.support.world import ADMIN, World

ANN = "ann@acme.example"


def made(world: World, *names: str) -> None:
    for name in names:
        world.groups.create(ADMIN, "acme", name)


def test_a_group_from_beginning_to_end(world: World) -> None:
    home = world.organisation()
    wanted = GroupChanges(address="Staff@acme.example", backend="other", priority=3)
    staff = world.groups.create(ADMIN, "acme", " Staff ", wanted)
    assert (staff.id[:2], staff.organisation, staff.name) == ("g-", home.id, "Staff")
    assert (staff.address, staff.backend, staff.priority) == ("staff@acme.example", "other", 3)
    for named in (staff.id, "Staff", "STAFF@acme.example"):
        assert world.groups.get("acme", named) == staff
    empty = GroupChanges(name="Crew", address="", backend="", state=EntityState.DISABLED, priority=0)
    crew = world.groups.change(ADMIN, "acme", "Staff", empty)
    assert (crew.name, crew.address, crew.backend, crew.state) == ("Crew", "", "", EntityState.DISABLED)
    assert world.groups.list("acme") == [crew]
    world.groups.remove(ADMIN, "acme", "Crew")
    refused(Kind.NOT_FOUND, lambda: world.groups.get("acme", staff.id))
    assert [record.tag for record in world.trail()][-3:] == [
        AuditTag.GROUP_CREATED,
        AuditTag.GROUP_CHANGED,
        AuditTag.GROUP_REMOVED,
    ]


def test_every_wrong_setting_is_refused(world: World) -> None:
    world.organisation()
    world.user()
    made(world, "staff", "crew")

    def change(**values: object) -> Callable[[], object]:
        return lambda: world.groups.change(ADMIN, "acme", "crew", GroupChanges(**values))  # type: ignore[arg-type]

    refused(Kind.CONFLICT, change(name="staff"))
    refused(Kind.CONFLICT, change(address=ANN))
    refused(Kind.MALFORMED, change(address="crew@nowhere.example"))
    refused(Kind.MALFORMED, change(name=""))
    assert set(refused(Kind.MALFORMED, change(backend="nowhere")).faults) == {"backend"}
    assert set(refused(Kind.MALFORMED, change(priority=MAXIMUM_PRIORITY + 1)).faults) == {"priority"}
    refused(Kind.CONFLICT, lambda: world.groups.create(ADMIN, "acme", "staff"))


def test_members_come_once_and_go_once(world: World) -> None:
    world.organisation()
    ann = world.user()
    made(world, "staff", "crew")
    for member in (ANN, ann.id, "crew"):
        world.groups.add_member(ADMIN, "acme", "staff", member)
    assert {member.name for member in world.groups.members("acme", "staff")} == {ANN, "crew"}
    assert [record.tag for record in world.trail()].count(AuditTag.MEMBER_ADDED) == 2
    world.groups.remove_member(ADMIN, "acme", "staff", ANN)
    refused(Kind.NOT_FOUND, lambda: world.groups.remove_member(ADMIN, "acme", "staff", ANN))
    refused(Kind.NOT_FOUND, lambda: world.groups.add_member(ADMIN, "acme", "staff", "nobody"))


def test_a_group_is_never_in_itself(world: World) -> None:
    world.organisation()
    made(world, "a", "b", "c")
    refused(Kind.CONFLICT, lambda: world.groups.add_member(ADMIN, "acme", "a", "a"))
    world.groups.add_member(ADMIN, "acme", "a", "b")
    world.groups.add_member(ADMIN, "acme", "b", "c")
    refused(Kind.CONFLICT, lambda: world.groups.add_member(ADMIN, "acme", "b", "a"))
    refused(Kind.CONFLICT, lambda: world.groups.add_member(ADMIN, "acme", "c", "a"))
    world.groups.change(ADMIN, "acme", "b", GroupChanges(state=EntityState.DISABLED))
    refused(Kind.CONFLICT, lambda: world.groups.add_member(ADMIN, "acme", "c", "a"))


def test_nobody_of_another_organisation_is_a_member_or_a_group(world: World) -> None:
    world.organisation()
    world.organisation("globex")
    eve = world.user("eve@globex.example")
    made(world, "staff")
    foreign = world.groups.create(ADMIN, "globex", "board")
    for member in (eve.id, eve.address, foreign.id, "board"):
        refused(
            Kind.NOT_FOUND,
            lambda member=member: world.groups.add_member(ADMIN, "acme", "staff", member),  # type: ignore[misc]
        )
    refused(Kind.NOT_FOUND, lambda: world.groups.get("acme", foreign.id))


ANNOUNCED: dict[str, tuple[Callable[[World], object], Scope]] = {
    "create": (lambda world: world.groups.create(ADMIN, "acme", "new"), Scope.DIRECTORY),
    "rename": (
        lambda world: world.groups.change(ADMIN, "acme", "b", GroupChanges(name="x")),
        Scope.DIRECTORY,
    ),
    "route": (
        lambda world: world.groups.change(ADMIN, "acme", "b", GroupChanges(backend="other")),
        Scope.ORGANISATION,
    ),
    "disable": (
        lambda world: world.groups.change(ADMIN, "acme", "b", GroupChanges(state=EntityState.DISABLED)),
        Scope.ORGANISATION,
    ),
    "a user in": (lambda world: world.groups.add_member(ADMIN, "acme", "b", ANN), Scope.USER),
    "a user out": (lambda world: world.groups.remove_member(ADMIN, "acme", "a", ANN), Scope.USER),
    "a group in": (lambda world: world.groups.add_member(ADMIN, "acme", "b", "a"), Scope.ORGANISATION),
    "remove": (lambda world: world.groups.remove(ADMIN, "acme", "b"), Scope.ORGANISATION),
}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_a_change_is_announced_to_those_whom_it_may_move(world: World, name: str) -> None:
    home, ann = world.organisation(), world.user()
    made(world, "a", "b")
    world.groups.add_member(ADMIN, "acme", "a", ANN)
    before = world.last_change()
    act, scope = ANNOUNCED[name]
    act(world)
    with world.store.read() as transaction:
        (change,) = transaction.changes.since(before)
    user = ann.id if scope is Scope.USER else ""
    assert (change.scope, change.organisation, change.user) == (scope, home.id, user)


NAMES = ("g0", "g1", "g2", "g3", "g4")
Edge = tuple[str, str]
STEPS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from((*NAMES, ANN))), max_size=25
)


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Five groups and Ann; each example begins by taking all members out."""
    url = f"sqlite:///{Path(tmp_path_factory.mktemp('five')) / 'usher.db'}"
    migrate(url)
    world = World(open_store(url))
    world.organisation()
    world.user()
    made(world, *NAMES)
    yield world
    world.store.close()


def naive(edges: set[Edge], start: str) -> set[str]:
    """Everything that ``start`` is in, by walking until nothing is new."""
    found: set[str] = set()
    wave = {start}
    while wave:
        wave = {group for group, member in edges if member in wave} - found
        found |= wave
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, disabled=st.sampled_from(("", *NAMES)))
def test_no_sequence_of_changes_makes_a_circle(
    five: World, steps: list[tuple[bool, str, str]], disabled: str
) -> None:
    edges: set[Edge] = set()
    for name in NAMES:
        for member in five.groups.members("acme", name):
            five.groups.remove_member(ADMIN, "acme", name, member.id)
        state = EntityState.DISABLED if name == disabled else EntityState.ENABLED
        five.groups.change(ADMIN, "acme", name, GroupChanges(state=state))
    for add, group, member in steps:
        _step(five, edges, add, group, member)
    assert all(name not in naive(edges, name) for name in NAMES)
    living = {edge for edge in edges if disabled not in edge}
    _, around = five.users.place(ANN)
    assert {group.name for group in around} == naive(living, ANN)


def _step(world: World, edges: set[Edge], add: bool, group: str, member: str) -> None:
    """One change, and what the naive model says that must come of it."""
    if add:
        circle = member == group or member in naive(edges, group)
        try:
            world.groups.add_member(ADMIN, "acme", group, member)
        except GatewayError as error:
            assert (error.kind, circle) == (Kind.CONFLICT, True)
        else:
            assert not circle
            edges.add((group, member))
    elif (group, member) in edges:
        world.groups.remove_member(ADMIN, "acme", group, member)
        edges.discard((group, member))
    else:
        refused(Kind.NOT_FOUND, lambda: world.groups.remove_member(ADMIN, "acme", group, member))
