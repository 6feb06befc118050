"""What may become of a user (product 1)."""

import pytest

from gateway.errors import Kind
from gateway.records import DETAILS, AuditTag, ResourceKind, User, UserSource, UserState
from gateway.services.tenants import Settings
from gateway.services.user_changes import MAXIMUM_ALIASES, UserChanges
from tests.support.refusals import refused
from tests.support.world import ADMIN, PASSWORD, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.users.set_aliases(ADMIN, world.user().id, ["anne@acme.example", "a@acme.example"])


def change(world: World, user: User, **values: object) -> User:
    return world.users.change(ADMIN, user.id, UserChanges(**values))  # type: ignore[arg-type]


def test_primary_address_and_alias_change_places_and_the_login_stays(world: World, ann: User) -> None:
    after = change(world, ann, address="Anne@acme.example")
    assert (after.address, after.aliases) == ("anne@acme.example", ("ann@acme.example", "a@acme.example"))
    assert after.login == ann.login == "ann"
    assert change(world, ann, address="anne@acme.example") == after
    assert change(world, ann, address="ann@acme.example") == ann
    refused(Kind.NOT_FOUND, lambda: change(world, ann, address="new@acme.example"))


def test_aliases_come_and_go_one_by_one(world: World, ann: User) -> None:
    assert change(world, ann, added_alias="New@acme.example").aliases[-1] == "new@acme.example"
    assert "new@acme.example" in change(world, ann, added_alias="new@acme.example").aliases
    assert change(world, ann, removed_alias="A@acme.example").aliases == (
        "anne@acme.example",
        "new@acme.example",
    )
    refused(Kind.NOT_FOUND, lambda: change(world, ann, removed_alias="a@acme.example"))
    refused(Kind.NOT_FOUND, lambda: change(world, ann, removed_alias="ann@acme.example"))


def test_a_hundred_aliases_and_no_more(world: World, ann: User) -> None:
    assert MAXIMUM_ALIASES == 100
    full = change(world, ann, aliases=[f"n{number}@acme.example" for number in range(100)])
    assert len(full.aliases) == 100
    refused(Kind.CONFLICT, lambda: change(world, ann, added_alias="more@acme.example"))


def test_details_are_merged_and_taken_away(world: World, ann: User) -> None:
    change(world, ann, first_name="Ann", last_name="Lee", details={"phone": "1", "city": "Köln"})
    after = change(world, ann, last_name="", details={"phone": " ", "office": "4.2"})
    assert (after.first_name, after.last_name) == ("Ann", "")
    assert dict(after.details) == {"city": "Köln", "office": "4.2"}
    assert change(world, ann, details=dict.fromkeys(DETAILS, "x")).details.keys() == set(DETAILS)
    assert set(refused(Kind.MALFORMED, lambda: change(world, ann, details={"fax": "1"})).faults) == {"fax"}
    wrong = refused(Kind.MALFORMED, lambda: change(world, ann, details={"phone": "1\n2"}))
    assert set(wrong.faults) == {"phone"}


def test_what_the_mail_server_keeps_is_changed_there(world: World) -> None:
    world.organisation(settings=Settings(user_source=UserSource.BACKEND))
    bob = world.users.create(ADMIN, "acme", "bob@acme.example")
    for values in ({"first_name": "B"}, {"last_name": ""}, {"details": {"phone": "1"}}):
        error = refused(Kind.UNSUPPORTED, lambda values=values: change(world, bob, **values))  # type: ignore[misc]
        assert "mail server" in error.public
    error = refused(Kind.UNSUPPORTED, lambda: world.users.set_password(ADMIN, bob.id, PASSWORD))
    assert "mail server" in error.public
    after = change(world, bob, display_name="Bob", backend="other", aliases=["b@acme.example"])
    assert (after.display_name, after.backend, after.aliases) == ("Bob", "other", ("b@acme.example",))


def test_one_request_is_one_record_or_nothing_at_all(world: World, ann: User) -> None:
    count = len(world.trail())
    values = {"display_name": "A", "state": UserState.DISABLED, "address": "a@acme.example"}
    refused(Kind.MALFORMED, lambda: change(world, ann, **values, backend="nowhere"))
    assert world.users.get(ann.id) == ann
    change(world, ann, **values, backend="other")
    assert [record.tag for record in world.trail()][count:] == [
        AuditTag.ACT_REFUSED,
        AuditTag.USER_CHANGED,
    ]


def test_a_move_leads_out_of_the_organisation(world: World, ann: User) -> None:
    world.organisation("globex")
    world.groups.create(ADMIN, "globex", "staff")
    world.resources.create(ADMIN, "globex", "room@globex.example", "Room", ResourceKind.ROOM)
    for target in ("bob@acme.example", "room@globex.example", "no address"):
        refused(Kind.MALFORMED, lambda target=target: change(world, ann, moved_to=target))  # type: ignore[misc]
    for target in ("Ann@elsewhere.example", "ann@globex.example", ""):
        assert change(world, ann, moved_to=target).moved_to == target.lower()
