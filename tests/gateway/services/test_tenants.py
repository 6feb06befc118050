"""Organisations and domains (product 1)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation, OrganisationState, Scope, UserSource
from gateway.services.domains import MAXIMUM_DOMAINS
from gateway.services.tenants import (
    BY_THE_GATEWAY,
    MAXIMUM_DEVICE_LIMIT,
    NO_SETTINGS,
    TRANSITIONS,
    Settings,
    Tenants,
)
from gateway.store import DatabaseStore
from mdm.device import WipeKind
from tests.support.stores import Clock, Keys
from tests.support.world import ADMIN, World


def refused(world: World, kind: Kind, act: Callable[[], object]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        act()
    assert caught.value.kind is kind
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    return caught.value


def test_an_organisation_is_made_with_its_automatic_domain(world: World) -> None:
    made = world.tenants.create_organisation(ADMIN, "acme", Settings(name="Acme Inc"))
    assert made.id.startswith("m-")
    assert len(made.id) == 34
    assert world.tenants.organisation("acme") == world.tenants.organisation(made.id) == made
    (domain,) = world.tenants.domains("acme")
    assert (domain.name, domain.default) == ("acme.usher.test", True)
    assert [record.tag for record in world.trail()] == [AuditTag.ORGANISATION_CREATED, AuditTag.DOMAIN_ADDED]
    assert world.trail()[0].after["name"] == "Acme Inc"


def test_without_a_base_domain_there_is_no_automatic_one(store: DatabaseStore) -> None:
    tenants = Tenants(store, Clock(), Keys(), backends=("default",))
    tenants.create_organisation(ADMIN, "acme")
    assert tenants.domains("acme") == []
    assert tenants.add_domain(ADMIN, "acme", "acme.example").default


def test_an_alias_is_unique_and_well_formed(world: World) -> None:
    world.organisation()
    refused(world, Kind.CONFLICT, lambda: world.tenants.create_organisation(ADMIN, "acme"))
    refused(world, Kind.MALFORMED, lambda: world.tenants.create_organisation(ADMIN, "Acme"))


def test_settings_are_changed_and_unchanged_ones_leave_no_record(world: World) -> None:
    made = world.organisation()
    given = Settings(
        state=OrganisationState.INACTIVE, user_source=UserSource.BACKEND, backend="other", device_limit=3
    )
    after = world.tenants.change_organisation(ADMIN, "acme", given)
    assert (after.state, after.backend, after.device_limit) == (OrganisationState.INACTIVE, "other", 3)
    assert (after.id, after.alias, after.name) == (made.id, made.alias, made.name)
    count = len(world.trail())
    assert world.tenants.change_organisation(ADMIN, "acme", given) == after
    assert world.tenants.change_organisation(ADMIN, "acme", NO_SETTINGS) == after
    assert len(world.trail()) == count


SYSTEM = Actor("system", "health")


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(OrganisationState)
    assert all(after in TRANSITIONS[before] for before, after in BY_THE_GATEWAY)
    assert all(state not in after for state, after in TRANSITIONS.items())


@pytest.mark.parametrize("before", OrganisationState, ids=lambda state: state.value)
@pytest.mark.parametrize("after", OrganisationState, ids=lambda state: state.value)
def test_only_what_the_table_says_becomes_of_a_state(
    world: World, before: OrganisationState, after: OrganisationState
) -> None:
    made = replace(world.organisation(), state=before)
    with world.store.write() as transaction:
        transaction.directory.save_organisation(made)

    def change(actor: Actor) -> Callable[[], Organisation]:
        return lambda: world.tenants.change_organisation(actor, "acme", Settings(state=after))

    if before is not after and after not in TRANSITIONS[before]:
        assert set(refused(world, Kind.CONFLICT, change(SYSTEM)).faults) == {"state"}
        refused(world, Kind.CONFLICT, change(ADMIN))
    elif (before, after) in BY_THE_GATEWAY:
        refused(world, Kind.CONFLICT, change(ADMIN))
        assert change(SYSTEM)().state is after
    else:
        assert change(ADMIN)().state is after


@pytest.mark.parametrize("state", [OrganisationState.IMPAIRED, OrganisationState.FAILED])
def test_an_organisation_does_not_begin_broken(world: World, state: OrganisationState) -> None:
    refused(
        world, Kind.CONFLICT, lambda: world.tenants.create_organisation(ADMIN, "acme", Settings(state=state))
    )


def test_every_wrong_setting_is_named_at_once(world: World) -> None:
    world.organisation()
    wrong = Settings(backend="nowhere", device_limit=0)
    error = refused(world, Kind.MALFORMED, lambda: world.tenants.change_organisation(ADMIN, "acme", wrong))
    assert set(error.faults) == {"backend", "device_limit"}


@pytest.mark.parametrize(
    ("limit", "good"), [(1, True), (MAXIMUM_DEVICE_LIMIT, True), (MAXIMUM_DEVICE_LIMIT + 1, False)]
)
def test_the_device_limit_has_limits(world: World, limit: int, good: bool) -> None:
    world.organisation()
    if good:
        world.tenants.change_organisation(ADMIN, "acme", Settings(device_limit=limit))
    else:
        wrong = Settings(device_limit=limit)
        refused(world, Kind.MALFORMED, lambda: world.tenants.change_organisation(ADMIN, "acme", wrong))


def test_removing_asks_for_the_alias_and_keeps_the_trail(world: World) -> None:
    made = world.organisation()
    ann = world.user()
    world.phone(ann)
    refused(world, Kind.MALFORMED, lambda: world.tenants.remove_organisation(ADMIN, "acme", "acne"))
    world.tenants.remove_organisation(ADMIN, "acme", "acme")
    assert world.tenants.organisations() == []
    assert world.devices.list() == []
    assert world.users.resolve("ann@acme.example") is None
    tags = [record.tag for record in world.trail() if record.organisation == made.id]
    assert tags[-1] is AuditTag.ORGANISATION_REMOVED
    assert AuditTag.DEVICE_SEEN in tags


def test_a_pending_wipe_holds_the_organisation_unless_forced(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    refused(world, Kind.CONFLICT, lambda: world.tenants.remove_organisation(ADMIN, "acme", "acme"))
    world.devices.remove(ADMIN, phone.key, force=True)
    refused(world, Kind.CONFLICT, lambda: world.tenants.remove_organisation(ADMIN, "acme", "acme"))
    world.tenants.remove_organisation(ADMIN, "acme", "acme", force=True)
    assert world.devices.open_wipes() == frozenset()


def test_an_acknowledged_wipe_holds_nothing(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.obey(phone.key)
    world.tenants.remove_organisation(ADMIN, "acme", "acme")


def test_a_domain_belongs_to_one_organisation(world: World) -> None:
    world.organisation()
    world.organisation("globex")
    refused(world, Kind.CONFLICT, lambda: world.tenants.add_domain(ADMIN, "globex", "ACME.example"))
    refused(world, Kind.NOT_FOUND, lambda: world.tenants.remove_domain(ADMIN, "globex", "acme.example"))
    refused(world, Kind.MALFORMED, lambda: world.tenants.add_domain(ADMIN, "globex", "no domain"))


def test_a_used_domain_is_not_removed(world: World) -> None:
    world.organisation()
    ann = world.user()
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    world.users.set_aliases(ADMIN, ann.id, ["ann@second.example"])
    refused(world, Kind.CONFLICT, lambda: world.tenants.remove_domain(ADMIN, "acme", "second.example"))
    world.users.set_aliases(ADMIN, ann.id, [])
    world.tenants.remove_domain(ADMIN, "acme", "second.example")
    assert [domain.name for domain in world.tenants.domains("acme")] == ["acme.example", "acme.usher.test"]


def test_one_domain_is_the_default(world: World) -> None:
    world.organisation()
    refused(world, Kind.CONFLICT, lambda: world.tenants.remove_domain(ADMIN, "acme", "acme.usher.test"))
    world.tenants.make_default(ADMIN, "acme", "acme.example")
    count = len(world.trail())
    world.tenants.make_default(ADMIN, "acme", "acme.example")
    assert len(world.trail()) == count
    assert [domain.name for domain in world.tenants.domains("acme") if domain.default] == ["acme.example"]
    refused(world, Kind.CONFLICT, lambda: world.tenants.remove_domain(ADMIN, "acme", "acme.example"))


def test_a_thousand_domains_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAXIMUM_DOMAINS == 1000
    monkeypatch.setattr("gateway.services.domains.MAXIMUM_DOMAINS", 3)
    world.organisation()
    world.tenants.add_domain(ADMIN, "acme", "third.example")
    refused(world, Kind.CONFLICT, lambda: world.tenants.add_domain(ADMIN, "acme", "fourth.example"))


def test_what_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(GatewayError) as caught:
        world.tenants.organisation("acme")
    assert caught.value.kind is Kind.NOT_FOUND
    refused(world, Kind.NOT_FOUND, lambda: world.tenants.add_domain(ADMIN, "acme", "acme.example"))


def test_every_change_is_announced(world: World) -> None:
    made = world.organisation()
    with world.store.read() as transaction:
        changes = transaction.changes.since(0)
    assert {(change.scope, change.organisation) for change in changes} == {(Scope.ORGANISATION, made.id)}
    assert len(changes) == 3
