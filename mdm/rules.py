"""Access rules: which match a request, and what they say together (product 6, spec/workmail-api.md 1.6).

A rule matches when all its conditions hold; a rule without conditions matches everything. There is no order:
block beats quarantine beats allow, and where nothing matched the organisation's default speaks. WorkMail's
own semantics are a ``Mode`` of the same engine, so that its rules move over unchanged.

A rule set is compiled once: each rule is a bit, each criterion turns a value into the bits of the rules that
it satisfies, and the matching rules are what is left when all criteria have spoken. A thousand rules cost
some look-ups in tables and ten conjunctions, not a thousand comparisons; the bits of a value are found among
prefixes by length, so that only globs and versions are tried one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from mdm.criteria import (
    CRITERIA,
    Address,
    Criterion,
    Facts,
    Kind,
    read_network,
    read_pattern,
)
from mdm.device import AccessLevel
from mdm.errors import RuleError
from mdm.rule_columns import Column, column, folded

RULES_LIMIT = 1000
"""Rules of one organisation: what ``bench/rules.py`` holds within 200 us."""

VALUES_LIMIT = 100
"""Values of one list; WorkMail's own limit is 10."""

WORKMAIL_VALUES_LIMIT = 10
WORKMAIL_CRITERIA = frozenset({"device_type", "model", "os", "user_agent"})

_STRICTEST_FIRST = (AccessLevel.BLOCK, AccessLevel.QUARANTINE, AccessLevel.ALLOW)


class Mode(Enum):
    """Whose semantics the patterns and the default follow."""

    USHER = "usher"
    WORKMAIL = "workmail"


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a rule: the value is one of these, or with ``negated`` none of them.

    Attributes:
        criterion: name in ``CRITERIA``.
        values: texts as an administrator wrote them.
    """

    criterion: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One access rule."""

    id: str
    name: str
    effect: AccessLevel
    conditions: tuple[Condition, ...] = ()
    description: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say together.

    Attributes:
        level: None where no rule matched: the default decides.
        decisive: the rules that gave ``level``, by id; those that matched but were outweighed are not here.
    """

    level: AccessLevel | None
    decisive: tuple[str, ...] = ()


NOTHING = Outcome(None)


@dataclass(frozen=True, slots=True)
class Trial:
    """One condition as it went, for the decision trace (product 6.4)."""

    condition: Condition
    reported: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """One rule as it went; ``matched`` only when it is enabled and every trial holds."""

    rule: Rule
    trials: tuple[Trial, ...]
    matched: bool


def check(rule: Rule, mode: Mode = Mode.USHER) -> None:
    """Whether a rule can be compiled.

    Raises:
        RuleError: every wrong place at once, named ``conditions.<n>.<part>``.
    """
    faults: dict[str, str] = {}
    seen: set[tuple[str, bool]] = set()
    for number, condition in enumerate(rule.conditions):
        for part, fault in _faults(condition, mode):
            faults.setdefault(f"conditions.{number}.{part}", fault)
        if (condition.criterion, condition.negated) in seen:
            faults[f"conditions.{number}.criterion"] = "stands twice: put the values into one list"
        seen.add((condition.criterion, condition.negated))
    if mode is Mode.WORKMAIL and rule.effect is AccessLevel.QUARANTINE:
        faults["effect"] = "WorkMail's rules allow or block"
    if faults:
        raise RuleError(faults)


def _faults(condition: Condition, mode: Mode) -> Iterable[tuple[str, str]]:
    criterion = CRITERIA.get(condition.criterion)
    if criterion is None:
        yield "criterion", f"there is no {condition.criterion!r}; there are {', '.join(CRITERIA)}"
        return
    if mode is Mode.WORKMAIL and criterion.name not in WORKMAIL_CRITERIA:
        yield "criterion", f"WorkMail's rules test {', '.join(sorted(WORKMAIL_CRITERIA))} only"
    limit = WORKMAIL_VALUES_LIMIT if mode is Mode.WORKMAIL else VALUES_LIMIT
    if not 0 < len(condition.values) <= limit:
        yield "values", f"a list has 1 to {limit} values"
    for value in condition.values:
        try:
            _require_readable(criterion, value, mode)
        except ValueError as error:
            yield "values", str(error)


def _require_readable(criterion: Criterion, value: str, mode: Mode) -> None:
    match criterion.kind:
        case Kind.NETWORK:
            read_network(value)
        case Kind.TEXT:
            read_pattern(value, prefix_only=mode is Mode.WORKMAIL)
        case Kind.NAME:
            if not folded(value):
                raise ValueError("a value must not be empty")
            if criterion.choices and folded(value) not in criterion.choices:
                raise ValueError(f"there is {' and '.join(criterion.choices)} only")


class RuleSet:
    """The enabled rules of one organisation, compiled; immutable and shared by all requests."""

    def __init__(self, rules: Sequence[Rule], mode: Mode = Mode.USHER) -> None:
        """Raises RuleError as ``check`` does."""
        for rule in rules:
            check(rule, mode)
        self.rules = tuple(rules)
        self.mode = mode
        self._enabled = [rule for rule in rules if rule.enabled]
        self._everything = (1 << len(self._enabled)) - 1
        self._columns = self._compiled()
        self._by_effect = tuple(
            (level, sum(1 << place for place, rule in enumerate(self._enabled) if rule.effect is level))
            for level in _STRICTEST_FIRST
        )

    @property
    def by_network(self) -> bool:
        """Whether any rule asks for the source address, so that an answer holds for one address only."""
        return any(column.criterion.kind is Kind.NETWORK for column in self._columns)

    @property
    def criteria(self) -> frozenset[str]:
        """Names of what the enabled rules ask for: an answer holds while these facts do."""
        return frozenset(column.criterion.name for column in self._columns)

    def naming(self, criterion: str) -> "RuleSet":
        """The rules that have a condition on a criterion, by themselves."""
        named = [rule for rule in self.rules if any(each.criterion == criterion for each in rule.conditions)]
        return RuleSet(named, self.mode)

    def ask(self, facts: Facts) -> Outcome:
        """What the rules say of these facts."""
        matched = self._matched(facts)
        for level, bits in self._by_effect:
            decisive = matched & bits
            if decisive:
                return Outcome(level, tuple(rule.id for rule in self._of(decisive)))
        return NOTHING

    def matching(self, facts: Facts) -> frozenset[str]:
        """Ids of all enabled rules that match, those that are outweighed too."""
        return frozenset(rule.id for rule in self._of(self._matched(facts)))

    def explain(self, facts: Facts) -> tuple[Trace, ...]:
        """Every rule as it went, in the order in which they were given; slow and for people."""
        return tuple(_traced(rule, facts, self.mode) for rule in self.rules)

    def _matched(self, facts: Facts) -> int:
        matched = self._everything
        for each in self._columns:
            matched &= each.satisfied(facts, self._everything)
        return matched

    def _of(self, bits: int) -> Iterable[Rule]:
        while bits:
            lowest = bits & -bits
            yield self._enabled[lowest.bit_length() - 1]
            bits ^= lowest

    def _compiled(self) -> tuple[Column, ...]:
        columns: dict[str, Column] = {}
        for place, rule in enumerate(self._enabled):
            _require(columns, rule, 1 << place, self.mode)
        return tuple(columns.values())


def _require(columns: dict[str, Column], rule: Rule, bit: int, mode: Mode) -> None:
    for condition in rule.conditions:
        criterion = CRITERIA[condition.criterion]
        if criterion.name not in columns:
            columns[criterion.name] = column(criterion, prefix_only=mode is Mode.WORKMAIL)
        columns[criterion.name].require(condition.values, bit, negated=condition.negated)


def _traced(rule: Rule, facts: Facts, mode: Mode) -> Trace:
    trials = tuple(_tried(condition, facts, mode) for condition in rule.conditions)
    return Trace(rule, trials, rule.enabled and all(trial.holds for trial in trials))


def _tried(condition: Condition, facts: Facts, mode: Mode) -> Trial:
    """One condition by itself, without the tables: the trace is also what the tables are tested against."""
    criterion = CRITERIA[condition.criterion]
    if criterion.kind is Kind.NETWORK:
        return _tried_network(condition, facts.network)
    reported = criterion.read(facts)
    if criterion.kind is Kind.NAME:
        same = not {folded(value) for value in condition.values}.isdisjoint(reported)
        return Trial(condition, reported, same is not condition.negated)
    patterns = [read_pattern(value, prefix_only=mode is Mode.WORKMAIL) for value in condition.values]
    found = any(pattern.matches(reported[0] if reported else None) for pattern in patterns)
    return Trial(condition, reported, bool(reported) and not found if condition.negated else found)


def _tried_network(condition: Condition, address: Address | None) -> Trial:
    if address is None:
        return Trial(condition, (), holds=False)
    inside = any(address in read_network(value) for value in condition.values)
    return Trial(condition, (str(address),), inside is not condition.negated)
