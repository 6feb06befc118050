"""Rules that mean none of the known devices; ``tests/contract/test_idle_rules.py`` holds them against the
engine."""

from gateway.services.idle_rules import meaning_nobody
from mdm.device import AccessLevel
from mdm.rules import Condition, Rule, RuleSet
from tests.support.stores import ACME
from tests.support.world import World


def test_nothing_is_said_while_nobody_is_known_nor_of_a_rule_that_is_off(world: World) -> None:
    home = world.organisation()
    tizen = (Condition("os", ("Tizen",)),)
    rules = RuleSet(
        [
            Rule("on", "on", AccessLevel.BLOCK, tizen),
            Rule("off", "off", AccessLevel.BLOCK, tizen, enabled=False),
            Rule("all", "all", AccessLevel.ALLOW),
        ]
    )
    with world.store.read() as transaction:
        assert meaning_nobody(transaction, home.id, rules) == frozenset()
    world.phone(world.user())
    with world.store.read() as transaction:
        assert meaning_nobody(transaction, home.id, rules) == {"on"}
        assert meaning_nobody(transaction, ACME.id, rules) == frozenset(), "another one's"
