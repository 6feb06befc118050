"""Access rules that mean none of the known devices (product 6.2), found without looking at each device.

Whom a rule means by name, group, domain or network the database knows; what devices report is looked at once
in each combination that there is, and rules that ask for the same are answered together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

Criteria = frozenset[str]
"""Names of criteria on what devices report."""

Judged = frozenset[Condition]
"""Conditions that the database judges."""


def meaning_nobody(transaction: Transaction, organisation: str, rules: RuleSet) -> frozenset[str]:
    """Ids of the enabled rules that no known device fits; none as long as no device is known."""
    if next(transaction.kinds.of(organisation, ()), None) is None:
        return frozenset()
    found = (
        idle(RuleSet(alike, rules.mode), _facts(transaction, organisation, criteria, judged))
        for judged, answers in _questions(rule for rule in rules.rules if rule.enabled).items()
        for criteria, alike in answers.items()
    )
    return frozenset().union(*found)


def _questions(rules: Iterable[Rule]) -> Mapping[Judged, Mapping[Criteria, Sequence[Rule]]]:
    """What has to be asked, the widest first: who asks for less of the same devices is answered with it."""
    asked: defaultdict[Judged, dict[Criteria, list[Rule]]] = defaultdict(dict)
    parted = sorted(map(_parted, rules), key=lambda each: len(each[1]), reverse=True)
    for judged, criteria, rest in parted:
        wide = next((each for each in asked[judged] if each >= criteria), criteria)
        asked[judged].setdefault(wide, []).append(rest)
    return asked


def _parted(rule: Rule) -> tuple[Judged, Criteria, Rule]:
    """What is asked of the database, and the rule without the conditions that it judges."""
    judged = frozenset(_folded(each) for each in rule.conditions if _is_judged(each))
    rest = tuple(each for each in rule.conditions if not _is_judged(each))
    criteria = frozenset(each.criterion for each in rest) - ALWAYS
    return judged, criteria, replace(rule, conditions=rest)


def _is_judged(condition: Condition) -> bool:
    """Whether the database judges it. Of networks it takes in more than is meant (``Kinds.of``), which is no
    harm where a device has to be inside."""
    return condition.criterion in PEOPLE or (condition.criterion == NETWORK and not condition.negated)


def _folded(condition: Condition) -> Condition:
    """As names are compared: ids and addresses are kept folded."""
    return replace(condition, values=tuple(fold(value).strip() for value in condition.values))


def _facts(
    transaction: Transaction, organisation: str, criteria: Criteria, judged: Judged
) -> Iterator[Facts]:
    for told in transaction.kinds.of(organisation, criteria, judged):
        yield Facts(
            device_type=told.get("device_type"),
            model=told.get("model"),
            os=told.get("os"),
            user_agent=told.get("user_agent"),
            protocol_version=told.get("protocol_version"),
            network=read_address(told.get("network") or ""),
        )
