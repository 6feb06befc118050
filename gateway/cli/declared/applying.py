"""A plan carried out through the REST API, step by step (product 7.5).

Nothing is atomic over all of it: a step that is refused ends it, what was done stays done, and the same file
applied again goes on. What is about to be changed is read once more and compared with what the plan was made
from; where the API knows a tag of it, the change is bound to that tag (``If-Match``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from gateway.cli.api import Api, at
from gateway.cli.declared.bodies import assignment_of, default_of, document_of, mode_of, rules_after
from gateway.cli.declared.present import (
    group_of,
    policy_of,
    resource_of,
    rules_of,
    safeguards_of,
    settings_of,
)
from gateway.cli.declared.resolving import NEW
from gateway.cli.declared.values import WHOLE, Change, Item, Kind, Plan, Step, Verb
from gateway.endpoints.api.bulk import ProblemView
from gateway.endpoints.api.bulk_members import MemberResults
from gateway.endpoints.api.groups import GroupView
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.policy_views import PolicyView
from gateway.endpoints.api.resources import ResourceView
from gateway.endpoints.api.rule_views import RuleBookView
from gateway.endpoints.api.safeguards import SafeguardsView
from gateway.errors import GatewayError
from gateway.errors import Kind as Refusal
from gateway.services.effective import DEFAULT_NAME

SINCE = "It was changed since the plan was made: look at a new plan."
V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan; ``refusal`` is why the first of ``left`` was not done."""

    done: tuple[Step, ...]
    left: tuple[Step, ...] = ()
    refusal: GatewayError | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How changes are made: why, and over how many minutes devices are told."""

    reason: str = ""
    minutes: int | None = None


def apply(api: Api, plan: Plan, manner: Manner, told: Callable[[Step], None]) -> Outcome:
    """Do every step in order until one is refused; ``told`` hears of each that is done."""
    work = _Applying(api, manner)
    for number, step in enumerate(plan.steps):
        try:
            work.do(step)
        except GatewayError as error:
            return Outcome(plan.steps[:number], plan.steps[number:], error)
        told(step)
    return Outcome(plan.steps)


@dataclass(slots=True)
class _Applying:
    api: Api
    manner: Manner
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    """Organisation and name to the id of what was made on the way."""

    def do(self, step: Step) -> None:
        change = step.changes[0]
        acts: Mapping[Kind, Callable[[Change], None]] = {
            Kind.ORGANISATION: self._organisation,
            Kind.DOMAIN: self._domain,
            Kind.GROUP: self._group,
            Kind.RESOURCE: self._resource,
            Kind.PERMISSION: self._permission,
            Kind.SAFEGUARDS: self._safeguards,
            Kind.POLICY: self._policy,
            Kind.ASSIGNMENT: self._assignment,
            Kind.DEFAULT: self._default,
        }
        if step.item.kind in acts:
            acts[step.item.kind](change)
        elif step.item.kind is Kind.MEMBER:
            self._members(step)
        else:
            self._rules(step)

    def _organisation(self, change: Change) -> None:
        item = change.item
        if change.verb is Verb.ADD:
            self.api.send("POST", "/organisations", {"alias": item.organisation, **item.values})
        else:
            self._patch(change, _at(item), OrganisationView, settings_of)

    def _domain(self, change: Change) -> None:
        item = change.item
        place = _at(item, "domains", item.name[0])
        if change.verb is Verb.REMOVE:
            self.api.send("DELETE", place)
            return
        if change.verb is Verb.ADD:
            self.api.send("POST", _at(item, "domains"), {"name": item.name[0]})
        wanted = {name: after for name, (_, after) in change.fields.items() if after}
        if change.verb is Verb.CHANGE:
            wanted = {name: after for name, (_, after) in change.fields.items()}
        if wanted:
            self.api.send("PATCH", place, wanted)

    def _group(self, change: Change) -> None:
        item = change.item
        if change.verb is Verb.ADD:
            made = self.api.post(_at(item, "groups"), GroupView, {"name": item.name[0], **item.values})
            self.made[item.organisation, NEW + item.name[0]] = made.id
            return
        place = _at(item, "groups", _before(change).identity)
        self._patch(change, place, GroupView, group_of)

    def _resource(self, change: Change) -> None:
        item = change.item
        if change.verb is not Verb.ADD:
            place = _at(item, "resources", _before(change).identity)
            self._patch(change, place, ResourceView, resource_of)
            return
        at_first = {name: value for name, value in item.values.items() if name != "state"}
        made = self.api.post(_at(item, "resources"), ResourceView, {"address": item.name[0], **at_first})
        self.made[item.organisation, NEW + item.name[0]] = made.id
        if item.values.get("state", made.state.value) != made.state.value:
            self.api.send("PATCH", _at(item, "resources", made.id), {"state": item.values["state"]})

    def _members(self, step: Step) -> None:
        item = step.item
        action = "remove" if step.changes[0].verb is Verb.REMOVE else "add"
        members = [self._id(item, change.item.name[1]) for change in step.changes]
        place = _at(item, "groups", self._id(item, item.identity), "members", "bulk")
        body = {"items": [{"action": action, "member": member} for member in members]}
        done = self.api.post(place, MemberResults, body)
        refused = [each.problem for each in done.items if each.problem is not None]
        if refused:
            raise _refusal(refused[0], f" ({done.done} were done, {done.refused} refused)")

    def _permission(self, change: Change) -> None:
        item = change.item
        place = _at(item, "permissions", *(self._id(item, name) for name in item.name))
        if change.verb is Verb.REMOVE:
            self.api.send("DELETE", place)
        else:
            self.api.send("PUT", place, {"rights": item.values["rights"]})

    def _safeguards(self, change: Change) -> None:
        place = _at(change.item, "safeguards")
        if change.before is None:
            self.api.send("PATCH", place, dict(change.item.values))
        else:
            self._patch(change, place, SafeguardsView, safeguards_of)

    def _policy(self, change: Change) -> None:
        item = change.item
        document = document_of(item.values)
        if change.verb is Verb.ADD and item.name != (DEFAULT_NAME,):
            body = {"name": item.name[0], "document": document, "reason": self.manner.reason}
            self.api.send("POST", _at(item, "policies"), body)
            return
        place = _at(item, "policies", item.name[0])
        tag = self._compared(change, place, PolicyView, policy_of)
        if change.verb is Verb.REMOVE:
            self.api.send("DELETE", place, query={"reason": self.manner.reason}, headers=tag)
        else:
            self.api.send("PUT", place, document, query=self._manner(), headers=tag)

    def _assignment(self, change: Change) -> None:
        item = change.item
        target = self._id(item, item.name[2])
        body = {**assignment_of(item), "target": target, **self._manner()}
        if change.verb is Verb.REMOVE:
            self.api.send("POST", _at(item, "policy_assignments", "remove"), body)
        else:
            priority = {"priority": item.values["priority"]}
            self.api.send("PUT", _at(item, "policy_assignments"), body | priority)

    def _rules(self, step: Step) -> None:
        place = _at(step.item, "access", "rules")
        book, tag = self.api.tagged(place, RuleBookView)
        present = rules_of(book)
        for change in step.changes:
            if change.item.kind is Kind.RULE:
                before = change.before.values if change.before else None
                _require_same(before, present.get(change.item.name[0]))
        body = {"rules": rules_after(present, step), "mode": mode_of(step)}
        self.api.send("PUT", place, body, headers=_bound(tag))

    def _default(self, change: Change) -> None:
        item = change.item
        home = self.api.get(_at(item), OrganisationView)
        if change.before is not None:
            _require_same(change.before.values["default"], home.default_access.value)
        self.api.send("PUT", _at(item, "access", "default"), default_of(item))

    def _patch(
        self, change: Change, place: str, view: type[V], read: Callable[[V], Mapping[str, Any]]
    ) -> None:
        """Change the fields that differ, or take it away."""
        tag = self._compared(change, place, view, read)
        if change.verb is Verb.REMOVE:
            self.api.send("DELETE", place, headers=tag)
        else:
            wanted = {name: after for name, (_, after) in change.fields.items()}
            self.api.send("PATCH", place, wanted, headers=tag)

    def _compared(
        self, change: Change, place: str, view: type[V], read: Callable[[V], Mapping[str, Any]]
    ) -> Mapping[str, str]:
        """The headers that bind a change to what is there now: what the plan was made from, or CHANGED."""
        shown, tag = self.api.tagged(place, view)
        present, before = read(shown), change.before.values if change.before else {}
        if change.item.kind in WHOLE or change.verb is Verb.REMOVE:
            _require_same(before, present)
        else:
            _require_same(*({name: each.get(name) for name in change.fields} for each in (before, present)))
        return _bound(tag)

    def _id(self, item: Item, name: str) -> str:
        return self.made.get((item.organisation, name), name)

    def _manner(self) -> dict[str, Any]:
        return {"minutes": self.manner.minutes, "reason": self.manner.reason}


def _at(item: Item, *parts: str) -> str:
    return at("organisations", item.organisation, *parts)


def _before(change: Change) -> Item:
    if change.before is None:
        raise ValueError("what is changed is there")
    return change.before


def _bound(tag: str) -> Mapping[str, str]:
    """The header that binds a change to what has this tag; none where the API knows no tags."""
    return {"If-Match": tag} if tag else {}


def _refusal(problem: ProblemView, numbers: str) -> GatewayError:
    try:
        kind = Refusal(problem.title)
    except ValueError:
        kind = Refusal.INTERNAL
    faults = {each.field: each.fault for each in problem.errors}
    return GatewayError(kind, (problem.detail or kind.value) + numbers, faults=faults)


def _require_same(planned: Any, present: Any) -> None:
    if planned != present:
        raise GatewayError(Refusal.CHANGED, SINCE)
