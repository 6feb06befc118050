"""Access rules that mean none of the known devices (product 6.2), found without looking at each device.

Whom a rule means by name, group, domain or network the database knows; what devices report is looked at once
in each combination that there is, and rules that ask for the same are answered together.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from gateway.services.ports import Transaction
from gateway.services.standing import read_address
from mdm.criteria import Facts, fold
from mdm.rule_lint import idle
from mdm.rules import Condition, Rule, RuleSet

PEOPLE = frozenset({"user", "group", "domain"})
"""Criteria that are about the device's user."""

NETWORK = "network"

ALWAYS = frozenset({"protocol"})
"""Criteria of which a device that is known has said all by being there."""

Question = tuple[frozenset[str], frozenset[Condition]]
"""Criteria on what devices report, and the conditions that the database judges."""


def meaning_nobody(transaction: Transaction, organisation: str, rules: RuleSet) -> frozenset[str]:
    """Ids of the enabled rules that no known device fits; none as long as no device is known."""
    if next(transaction.kinds.of(organisation, ()), None) is None:
        return frozenset()
    asked: defaultdict[Question, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        question, rest = _parted(rule)
        asked[question].append(rest)
    found = (
        idle(RuleSet(alike, rules.mode), _facts(transaction, organisation, question))
        for question, alike in asked.items()
        if any(rule.enabled for rule in alike)
    )
    return frozenset().union(*found)


def _parted(rule: Rule) -> tuple[Question, Rule]:
    """What is asked of the database, and the rule without the conditions that it judges."""
    judged = frozenset(_folded(each) for each in rule.conditions if _is_judged(each))
    rest = tuple(each for each in rule.conditions if not _is_judged(each))
    criteria = frozenset(each.criterion for each in rest) - ALWAYS
    return (criteria, judged), replace(rule, conditions=rest)


def _is_judged(condition: Condition) -> bool:
    """Whether the database judges it. Of networks it takes in more than is meant (``Kinds.of``), which is no
    harm where a device has to be inside."""
    return condition.criterion in PEOPLE or (condition.criterion == NETWORK and not condition.negated)


def _folded(condition: Condition) -> Condition:
    """As names are compared: ids and addresses are kept folded."""
    return replace(condition, values=tuple(fold(value).strip() for value in condition.values))


def _facts(transaction: Transaction, organisation: str, question: Question) -> Iterator[Facts]:
    for told in transaction.kinds.of(organisation, *question):
        yield Facts(
            device_type=told.get("device_type"),
            model=told.get("model"),
            os=told.get("os"),
            user_agent=told.get("user_agent"),
            protocol_version=told.get("protocol_version"),
            network=read_address(told.get("network") or ""),
        )
