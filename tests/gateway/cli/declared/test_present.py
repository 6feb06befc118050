"""What is there, as far as a description speaks of it."""

from gateway.cli.api import Api
from gateway.cli.declared import documents
from gateway.cli.declared.present import EVERYTHING, Wanted, read, wanted
from gateway.cli.declared.values import Kind
from gateway.records import Actor, OrganisationState
from gateway.services.tenants import Settings
from tests.support.desk import Desk
from tests.support.world import ADMIN


def test_only_what_a_description_speaks_of() -> None:
    text = b"[organisations.acme.groups.A]\nmembers = []\n[organisations.acme.groups.B]\n[organisations.b]\n"
    described = documents.read([("f", text)])
    want = wanted(described, "acme")
    assert want == Wanted(frozenset({Kind.ORGANISATION, Kind.GROUP, Kind.MEMBER}), frozenset({"A"}))
    assert wanted(described, "b") == Wanted(frozenset({Kind.ORGANISATION}), frozenset())


def test_an_organisation_that_is_not_there(api: Api) -> None:
    found = read(api, "nobody", EVERYTHING)
    assert (found.there, found.state.items) == (False, {})


def test_everybody_by_every_name(api: Api, desk: Desk, ann: str) -> None:
    made = desk.services
    api.send("PATCH", f"/organisations/acme/users/{ann}", {"aliases": ["ann.b@acme.example"]})
    staff = made.groups.create(ADMIN, "acme", "Staff")
    made.groups.add_member(ADMIN, "acme", "Staff", ann)
    found = read(api, "acme", EVERYTHING)
    user = made.users.get(ann).id
    assert found.directory.user("ANN.b@acme.example") == user
    assert found.directory.group("Staff") == staff.id
    assert found.directory.domains == {"acme.example"}
    member = found.state.items["acme", Kind.MEMBER, ("Staff", user)]
    assert (member.label, member.identity) == (ann, staff.id)
    without = read(api, "acme", Wanted(frozenset({Kind.MEMBER}), frozenset({"Other"})))
    assert not any(kind is Kind.MEMBER for _, kind, _ in without.state.items)


def test_an_impaired_organisation_is_an_active_one(api: Api, desk: Desk, acme: str) -> None:
    watch = Actor("system", "health")
    impaired = Settings(state=OrganisationState.IMPAIRED)
    desk.services.tenants.change_organisation(watch, acme, impaired)
    found = read(api, acme, EVERYTHING)
    assert found.state.items[acme, Kind.ORGANISATION, ()].values["state"] == "Active"
