"""The effective policy of a device: documents laid over one another, field by field (product 4.2).

Each named policy says only what its author set. From the least to the most specific, a later document wins
for every setting and switch that it names and leaves the others alone, so a department can ask for a longer
password without repeating the rest. The origin of each value is kept, since "why does my phone want that?" is
what administrators are asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from mdm.policy import SETTINGS, SWITCHES, Policy, Value

REFRESH = "refresh_hours"


class Reach(IntEnum):
    """Whom an assignment means, from the least to the most specific; the most specific wins (product 4.2)."""

    ORGANISATION = 0
    DOMAIN = 1
    GROUP = 2
    USER = 3
    DEVICE = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """A policy as it is assigned to somebody.

    Attributes:
        target: whom: domain, group id, user id or device; empty for the organisation.
        policy: name of the policy; version: which of its versions.
        priority: among layers of the same reach the higher one wins; equal ones by name, the later wins.
        document: what the policy says, JSON values as ``Policy.from_document`` reads them.
    """

    reach: Reach
    target: str
    policy: str
    version: int
    document: Mapping[str, Any]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Effective:
    """What a device is asked for, and why.

    Attributes:
        origins: setting or switch name to the layer that decided it; a name that is missing has its default.
        layers: all that were laid, the least specific first.
    """

    policy: Policy
    origins: Mapping[str, Layer]
    layers: tuple[Layer, ...]

    @property
    def names(self) -> str:
        """The policies that take part, as ``name@version``, the most specific first."""
        return " over ".join(f"{layer.policy}@{layer.version}" for layer in reversed(self.layers))

    def value(self, name: str) -> tuple[Value, Layer | None]:
        """The value of a setting in force, and the layer that set it, None for the built-in default."""
        return self.policy.value(name), self.origins.get(name)


def lay(layers: Iterable[Layer]) -> Effective:
    """Lay documents over one another.

    Raises:
        PolicyError: the sum is no policy, although each document may be one.
    """
    ordered = tuple(sorted(layers, key=lambda layer: (layer.reach, layer.priority, layer.policy)))
    settings: dict[str, Any] = {}
    switches: dict[str, Any] = {}
    origins: dict[str, Layer] = {}
    for layer in ordered:
        said = said_by(layer.document)
        origins.update(dict.fromkeys(said, layer))
        for name, value in said.items():
            (switches if name in (*SWITCHES, REFRESH) else settings)[name] = value
    policy = Policy.from_document({"settings": settings, **switches})
    return Effective(policy, MappingProxyType(origins), ordered)


def said_by(document: Mapping[str, Any]) -> dict[str, Any]:
    """The settings and switches that a document names, in one flat table."""
    settings = document.get("settings", {})
    return {**settings, **{name: value for name, value in document.items() if name != "settings"}}


def partial(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document checked and in its canonical form, with no more in it than was said.

    Raises:
        PolicyError: naming every unknown key and every wrong value at once.
    """
    full = Policy.from_document(document).to_document()
    named = {name: full[name] for name in (*SWITCHES, REFRESH) if name in document}
    return {"settings": full["settings"], **named}


def compare(before: Policy, after: Policy) -> Mapping[str, tuple[Value, Value]]:
    """Settings and switches whose value in force differs, with both values, in schema order."""
    pairs = [(setting.name, before.value(setting.name), after.value(setting.name)) for setting in SETTINGS]
    pairs += [(name, getattr(before, name), getattr(after, name)) for name in (*SWITCHES, REFRESH)]
    return MappingProxyType({name: (old, new) for name, old, new in pairs if old != new})
