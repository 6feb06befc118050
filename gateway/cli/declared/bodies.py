"""Items as the API takes them in its requests."""

from collections.abc import Mapping
from typing import Any

from gateway.cli.declared.values import Item, Kind, Step
from mdm.layers import REFRESH
from mdm.policy import SWITCHES

BESIDE_SETTINGS = (*SWITCHES, REFRESH)
"""Keys of a policy document that are no settings."""


def document_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as the API takes it, of its flat table."""
    settings = {name: value for name, value in values.items() if name not in BESIDE_SETTINGS}
    return {"settings": settings, **{name: values[name] for name in BESIDE_SETTINGS if name in values}}


def assignment_of(item: Item) -> dict[str, Any]:
    """An assignment as the API takes it, without its priority."""
    policy, reach, target, device = item.name
    return {"policy": policy, "reach": reach, "target": target, "device_id": device}


def default_of(item: Item) -> dict[str, Any]:
    """Another default as the API takes it."""
    return {"level": item.values["default"], "spare_known": item.values.get("spare_known", False)}


def mode_of(step: Step) -> str | None:
    """The mode that a step brings, None for the present one."""
    modes = [each.item.values["mode"] for each in step.changes if each.item.kind is Kind.MODE]
    return str(modes[0]) if modes else None


def rules_after(present: Mapping[str, Mapping[str, Any]], step: Step) -> list[dict[str, Any]]:
    """The whole set that a step brings, as the API takes it: what stays keeps its place.

    Args:
        present: id to what each rule says.
    """
    rules = {change.item.name[0]: change.after for change in step.changes if change.item.kind is Kind.RULE}
    kept = {identity: values for identity, values in present.items() if rules.get(identity, True)}
    new = {identity: item.values for identity, item in rules.items() if item is not None}
    return [{"id": identity, **values} for identity, values in (kept | new).items()]
