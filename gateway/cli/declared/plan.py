"""From what is there to what is described (product 7.5).

What is made comes before what refers to it, removals come last and the other way round, so that at every
moment in between no more is taken away than the end takes away.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from gateway.cli.declared.values import ORDER, Change, Item, Key, Kind, Plan, State, Step, Verb
from gateway.endpoints.api.bulk import BULK_LIMIT
from gateway.services.effective import DEFAULT_NAME

_RULES = frozenset({Kind.MODE, Kind.RULE})
"""Kinds of which the API keeps one version together."""


def plan(desired: State, present: State, *, prune: bool = False) -> Plan:
    """What has to be done; removals only with ``prune``."""
    wanted = [Change(present.items.get(key), item) for key, item in desired.items.items()]
    changes = [each for each in wanted if each.before is None or each.fields]
    aliases = list(dict.fromkeys(alias for alias, _, _ in (*desired.items, *present.items)))
    ordered = sorted(changes, key=lambda each: _place(aliases, each))
    last = sorted(_removals(desired, present), key=lambda each: _place(aliases, each), reverse=True)
    if not prune:
        return Plan(tuple(_steps(ordered)), tuple(last))
    return Plan((*_steps(ordered), *_steps(last)))


def _place(organisations: Sequence[str], change: Change) -> tuple[int, int]:
    return organisations.index(change.item.organisation), ORDER[change.item.kind]


def _removals(desired: State, present: State) -> list[Change]:
    gone = {key: item for key, item in present.items.items() if _is_gone(key, item, desired)}
    policies = {(item.organisation, item.name[0]) for item in gone.values() if item.kind is Kind.POLICY}
    gone |= {
        key: item
        for key, item in present.items.items()
        if item.kind is Kind.ASSIGNMENT and (item.organisation, item.parent) in policies
    }
    return [Change(item, None) for item in gone.values()]


def _is_gone(key: Key, item: Item, desired: State) -> bool:
    if item.kind is Kind.POLICY and item.name == (DEFAULT_NAME,):
        return False
    return key not in desired.items and (item.organisation, item.kind, item.parent) in desired.whole


def _steps(changes: Iterable[Change]) -> Iterable[Step]:
    """One step a change, but one for an organisation's rules, and few for a group's members."""
    for shared, several in groupby(changes, key=_shared):
        found = tuple(several)
        size = 1 if shared is None else len(found) if shared[0] is Kind.RULE else BULK_LIMIT
        yield from (Step(found[start : start + size]) for start in range(0, len(found), size))


def _shared(change: Change) -> tuple[Kind, str, str, bool] | None:
    """What the changes of one step have in common; None for what is a step alone."""
    item, gone = change.item, change.verb is Verb.REMOVE
    if item.kind in _RULES:
        return (Kind.RULE, item.organisation, "", gone)
    return (Kind.MEMBER, item.organisation, item.parent, gone) if item.kind is Kind.MEMBER else None
