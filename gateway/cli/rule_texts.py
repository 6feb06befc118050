"""Access rules, impacts and decisions as text for people at a terminal (product 6.4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.cli.tables import cell, table
from gateway.endpoints.api.rule_views import (
    AnswerView,
    DecisionView,
    ImpactView,
    LintView,
    RehearsalView,
    SavedView,
    TraceView,
    TrialView,
)

HEADINGS = ("ID", "NAME", "EFFECT", "ENABLED", "WHEN")
NAMED = 20
"""Devices that are named on the terminal; ``--json`` has more."""


def rules(documents: Sequence[Mapping[str, Any]]) -> str:
    """One rule a line."""
    if not documents:
        return "no rules"
    return table(
        HEADINGS,
        ((each["id"], each["name"], each["effect"], each["enabled"], when(each)) for each in documents),
    )


def when(document: Mapping[str, Any]) -> str:
    """The conditions of a rule in words."""
    told = [_condition(each) for each in document["conditions"]]
    return " and ".join(told) or "always"


def saved(done: SavedView) -> str:
    """What a change came to."""
    lines = [f"version {done.book.version} is in force, {len(done.book.rules)} rules"]
    return "\n".join([*lines, *_cut_off(done.impact), *lints(done.lints)])


def rehearsal(told: RehearsalView) -> str:
    """What a whole set would do, and what is suspicious about it."""
    return "\n".join([impact(told.impact), *lints(told.lints)])


def impact(told: ImpactView) -> str:
    """What a change would do, in numbers, by family and by name."""
    seen = "" if told.all_seen else " (of those that were looked at)"
    now, then = told.admitted_before, told.admitted_after
    head = f"{told.devices} known devices{seen}: {now} are let in now, {then} would be"
    let_in = [f"let in: {number} x {family}" for family, number in _most(told.let_in)]
    return "\n".join([head, *_cut_off(told), *let_in])


def lints(found: Iterable[LintView]) -> list[str]:
    """One finding a line."""
    return [
        f"{each.rule or 'the whole set'}: {each.text}{f' ({each.other})' if each.other else ''}"
        for each in found
    ]


def decision(told: DecisionView) -> str:
    """Who was asked, what each said, and every rule with every condition."""
    head = [f"{told.answer.level.value}: {told.answer.reason}"]
    if told.outranked:
        head.append(f"but {told.outranked}")
    return "\n".join([*head, "", *_instances(told), "", *_traces(told.rules)])


def _instances(told: DecisionView) -> Iterable[str]:
    decided = False
    for each in told.instances:
        name, said = each.name, each.says
        mark = "=>" if said is not None and not decided else "  "
        decided = decided or said is not None
        yield f"{mark} {name}: {_said(said)}"


def _said(said: AnswerView | None) -> str:
    if said is None:
        return "says nothing"
    until = f", until {cell(said.until)}" if said.until else ""
    return f"{said.level.value}, {said.reason}{until}"


def _traces(traces: Sequence[TraceView]) -> Iterable[str]:
    for trace in traces:
        state = "matches" if trace.matched else "does not match" if trace.enabled else "is disabled"
        yield f"rule {trace.id} ({trace.effect.value}) {state}"
        yield from (f"    {_trial(trial)}" for trial in trace.trials)


def _trial(trial: TrialView) -> str:
    reported = cell(trial.reported) if trial.reported else "nothing"
    way = "is not" if trial.negated else "is"
    holds = "holds" if trial.holds else "fails"
    return f"{holds}: {trial.criterion} {way} {cell(trial.values)}; it is {reported}"


def _condition(each: Mapping[str, Any]) -> str:
    way = "is" if "is" in each else "is_not"
    return f"{each['criterion']} {way.replace('_', ' ')} {cell(each[way])}"


def _cut_off(told: ImpactView) -> list[str]:
    families = [f"cut off: {number} x {family}" for family, number in _most(told.cut_off)]
    names = [f"  {each.address} {each.device_id}: {each.after.value}" for each in told.named[:NAMED]]
    more = sum(told.cut_off.values()) - len(names)
    return [*families, *names, *([f"  and {more} more"] if more > 0 else [])]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: -each[1])
