"""Rules as JSON: what is written is read back, and every wrong member is named."""

import json
from typing import Any

import pytest
from hypothesis import given

from mdm.device import AccessLevel
from mdm.errors import RuleError
from mdm.rule_documents import from_document, to_document
from mdm.rules import Condition, Mode, Rule
from tests.mdm.test_rules import rule_lists

GOOD: dict[str, Any] = {
    "id": "r1",
    "name": "old phones",
    "effect": "block",
    "conditions": [{"criterion": "os", "is": ["<16"]}, {"criterion": "user", "is_not": ["ann@example.org"]}],
}


def test_a_document_is_a_rule() -> None:
    assert from_document(GOOD) == Rule(
        "r1",
        "old phones",
        AccessLevel.BLOCK,
        (Condition("os", ("<16",)), Condition("user", ("ann@example.org",), negated=True)),
    )


@given(rule_lists(Mode.USHER))
def test_what_is_written_is_read_back(rules: list[Rule]) -> None:
    for rule in rules:
        assert from_document(json.loads(json.dumps(dict(to_document(rule))))) == rule


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"effect": "maybe"}, "effect"),
        ({"name": 3}, "name"),
        ({"enabled": "yes"}, "enabled"),
        ({"conditions": {}}, "conditions"),
        ({"conditions": ["os"]}, "conditions.0"),
        ({"conditions": [{"criterion": "os"}]}, "conditions.0"),
        ({"conditions": [{"criterion": "os", "is": ["a"], "is_not": ["b"]}]}, "conditions.0"),
        ({"conditions": [{"criterion": "os", "is": ["a"], "more": 1}]}, "conditions.0"),
        ({"conditions": [{"criterion": "os", "is": "a"}]}, "conditions.0.values"),
        ({"conditions": [{"criterion": "os", "is": [1]}]}, "conditions.0.values"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, Any], place: str) -> None:
    with pytest.raises(RuleError) as caught:
        from_document({**GOOD, **change})
    assert set(caught.value.faults) == {place}
