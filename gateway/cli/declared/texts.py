"""Plans and their outcomes, as people read them at a terminal and as programs do (product 7.5)."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.cli import rule_texts
from gateway.cli.declared.values import Change, Fault, Kind, Plan, Step, Verb
from gateway.cli.tables import cell, visible
from gateway.errors import GatewayError

NAMED = 3
"""Changes of one step that are named on one line."""

NOT_SAID = "not said"
KEPT = "left out without --prune"


def told(plan: Plan) -> str:
    """Every change with its fields, by organisation, and what the dry runs said."""
    if not plan:
        return "nothing to change"
    lines: list[str] = []
    alias = ""
    for step in plan.steps:
        if step.item.organisation != alias:
            alias = step.item.organisation
            lines.append(alias)
        lines += _step(step)
    return "\n".join([*lines, *withheld(plan), "", summary(plan)])


def withheld(plan: Plan) -> list[str]:
    """Removals that nobody has asked for, one on a line."""
    return [f"{each.item.organisation}: {_headline(each)} ({KEPT})" for each in plan.withheld]


def summary(plan: Plan) -> str:
    """Numbers."""
    counts = dict.fromkeys(Verb, 0)
    for step in plan.steps:
        for change in step.changes:
            counts[change.verb] += 1
    words = {Verb.ADD: "to add", Verb.CHANGE: "to change", Verb.REMOVE: "to remove"}
    parts = [f"{number} {words[verb]}" for verb, number in counts.items()]
    left = [f"{len(plan.withheld)} {KEPT}"] if plan.withheld else []
    return ", ".join([*parts, *left])


def headlines(step: Step) -> str:
    """A step on one line; of many changes the first ones."""
    named = [_headline(each) for each in step.changes[:NAMED]]
    more = len(step.changes) - len(named)
    return f"{step.item.organisation}: {'; '.join(named)}" + (f"; and {more} more" if more else "")


def faults(found: Sequence[Fault]) -> str:
    """One fault a line."""
    return "\n".join(visible(str(each)) for each in found)


def document(plan: Plan) -> dict[str, Any]:
    """A plan for programs."""
    return {"changes": changes(plan.steps), "withheld": [_document(each, ()) for each in plan.withheld]}


def changes(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """All changes of some steps, for programs."""
    return [_document(each, step.notes) for step in steps for each in step.changes]


def refusal(error: GatewayError) -> dict[str, Any]:
    """Why a step was refused, for programs."""
    return {"title": error.kind.value, "detail": error.public, "errors": dict(error.faults)}


def _document(change: Change, notes: Sequence[str]) -> dict[str, Any]:
    item = change.item
    return {
        "organisation": item.organisation,
        "action": change.verb.name.lower(),
        "kind": item.kind.value,
        "name": item.label,
        "fields": {
            name: {"before": before, "after": after} for name, (before, after) in change.fields.items()
        }
        if change.verb is not Verb.REMOVE
        else {},
        "notes": list(notes),
    }


def _step(step: Step) -> Iterable[str]:
    for change in step.changes:
        yield f"  {_headline(change)}"
        if change.verb is not Verb.REMOVE:
            yield from (f"      {line}" for line in _fields(change))
    yield from (f"      # {visible(note)}" for note in step.notes)


def _headline(change: Change) -> str:
    item = change.item
    version = f" (version {change.before.version})" if change.before and change.before.version else ""
    of = f" of group {visible(item.parent)}" if item.kind is Kind.MEMBER else ""
    label = f" {visible(item.label)}" if item.label else ""
    made = item.kind is Kind.ORGANISATION and change.verb is Verb.ADD
    what = "organisation" if made else item.kind.value
    return f"{change.verb.value} {what}{label}{of}{version}"


def _fields(change: Change) -> Iterable[str]:
    for name, (before, after) in change.fields.items():
        if change.verb is Verb.ADD:
            yield f"{name}: {_value(name, after)}"
        else:
            absent = change.before is None or name not in change.before.values
            gone = change.after is None or name not in change.after.values
            old = NOT_SAID if absent else _value(name, before)
            new = NOT_SAID if gone else _value(name, after)
            yield f"{name}: {old} -> {new}"


def _value(name: str, value: Any) -> str:
    if value is None:
        return "no value"
    if name == "conditions":
        return rule_texts.when({name: value})
    return cell(value) or ("nothing" if isinstance(value, list) else '""')
