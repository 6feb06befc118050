"""Access rules: which match a request, and what they say together (product 6, spec/workmail-api.md 1.6).

A rule matches when all its conditions hold; a rule without conditions matches everything. There is no order:
block beats quarantine beats allow, and where nothing matched the organisation's default speaks. WorkMail's
own semantics are a ``Mode`` of the same engine, so that its rules move over unchanged.

A rule set is compiled once: each rule is a bit, each criterion turns a value into the bits of the rules that
it satisfies, and the matching rules are what is left when all criteria have spoken. A thousand rules cost
some look-ups in tables and ten conjunctions, not a thousand comparisons; the bits of a value are found among
prefixes by length, so that only globs and versions are tried one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from mdm.criteria import (
    CRITERIA,
    Address,
    Criterion,
    Facts,
    Kind,
    Pattern,
    Way,
    fold,
    read_network,
    read_pattern,
    version_in,
)
from mdm.device import AccessLevel
from mdm.errors import RuleError

T = TypeVar("T")

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
            if not _name(value):
                raise ValueError("a value must not be empty")
            if criterion.choices and _name(value) not in criterion.choices:
                raise ValueError(f"there is {' and '.join(criterion.choices)} only")


def _name(text: str) -> str:
    return fold(text).strip()


@dataclass(slots=True)
class _Texts:
    """Bits of rules by pattern of a reported text, each way in a table of its own.

    Attributes:
        inside: literals of globs such as ``*phone*``, which are found without taking the glob apart.
    """

    prefixes: dict[str, int] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    inside: dict[str, int] = field(default_factory=dict)
    globs: dict[Pattern, int] = field(default_factory=dict)
    versions: dict[Pattern, int] = field(default_factory=dict)
    none: int = 0

    def add(self, text: str, bit: int, mode: Mode) -> None:
        pattern = read_pattern(text, prefix_only=mode is Mode.WORKMAIL)
        match pattern.way:
            case Way.NONE:
                self.none |= bit
            case Way.PREFIX:
                _gain(self.prefixes, pattern.text, bit)
                self.lengths = tuple(sorted({len(text) for text in self.prefixes}))
            case Way.VERSION:
                _gain(self.versions, pattern, bit)
            case Way.GLOB if pattern.literal:
                _gain(self.inside, pattern.literal, bit)
            case Way.GLOB:
                _gain(self.globs, pattern, bit)

    def bits(self, criterion: Criterion, facts: Facts) -> int:
        values = criterion.read(facts)
        if not values:
            return self.none
        value, found = values[0], 0
        for length in self.lengths:
            if length <= len(value):
                found |= self.prefixes.get(value[:length], 0)
        for literal, bits in self.inside.items():
            if literal in value:
                found |= bits
        for pattern, bits in self.globs.items():
            if pattern.matches(value):
                found |= bits
        return found | self._versions(value)

    def _versions(self, value: str) -> int:
        version = version_in(value) if self.versions else None
        found = 0
        for pattern, bits in self.versions.items():
            if pattern.holds(version):
                found |= bits
        return found


def _gain(table: dict[T, int], key: T, bit: int) -> None:
    table[key] = table.get(key, 0) | bit


@dataclass(slots=True)
class _Names:
    """Bits of rules by name."""

    named: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, bit: int, _mode: Mode) -> None:
        _gain(self.named, _name(text), bit)

    def bits(self, criterion: Criterion, facts: Facts) -> int:
        found = 0
        for value in criterion.read(facts):
            found |= self.named.get(value, 0)
        return found


@dataclass(slots=True)
class _Networks:
    """Bits of rules by network: one table for each IP version and prefix length."""

    tables: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)

    def add(self, text: str, bit: int, _mode: Mode) -> None:
        network = read_network(text)
        table = self.tables.setdefault((network.version, network.prefixlen), {})
        _gain(table, int(network.network_address), bit)

    def bits(self, _criterion: Criterion, facts: Facts) -> int:
        address = facts.network
        if address is None:
            return 0
        number, found = int(address), 0
        for (version, length), table in self.tables.items():
            if version == address.version:
                rest = address.max_prefixlen - length
                found |= table.get(number >> rest << rest, 0)
        return found


_Table = _Texts | _Names | _Networks
_TABLES: Mapping[Kind, type[_Table]] = {Kind.TEXT: _Texts, Kind.NAME: _Names, Kind.NETWORK: _Networks}


@dataclass(slots=True)
class _Column:
    """One criterion over all rules: the ``is`` lists, the ``is not`` lists, and who has none."""

    criterion: Criterion
    listed: _Table
    excluded: _Table
    demands: int = 0
    forbids: int = 0

    def satisfied(self, facts: Facts, everything: int) -> int:
        """Bits of the rules whose conditions on this criterion hold."""
        good = everything
        if self.demands:
            good &= ~self.demands | self.listed.bits(self.criterion, facts)
        if self.forbids:
            unknown = self.forbids if self._unreported(facts) else 0
            good &= ~(self.forbids & (self.excluded.bits(self.criterion, facts) | unknown))
        return good

    def _unreported(self, facts: Facts) -> bool:
        """An ``is not`` list never holds for what is not known (spec/workmail-api.md 1.6)."""
        if self.criterion.kind is Kind.NETWORK:
            return facts.network is None
        return self.criterion.kind is Kind.TEXT and not self.criterion.read(facts)


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
        for column in self._columns:
            matched &= column.satisfied(facts, self._everything)
        return matched

    def _of(self, bits: int) -> Iterable[Rule]:
        while bits:
            lowest = bits & -bits
            yield self._enabled[lowest.bit_length() - 1]
            bits ^= lowest

    def _compiled(self) -> tuple[_Column, ...]:
        columns: dict[str, _Column] = {}
        for place, rule in enumerate(self._enabled):
            _require(columns, rule, 1 << place, self.mode)
        return tuple(columns.values())


def _require(columns: dict[str, _Column], rule: Rule, bit: int, mode: Mode) -> None:
    for condition in rule.conditions:
        criterion = CRITERIA[condition.criterion]
        column = columns.get(criterion.name)
        if column is None:
            table = _TABLES[criterion.kind]
            column = columns[criterion.name] = _Column(criterion, table(), table())
        if condition.negated:
            column.forbids |= bit
        else:
            column.demands |= bit
        chosen = column.excluded if condition.negated else column.listed
        for value in condition.values:
            chosen.add(value, bit, mode)


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
        same = not {_name(value) for value in condition.values}.isdisjoint(reported)
        return Trial(condition, reported, same is not condition.negated)
    patterns = [read_pattern(value, prefix_only=mode is Mode.WORKMAIL) for value in condition.values]
    found = any(pattern.matches(reported[0] if reported else None) for pattern in patterns)
    return Trial(condition, reported, bool(reported) and not found if condition.negated else found)


def _tried_network(condition: Condition, address: Address | None) -> Trial:
    if address is None:
        return Trial(condition, (), holds=False)
    inside = any(address in read_network(value) for value in condition.values)
    return Trial(condition, (str(address),), inside is not condition.negated)
