"""What a plan would do, asked of the API's dry runs before anything is changed (product 4.3, 6.4, 7.5).

A dry run knows nothing of the steps before it, so what depends on something that is yet to be made is not
rehearsed; the plan says so, and the API refuses it at its step if it has to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.cli import rule_texts
from gateway.cli.api import Api, at
from gateway.cli.declared.bodies import assignment_of, default_of, document_of, mode_of, rules_after
from gateway.cli.declared.documents import ORGANISATIONS, Described
from gateway.cli.declared.resolving import NEW, Present
from gateway.cli.declared.values import Change, Fault, Item, Key, Kind, Plan, Step, Verb
from gateway.cli.policy_rehearsal import told
from gateway.endpoints.api.policy_views import RehearsalView
from gateway.endpoints.api.rule_views import ImpactView
from gateway.endpoints.api.rule_views import RehearsalView as RulesRehearsalView
from gateway.errors import GatewayError
from gateway.errors import Kind as Refusal
from gateway.records import Safeguards
from gateway.services.safeguards import loosening

LATER = "whom it touches is known when what it names has been made"
UNASSIGNED = "holds for nobody before it is assigned"
_RULES = frozenset({Kind.MODE, Kind.RULE})
_FAULTS = frozenset({Refusal.MALFORMED, Refusal.CONFLICT, Refusal.NOT_FOUND, Refusal.UNSUPPORTED})


def rehearse(
    api: Api, described: Described, presents: Mapping[str, Present], plan: Plan
) -> tuple[Plan, tuple[Fault, ...]]:
    """The plan with what the dry runs say, and what the API would refuse."""
    asked = _Rehearsal(api, described, presents)
    steps = tuple(asked.step(each, plan) for each in plan.steps)
    return replace(plan, steps=steps), tuple(asked.faults)


class _Rehearsal:
    def __init__(self, api: Api, described: Described, presents: Mapping[str, Present]) -> None:
        self._api = api
        self._presents = presents
        self._placed = {each.item.key: each for each in described.placed}
        self._asked: list[dict[str, Any]] = []
        """The rules of the last dry run, which its faults number."""
        self.faults: list[Fault] = []

    def step(self, step: Step, plan: Plan) -> Step:
        if not self._presents[step.item.organisation].there:
            return step
        try:
            return replace(step, notes=tuple(self._notes(step, plan)))
        except GatewayError as error:
            if error.kind not in _FAULTS:
                raise
            self.faults += self._faults(step, error)
            return step

    def _notes(self, step: Step, plan: Plan) -> Sequence[str]:
        change = step.changes[0]
        match step.item.kind:
            case Kind.SAFEGUARDS if change.before and change.after:
                return _loosened(change.before, change.after)
            case Kind.POLICY if change.verb is not Verb.REMOVE:
                return self._policy(change)
            case Kind.ASSIGNMENT:
                return self._assignment(change)
            case Kind.MODE | Kind.RULE:
                return self._rules(step)
            case Kind.DEFAULT:
                return self._default(change, plan)
            case _:
                return ()

    def _policy(self, change: Change) -> Sequence[str]:
        if change.verb is Verb.ADD:
            return (UNASSIGNED,)
        place = at("organisations", change.item.organisation, "policies", change.item.name[0], "rehearse")
        said = self._api.post(place, RehearsalView, document_of(change.item.values))
        return told(said).splitlines()

    def _assignment(self, change: Change) -> Sequence[str]:
        item = change.item
        policy = (item.organisation, Kind.POLICY, (item.name[0],))
        there = self._presents[item.organisation].state.items
        if policy not in there or item.name[2].startswith(NEW):
            return (LATER,)
        if item.name[1] == "domain" and (item.organisation, Kind.DOMAIN, (item.name[2],)) not in there:
            return (LATER,)
        body = assignment_of(item) | {"away": change.verb is Verb.REMOVE, "priority": item.values["priority"]}
        place = at("organisations", item.organisation, "policy_assignments", "rehearse")
        return told(self._api.post(place, RehearsalView, body)).splitlines()

    def _rules(self, step: Step) -> Sequence[str]:
        if step.changes[0].verb is Verb.REMOVE:
            return ()
        documents = self._set(step)
        new = {kind: self._new(step.item.organisation, kind) for kind in (Kind.GROUP, Kind.DOMAIN)}
        self._asked = known = [
            each
            for each in documents
            if not any(_names(each, kind.value) & names for kind, names in new.items())
        ]
        body = {"rules": known, "mode": mode_of(step)}
        place = at("organisations", step.item.organisation, "access", "rules", "rehearse")
        said = self._api.post(place, RulesRehearsalView, body, strict=len(known) == len(documents))
        later = (LATER,) if len(known) < len(documents) else ()
        return (*later, *rule_texts.rehearsal(said).splitlines())

    def _new(self, organisation: str, kind: Kind) -> set[str]:
        """Names of what is described and not there."""
        there = self._presents[organisation].state.items
        keys = [key for key in self._placed if key[:2] == (organisation, kind) and key not in there]
        return {name for _, _, (name,) in keys}

    def _set(self, step: Step) -> list[dict[str, Any]]:
        return rules_after(_rules_in(self._presents[step.item.organisation]), step)

    def _default(self, change: Change, plan: Plan) -> Sequence[str]:
        place = at("organisations", change.item.organisation, "access", "default", "rehearse")
        body = default_of(change.item)
        said = self._api.post(place, ImpactView, body)
        others = {each.item.kind for each in plan.steps if each.item.organisation == change.item.organisation}
        notes = rule_texts.impact(said).splitlines()
        if others & _RULES:
            return ("with the rules as they are now:", *notes)
        if said.admitted_before and not said.admitted_after:
            text = (
                f"All {said.admitted_before} devices that are let in now would be cut off: spare_known = true"
            )
            raise GatewayError(Refusal.CONFLICT, f"{text} spares them.")
        return notes

    def _faults(self, step: Step, error: GatewayError) -> Iterable[Fault]:
        for name, text in (error.faults or {"": error.public}).items():
            key, inner = step.item.key, name
            if step.item.kind in _RULES and name:
                identity, inner = self._rule(name)
                key = (step.item.organisation, Kind.RULE, (identity,))
            yield self._fault(key, inner, text)

    def _rule(self, name: str) -> tuple[str, str]:
        """Id of the rule that ``rules.3.conditions`` means, and the rest."""
        _, number, inner = [*name.split(".", 2), "", ""][:3]
        known = number.isdigit() and int(number) < len(self._asked)
        return (str(self._asked[int(number)]["id"]), inner) if known else ("", name)

    def _fault(self, key: Key, inner: str, text: str) -> Fault:
        if key in self._placed:
            return self._placed[key].fault(text, inner)
        alias, kind, name = key
        return Fault("", ".".join(filter(None, (ORGANISATIONS, alias, kind.value, *name, inner))), text)


def _rules_in(present: Present) -> dict[str, Mapping[str, Any]]:
    """Id to what each rule says."""
    items = present.state.items.values()
    return {item.name[0]: item.values for item in items if item.kind is Kind.RULE}


def _loosened(before: Item, after: Item) -> Sequence[str]:
    now = Safeguards(**before.values)
    loosened = loosening(now, replace(now, **after.values))
    return [f"guards less by {', '.join(loosened)}: takes safeguards:loosen"] if loosened else ()


def _names(rule: Mapping[str, Any], criterion: str) -> set[str]:
    """The groups or domains that a rule speaks of."""
    said = [each for each in rule["conditions"] if each["criterion"] == criterion]
    return {value for each in said for value in each.get("is", each.get("is_not"))}
