"""A plan carried out: in order, only on what it was made from, and again after a refusal."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from pydantic import BaseModel

from gateway.cli.api import Api, on_this_machine
from gateway.cli.declared import export
from gateway.cli.declared.applying import Manner, Outcome, apply
from gateway.cli.declared.planning import planned
from gateway.cli.declared.present import EVERYTHING, read
from gateway.cli.declared.resolving import Present
from gateway.cli.declared.values import Plan, Section
from gateway.errors import Kind
from gateway.records import Organisation
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from tests.support.described_states import PLAIN_NAMES, presents
from tests.support.desk import Desk, furnish
from tests.support.world import ADMIN, PASSWORD

ROOT = Authority("root", appointments=MACHINE, confirmed=True)
HOME = "organisations.acme"
ACME = "/organisations/acme"
THERE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", f"{ACME}/groups", {"name": "Sales"}),
    ("POST", f"{ACME}/resources", {"address": "room@acme.example"}),
    ("POST", f"{ACME}/policies", {"name": "strict", "document": {"refresh_hours": 3}}),
    (
        "POST",
        f"{ACME}/access/rules",
        {"name": "Old", "effect": "block", "conditions": [{"criterion": "os", "is": ["<16"]}]},
    ),
)


def plan_of(api: Api, text: str, *, prune: bool = False) -> Plan:
    found = planned(api, [("f", text.encode())], prune=prune)
    assert found.faults == ()
    return found.plan


def done(api: Api, plan: Plan) -> Outcome:
    return apply(api, plan, Manner("a test"), lambda _: None)


@pytest.fixture
def there(api: Api, ann: str) -> Api:
    """Something of each kind."""
    for method, path, body in THERE:
        api.send(method, path, body)
    return api


CHANGES = {
    "organisation": (f"[{HOME}.settings]\nname = 'New'\n", "PATCH", ACME, {"name": "Other"}),
    "safeguards": (
        f"[{HOME}.safeguards]\nstale_days = 90\n",
        "PATCH",
        f"{ACME}/safeguards",
        {"stale_days": 60},
    ),
    "group": (f"[{HOME}.groups.Sales]\npriority = 3\n", "PATCH", f"{ACME}/groups/Sales", {"priority": 1}),
    "group that goes": (
        f"[{HOME}]\ncomplete = ['groups']\n",
        "PATCH",
        f"{ACME}/groups/Sales",
        {"address": "sales@acme.example"},
    ),
    "resource": (
        f"[{HOME}.resources.'room@acme.example']\nname = 'Room'\n",
        "PATCH",
        f"{ACME}/resources/room@acme.example",
        {"name": "Hall"},
    ),
    "policy": (f"[{HOME}.policies.strict]\n", "PUT", f"{ACME}/policies/strict", {"refresh_hours": 4}),
    "policy of all": (
        f"[{HOME}.policies.default]\naccept_partial = true\n",
        "PUT",
        f"{ACME}/policy",
        {"refresh_hours": 4},
    ),
    "policy that goes": (
        f"[{HOME}]\ncomplete = ['policies']\n",
        "PUT",
        f"{ACME}/policies/strict",
        {"refresh_hours": 4},
    ),
    "rule": (
        f"[{HOME}.rules.old]\neffect = 'quarantine'\nconditions = [{{ criterion = 'os', is = ['<15'] }}]\n",
        "PATCH",
        f"{ACME}/access/rules/old",
        {"description": "x"},
    ),
    "rule that goes": (
        f"[{HOME}]\ncomplete = ['rules']\n",
        "PATCH",
        f"{ACME}/access/rules/old",
        {"enabled": False},
    ),
    "default": (
        f"[{HOME}.access]\ndefault = 'block'\n",
        "PUT",
        f"{ACME}/access/default",
        {"level": "quarantine"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_since_the_plan_is_left_alone(there: Api, name: str) -> None:
    text, method, path, body = CHANGES[name]
    plan = plan_of(there, text, prune=True)
    there.send(method, path, body)
    outcome = done(there, plan)
    assert outcome.refusal is not None and outcome.refusal.kind is Kind.CHANGED
    assert (outcome.done, outcome.left) == ((), plan.steps)
    assert done(there, plan_of(there, text, prune=True)).refusal is None
    assert not plan_of(there, text, prune=True)


class Slow(Api):
    """An API of which a thing is changed by somebody else just after it was looked at."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def tagged(self, path: str, answer: type[Any]) -> tuple[Any, str]:
        seen: tuple[BaseModel, str] = super().tagged(path, answer)
        self.meanwhile()
        return seen


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "default"])
def test_what_is_changed_at_the_last_moment_is_left_alone(there: Api, name: str) -> None:
    text, method, path, body = CHANGES[name]
    slow = Slow(there._client)
    slow.meanwhile = lambda: there.send(method, path, body)  # type: ignore[method-assign, assignment]
    outcome = done(slow, plan_of(there, text, prune=True))
    assert outcome.refusal is not None and outcome.refusal.kind is Kind.CHANGED


def test_a_rule_that_somebody_added_meanwhile_stays(there: Api) -> None:
    plan = plan_of(there, CHANGES["rule"][0])
    there.send(
        "POST",
        f"{ACME}/access/rules",
        {"name": "More", "effect": "block", "conditions": [{"criterion": "os", "is": ["9"]}]},
    )
    assert done(there, plan).refusal is None
    rules = there.send("GET", f"{ACME}/access/rules").json()["rules"]
    assert [(each["id"], each["effect"]) for each in rules] == [("old", "quarantine"), ("more", "block")]


def test_after_a_refusal_the_same_file_goes_on(api: Api, ann: str) -> None:
    text = f"""
[{HOME}.groups.First]
[{HOME}.groups.Second]
address = "{ann}"
[{HOME}.policies.strict]
"""
    plan = plan_of(api, text)
    outcome = done(api, plan)
    assert outcome.refusal is not None and outcome.refusal.kind is Kind.CONFLICT
    assert [step.item.label for step in outcome.done] == ["First"]
    assert [step.item.label for step in outcome.left] == ["Second", "strict"]
    mended = text.replace(ann, "second@acme.example")
    again = plan_of(api, mended)
    assert [step.item.label for step in again.steps] == ["Second", "strict"]
    assert done(api, again).refusal is None
    assert not plan_of(api, mended)


def test_everything_of_a_new_organisation(api: Api) -> None:
    text = """
[organisations.beta.settings]
name = "Beta"
state = "Inactive"
[organisations.beta.safeguards]
quarantine_days = 7
[organisations.beta.access]
default = "quarantine"
mode = "usher"
[organisations.beta.domains."beta.example"]
[organisations.beta.domains."second.example"]
default = true
backend = "other"
[organisations.beta.groups.Outer]
address = "outer@beta.example"
members = ["Inner/1"]
[organisations.beta.groups."Inner/1"]
state = "disabled"
[organisations.beta.resources."a/b@beta.example"]
kind = "equipment"
state = "disabled"
[organisations.beta.permissions."a/b@beta.example"]
"Inner/1" = ["send_on_behalf"]
[organisations.beta.policies.default]
accept_partial = true
[organisations.beta.policies.strict]
assigned = [{ group = "Inner/1", priority = -1 }, { domain = "second.example" }, { organisation = true }]
[organisations.beta.rules.old]
effect = "block"
conditions = [{ criterion = "group", is = ["Inner/1"] }, { criterion = "domain", is_not = ["beta.example"] }]
"""
    outcome = done(api, plan_of(api, text))
    assert (outcome.refusal, outcome.left) == (None, ())
    assert not plan_of(api, text, prune=True)
    gone = "[organisations.beta]\ncomplete = ['groups', 'resources', 'permissions', 'policies', 'rules']\n"
    outcome = done(api, plan_of(api, gone, prune=True))
    assert (outcome.refusal, outcome.left) == (None, ())
    assert api.send("GET", "/organisations/beta/groups").json()["items"] == []
    assert api.send("GET", "/organisations/beta/policy_assignments").json()["items"] == []


def test_the_reason_stands_in_the_trail(api: Api, acme: str) -> None:
    done(api, plan_of(api, f"[{HOME}.policies.strict]\n"))
    records = api.send("GET", "/audit", query={"organisation": acme}).text
    assert "a test" in records


@pytest.fixture
def home(desk: Desk, acme: str) -> Organisation:
    return desk.services.tenants.organisation(acme)


@pytest.fixture
def asked_by(desk: Desk) -> Iterator[Callable[..., Outcome]]:
    """Applies a file for somebody with a role in one organisation."""

    def run(home: Organisation, role: Role, text: str, *, confirmed: bool = True) -> Outcome:
        appointments = (Appointment(role, home.id),)
        authority = Authority("somebody", appointments=appointments, confirmed=confirmed)
        with on_this_machine(desk.services, authority) as api:
            return done(api, plan_of(api, text))

    yield run


def test_nobody_gets_round_a_permission(asked_by: Callable[..., Outcome], home: Organisation) -> None:
    text = f"[{HOME}.policies.strict]\n[{HOME}.groups.A]\n"
    viewer = asked_by(home, Role.VIEWER, text)
    assert viewer.refusal is not None and viewer.refusal.kind is Kind.FORBIDDEN
    assert viewer.done == ()
    operator = asked_by(home, Role.OPERATOR, text)
    assert operator.refusal is not None and operator.refusal.kind is Kind.FORBIDDEN
    assert [step.item.label for step in operator.done] == ["A"]
    assert asked_by(home, Role.POLICY_EDITOR, text).refusal is None


def test_a_safeguard_takes_the_second_factor(asked_by: Callable[..., Outcome], home: Organisation) -> None:
    text = f"[{HOME}.safeguards]\napprove_full_wipes = false\n"
    unconfirmed = asked_by(home, Role.OWNER, text, confirmed=False)
    assert unconfirmed.refusal is not None and unconfirmed.refusal.kind is Kind.UNCONFIRMED
    operator = asked_by(home, Role.OPERATOR, text)
    assert operator.refusal is not None and operator.refusal.kind is Kind.FORBIDDEN
    assert asked_by(home, Role.OWNER, text).refusal is None


def test_members_come_and_go_together(api: Api, desk: Desk, acme: str) -> None:
    names = ["m1", "m2", "m3"]
    for name in names:
        desk.services.groups.create(ADMIN, acme, name)
    everybody = f"[{HOME}.groups.All]\nmembers = {names}\n"
    nobody = f"[{HOME}.groups.All]\nmembers = []\n"
    for text, sizes in ((everybody, [1, 3]), (nobody, [3])):
        plan = plan_of(api, text, prune=True)
        assert [len(step.changes) for step in plan.steps] == sizes
        assert done(api, plan).refusal is None
        assert not plan_of(api, text, prune=True)


def test_members_of_whom_one_is_refused(api: Api, desk: Desk, acme: str) -> None:
    for name in ("Inner", "Outer", "Other"):
        desk.services.groups.create(ADMIN, acme, name)
    plan = plan_of(api, f"[{HOME}.groups.Inner]\nmembers = ['Other', 'Outer']\n")
    desk.services.groups.add_member(ADMIN, acme, "Outer", "Inner")
    outcome = done(api, plan)
    assert outcome.refusal is not None and outcome.refusal.kind is Kind.CONFLICT
    assert "(1 were done, 1 refused)" in outcome.refusal.public
    assert outcome.left == plan.steps


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], tuple[Api, str]]]:
    """Makes organisations, each with two users and a room."""
    desk = furnish(tmp_path_factory.mktemp("houses"))
    numbers = count()

    def made() -> tuple[Api, str]:
        alias = f"house{next(numbers)}"
        desk.services.tenants.create_organisation(ADMIN, alias)
        desk.services.tenants.add_domain(ADMIN, alias, f"{alias}.example")
        for name in ("ann", "bob"):
            desk.services.users.create(ADMIN, alias, f"{name}@{alias}.example", password=PASSWORD)
        return api, alias

    with on_this_machine(desk.services, ROOT) as api:
        yield made
    desk.services.store.close()


REFUSED_ON_SIGHT = ("lets every device in", "stops every device", "Nobody would")


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(presents(PLAIN_NAMES))
def test_whatever_was_applied_is_there(houses: Callable[[], tuple[Api, str]], present: Present) -> None:
    api, alias = houses()
    sections = [each for each in Section if each is not Section.ACCESS]
    text = export.text(export.document("acme", present, sections, complete=True)).replace("acme", alias)
    found = planned(api, [("f", text.encode())], prune=True)
    refused = [each.text for each in found.faults]
    if not refused:
        outcome = done(api, found.plan)
        refused = [outcome.refusal.public] if outcome.refusal else []
    assume(not any(sign in each for sign in REFUSED_ON_SIGHT for each in refused))
    assert refused == []
    assert not plan_of(api, text, prune=True)
    again = export.document(alias, read(api, alias, EVERYTHING), list(Section), complete=True)
    assert not plan_of(api, export.text(again), prune=True)
