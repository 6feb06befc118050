"""One version of a rule set: the forms that a rule may have, and times that stay with what stays."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.services.rule_books import DESCRIPTION_LIMIT, read_rule
from tests.support.world import ADMIN, World

PLAIN: dict[str, Any] = {"name": "x", "effect": "block", "conditions": []}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"description": "x" * (DESCRIPTION_LIMIT + 1)}, "description"),
        ({"effect": None}, "effect"),
        ({"conditions": 7}, "conditions"),
    ],
)
def test_a_fault_is_named_by_its_place(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_rule({**PLAIN, **wrong})
    assert place in caught.value.faults


def test_what_stays_keeps_its_times(world: World) -> None:
    world.organisation()
    first = {"name": "First", "effect": "block", "conditions": [{"criterion": "os", "is": ["a"]}]}
    world.rules.create(ADMIN, "acme", first)
    before = world.rules.book("acme").rules[0]
    world.clock.pass_by(hours=1)
    world.rules.create(ADMIN, "acme", {**first, "name": "Second"})
    kept, new = world.rules.book("acme").rules
    assert kept == before
    assert new["created_at"] > kept["created_at"]
