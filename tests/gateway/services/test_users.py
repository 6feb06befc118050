"""Users of the built-in directory and of the backend (product 1)."""

from collections.abc import Callable

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Scope, UserSource, UserState
from gateway.services.tenants import Settings
from gateway.services.user_changes import MAXIMUM_ALIASES
from mdm.device import WipeKind
from tests.support.world import ADMIN, PASSWORD, World

BACKEND = Settings(user_source=UserSource.BACKEND)


def refused(world: World, kind: Kind, act: Callable[[], object]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        act()
    assert caught.value.kind is kind
    return caught.value


def test_a_user_is_created_and_found(world: World) -> None:
    organisation = world.organisation()
    ann = world.users.create(ADMIN, "acme", "Ann@ACME.example", display_name="Ann Äh", password=PASSWORD)
    assert (ann.address, ann.login, ann.display_name) == ("ann@acme.example", "ann", "Ann Äh")
    assert (ann.organisation, ann.source, ann.state) == (organisation.id, UserSource.LOCAL, UserState.ENABLED)
    assert world.users.get(ann.id) == world.users.get("ANN@acme.example") == ann
    assert world.users.list("acme") == [ann]
    record = world.trail()[-1]
    assert (record.tag, record.target) == (AuditTag.USER_CREATED, ann.id)
    assert PASSWORD not in repr(world.trail())
    assert "hashed" not in repr(world.trail())


def test_a_weak_password_creates_nobody_and_the_rule_is_named(world: World) -> None:
    world.organisation()
    error = refused(
        world, Kind.MALFORMED, lambda: world.users.create(ADMIN, "acme", "ann@acme.example", password="abc")
    )
    assert "8 characters" in error.faults["password"]
    assert world.users.list("acme") == []


def test_a_local_user_needs_a_password_and_a_backend_user_must_not_have_one(world: World) -> None:
    world.organisation()
    world.organisation("globex", BACKEND)
    refused(world, Kind.MALFORMED, lambda: world.users.create(ADMIN, "acme", "ann@acme.example"))
    create = lambda: world.users.create(ADMIN, "globex", "eve@globex.example", password=PASSWORD)  # noqa: E731
    assert "mail server" in refused(world, Kind.UNSUPPORTED, create).public
    eve = world.users.create(ADMIN, "globex", "eve@globex.example")
    assert (eve.source, eve.password_hash) == (UserSource.BACKEND, None)
    refused(world, Kind.UNSUPPORTED, lambda: world.users.set_password(ADMIN, eve.id, PASSWORD))


def test_an_address_is_in_a_domain_of_the_organisation_and_nobody_elses(world: World) -> None:
    world.organisation()
    world.organisation("globex")
    world.user()
    for address, kind in [
        ("ann@acme.example", Kind.CONFLICT),
        ("ann@globex.example", Kind.MALFORMED),
        ("ann@nowhere.example", Kind.MALFORMED),
        ("ann", Kind.MALFORMED),
    ]:
        refused(world, kind, lambda it=address: world.users.create(ADMIN, "acme", it, password=PASSWORD))  # type: ignore[misc]
        assert world.trail()[-1].tag is AuditTag.ACT_REFUSED


def test_state_password_and_name_are_changed_with_a_record_each(world: World) -> None:
    world.organisation()
    ann = world.user()
    disabled = world.users.set_state(ADMIN, ann.address, UserState.DISABLED)
    assert disabled.state is UserState.DISABLED
    assert world.trail()[-1].after["state"] == "disabled"
    changed = world.users.set_password(ADMIN, ann.id, "Another-Horse-22")
    assert changed.password_hash != ann.password_hash
    assert world.trail()[-1].after["password"] == "changed"
    named = world.users.set_display_name(ADMIN, ann.id, "Ann")
    assert named.display_name == "Ann"
    with world.store.read() as transaction:
        last = transaction.changes.since(0)[-3:]
    assert {(change.scope, change.user) for change in last} == {(Scope.USER, ann.id)}


def test_what_changes_nothing_is_not_recorded(world: World) -> None:
    world.organisation()
    ann = world.user()
    count = len(world.trail())
    assert world.users.set_state(ADMIN, ann.id, UserState.ENABLED) == ann
    assert len(world.trail()) == count


def test_aliases_are_folded_unique_and_limited(world: World) -> None:
    world.organisation()
    ann, bob = world.user(), world.user("bob@acme.example")
    wanted = ["A1@acme.example", "a1@ACME.example", "ann@acme.example", "a2@acme.example"]
    assert world.users.set_aliases(ADMIN, ann.id, wanted).aliases == ("a1@acme.example", "a2@acme.example")
    refused(world, Kind.CONFLICT, lambda: world.users.set_aliases(ADMIN, bob.id, ["a1@acme.example"]))
    many = [f"n{number}@acme.example" for number in range(MAXIMUM_ALIASES)]
    assert len(world.users.set_aliases(ADMIN, bob.id, many).aliases) == MAXIMUM_ALIASES
    refused(world, Kind.CONFLICT, lambda: world.users.set_aliases(ADMIN, bob.id, [*many, "m@acme.example"]))


def test_removing_a_user_takes_the_devices_but_no_pending_wipe(world: World) -> None:
    world.organisation()
    ann = world.user()
    phone = world.phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    refused(world, Kind.CONFLICT, lambda: world.users.remove(ADMIN, ann.id))
    world.devices.cancel_wipe(ADMIN, phone.key)
    world.users.remove(ADMIN, ann.id)
    assert world.devices.list() == []
    assert world.trail()[-1].before["address"] == "ann@acme.example"
    refused(world, Kind.NOT_FOUND, lambda: world.users.get(ann.id))
    refused(world, Kind.NOT_FOUND, lambda: world.users.remove(ADMIN, ann.id))


def test_a_backend_user_appears_at_the_first_login_and_only_once(world: World) -> None:
    organisation = world.organisation("globex", BACKEND)
    eve = world.users.appear(ADMIN, organisation.id, "Eve@globex.example")
    assert (eve.address, eve.source) == ("eve@globex.example", UserSource.BACKEND)
    assert world.users.appear(ADMIN, organisation.id, "eve@globex.example") == eve
    assert [record.tag for record in world.trail()].count(AuditTag.USER_APPEARED) == 1
