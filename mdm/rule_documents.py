"""Rules as JSON values, for API, files and store: the one reader and the one writer (product 6.2).

``{"id": "r1", "name": "old phones", "effect": "block", "conditions": [{"criterion": "os", "is": ["<16"]}]}``
"""

from collections.abc import Mapping
from types import MappingProxyType

from mdm.device import AccessLevel
from mdm.errors import RuleError
from mdm.rules import Condition, Rule

MEMBERS = frozenset({"id", "name", "description", "effect", "conditions", "enabled"})


def from_document(document: Mapping[str, object]) -> Rule:
    """A rule as JSON gave it.

    Raises:
        RuleError: every wrong member at once.
    """
    faults: dict[str, str] = {}
    effect = _effect(document.get("effect"), faults)
    conditions = _conditions(document.get("conditions", []), faults)
    texts = {name: document.get(name, "") for name in ("id", "name", "description")}
    faults.update({name: "must be a text" for name, value in texts.items() if not isinstance(value, str)})
    enabled = document.get("enabled", True)
    if not isinstance(enabled, bool):
        faults["enabled"] = "must be true or false"
    unknown = set(document) - MEMBERS
    faults.update(dict.fromkeys(sorted(unknown), "there is no such member"))
    if faults or effect is None:
        raise RuleError(faults)
    identity, name, description = (str(texts[key]) for key in ("id", "name", "description"))
    return Rule(identity, name, effect, conditions, description, bool(enabled))


def to_document(rule: Rule) -> Mapping[str, object]:
    """A rule as JSON values; ``from_document`` reads it back."""
    conditions = [
        {"criterion": condition.criterion, "is_not" if condition.negated else "is": list(condition.values)}
        for condition in rule.conditions
    ]
    return MappingProxyType(
        {
            "id": rule.id,
            "name": rule.name,
            "description": rule.description,
            "effect": rule.effect.value,
            "conditions": conditions,
            "enabled": rule.enabled,
        }
    )


def _effect(value: object, faults: dict[str, str]) -> AccessLevel | None:
    try:
        return AccessLevel(value)
    except ValueError:
        faults["effect"] = "must be one of " + ", ".join(level.value for level in AccessLevel)
        return None


def _conditions(value: object, faults: dict[str, str]) -> tuple[Condition, ...]:
    if not isinstance(value, list):
        faults["conditions"] = "must be a list"
        return ()
    read = [_condition(item, f"conditions.{number}", faults) for number, item in enumerate(value)]
    return tuple(condition for condition in read if condition is not None)


def _condition(item: object, place: str, faults: dict[str, str]) -> Condition | None:
    """``{"criterion": …, "is": […]}`` or ``{"criterion": …, "is_not": […]}``."""
    lists = [name for name in ("is", "is_not") if isinstance(item, dict) and name in item]
    if not isinstance(item, dict) or len(lists) != 1 or set(item) != {"criterion", *lists}:
        faults[place] = "must have criterion, and either is or is_not"
        return None
    values = item[lists[0]]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        faults[f"{place}.values"] = "must be a list of texts"
        return None
    return Condition(str(item["criterion"]), tuple(values), lists[0] == "is_not")
