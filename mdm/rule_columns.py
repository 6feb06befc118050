"""Criteria over a whole set of rules, compiled: a value is turned into the bits of the rules that it
satisfies (product 6.2, spec/workmail-api.md 1.6; ``mdm.rules`` says why).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from mdm.criteria import Criterion, Facts, Kind, Pattern, Way, fold, read_network, read_pattern, version_in

T = TypeVar("T")


def folded(text: str) -> str:
    """A name as names are compared: neither case nor space around it matters."""
    return fold(text).strip()


@dataclass(slots=True)
class _Texts:
    """Bits of rules by pattern of a reported text, each way in a table of its own.

    Attributes:
        prefix_only: patterns are prefixes and nothing more, as WorkMail's are.
        inside: literals of globs such as ``*phone*``, which are found without taking the glob apart.
    """

    prefix_only: bool
    prefixes: dict[str, int] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    inside: dict[str, int] = field(default_factory=dict)
    globs: dict[Pattern, int] = field(default_factory=dict)
    versions: dict[Pattern, int] = field(default_factory=dict)
    none: int = 0

    def add(self, text: str, bit: int) -> None:
        pattern = read_pattern(text, prefix_only=self.prefix_only)
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

    def add(self, text: str, bit: int) -> None:
        _gain(self.named, folded(text), bit)

    def bits(self, criterion: Criterion, facts: Facts) -> int:
        found = 0
        for value in criterion.read(facts):
            found |= self.named.get(value, 0)
        return found


@dataclass(slots=True)
class _Networks:
    """Bits of rules by network: one table for each IP version and prefix length."""

    tables: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)

    def add(self, text: str, bit: int) -> None:
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


@dataclass(slots=True)
class Column:
    """One criterion over all rules: the ``is`` lists, the ``is not`` lists, and who has none.

    Attributes:
        demands, forbids: bits of the rules that have a list of this kind.
    """

    criterion: Criterion
    listed: _Table
    excluded: _Table
    demands: int = 0
    forbids: int = 0

    def require(self, values: Iterable[str], bit: int, *, negated: bool) -> None:
        """Add a condition of the rule with this bit."""
        if negated:
            self.forbids |= bit
        else:
            self.demands |= bit
        chosen = self.excluded if negated else self.listed
        for value in values:
            chosen.add(value, bit)

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


def column(criterion: Criterion, *, prefix_only: bool) -> Column:
    """One without any rule; ``prefix_only``: as ``_Texts`` has it."""
    return Column(criterion, _table(criterion.kind, prefix_only), _table(criterion.kind, prefix_only))


def _table(kind: Kind, prefix_only: bool) -> _Table:
    match kind:
        case Kind.TEXT:
            return _Texts(prefix_only)
        case Kind.NAME:
            return _Names()
        case Kind.NETWORK:
            return _Networks()
