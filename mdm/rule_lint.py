"""What is suspicious about a set of access rules before it is put in force (product 6, T32).

Containment is judged from the patterns alone and never guessed: where one pattern cannot be shown to lie
within another, nothing is said. So a warning is always right, and silence proves nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from mdm.criteria import CRITERIA, Facts, Kind, Network, Pattern, Way, read_network, read_pattern
from mdm.device import AccessLevel
from mdm.rule_columns import folded
from mdm.rules import Condition, Mode, Rule, RuleSet

_STRICTNESS = {AccessLevel.ALLOW: 0, AccessLevel.QUARANTINE: 1, AccessLevel.BLOCK: 2}


class Finding(Enum):
    """What a lint can say."""

    NEVER_MATCHES = "it can never match: what it asks for is what it excludes"
    SHADOWED = "another rule always outweighs it"
    REDUNDANT = "another rule with the same answer matches whenever it does"
    LOCKS_OUT_EVERYONE = "it stops every device"
    ADMITS_EVERYONE = "it lets every device in, so the default never speaks"
    NOBODY_ADMITTED = "no rule allows anything, and the default does not either"
    MATCHES_NO_KNOWN_DEVICE = "none of the known devices is meant"


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding.

    Attributes:
        rule: id of the rule, empty for the set as a whole.
        other: id of the rule that shadows it, where there is one.
    """

    finding: Finding
    rule: str = ""
    other: str = ""


def lint(
    rules: RuleSet,
    default: AccessLevel,
    *,
    about: Collection[str] | None = None,
) -> tuple[Lint, ...]:
    """Look a rule set over.

    Args:
        default: the organisation's answer where no rule matches; WorkMail's mode has its own, block.
        about: ids of the rules that changed: pairs without one of them are not compared, for a thousand rules
            make a million pairs. None compares all.
    """
    enabled = [rule for rule in rules.rules if rule.enabled]
    otherwise = AccessLevel.BLOCK if rules.mode is Mode.WORKMAIL else default
    return (
        *_alone(enabled, rules.mode),
        *_in_company(enabled, rules.mode, about),
        *_as_a_whole(enabled, otherwise),
    )


def idle(rules: RuleSet, known: Iterable[Facts]) -> frozenset[str]:
    """Ids of the enabled rules that match none of these facts; they are read as far as there is a question
    left."""
    left = frozenset(rule.id for rule in rules.rules if rule.enabled)
    for facts in known:
        left -= rules.matching(facts)
        if not left:
            break
    return left


def _alone(enabled: Iterable[Rule], mode: Mode) -> Iterator[Lint]:
    for rule in enabled:
        if any(_contradicts(rule, condition, mode) for condition in rule.conditions):
            yield Lint(Finding.NEVER_MATCHES, rule.id)


def _contradicts(rule: Rule, wanted: Condition, mode: Mode) -> bool:
    """Whether all that ``wanted`` lists is excluded by the same rule."""
    if wanted.negated:
        return False
    excluded = _condition(rule, wanted.criterion, negated=True)
    if excluded is None:
        return False
    within = _within(wanted.criterion, mode)
    return all(any(within(value, other) for other in excluded.values) for value in wanted.values)


def _in_company(enabled: Sequence[Rule], mode: Mode, about: Collection[str] | None) -> Iterator[Lint]:
    changed = [pair for pair in enumerate(enabled) if about is None or pair[1].id in about]
    for place, rule in enumerate(enabled):
        others = changed if about is not None and rule.id not in about else list(enumerate(enabled))
        for other_place, other in others:
            if other is rule or not covers(other, rule, mode):
                continue
            stricter = _STRICTNESS[other.effect] - _STRICTNESS[rule.effect]
            if stricter > 0:
                yield Lint(Finding.SHADOWED, rule.id, other.id)
                break
            if stricter == 0 and (other_place < place or not covers(rule, other, mode)):
                yield Lint(Finding.REDUNDANT, rule.id, other.id)
                break


def covers(wide: Rule, narrow: Rule, mode: Mode = Mode.USHER) -> bool:
    """Whether ``wide`` is sure to match whenever ``narrow`` does."""
    return all(_implied(condition, narrow, mode) for condition in wide.conditions)


def _implied(wanted: Condition, rule: Rule, mode: Mode) -> bool:
    """Whether the rule's own conditions make ``wanted`` hold."""
    given = _condition(rule, wanted.criterion, negated=wanted.negated)
    if given is None:
        return False
    within = _within(wanted.criterion, mode)
    if wanted.negated:
        return all(any(within(value, other) for other in given.values) for value in wanted.values)
    return all(any(within(value, other) for other in wanted.values) for value in given.values)


def _condition(rule: Rule, criterion: str, *, negated: bool) -> Condition | None:
    return next(
        (found for found in rule.conditions if found.criterion == criterion and found.negated is negated),
        None,
    )


def _within(criterion: str, mode: Mode) -> Callable[[str, str], bool]:
    """How to tell that whatever fits one value fits another."""
    match CRITERIA[criterion].kind:
        case Kind.NAME:
            return lambda value, other: _name(value) == _name(other)
        case Kind.NETWORK:
            return _inside
        case Kind.TEXT:
            prefix_only = mode is Mode.WORKMAIL
            return lambda value, other: _narrower(_pattern(value, prefix_only), _pattern(other, prefix_only))


@lru_cache(maxsize=16_384)
def _pattern(text: str, prefix_only: bool) -> Pattern:
    return read_pattern(text, prefix_only=prefix_only)


_name = lru_cache(maxsize=16_384)(folded)


@lru_cache(maxsize=16_384)
def _network(text: str) -> Network:
    return read_network(text)


def _inside(value: str, other: str) -> bool:
    narrow, wide = _network(value), _network(other)
    if narrow.version != wide.version:
        return False
    first, last = int(narrow.network_address), int(narrow.broadcast_address)
    return int(wide.network_address) <= first and last <= int(wide.broadcast_address)


def _narrower(pattern: Pattern, other: Pattern) -> bool:
    if pattern == other:
        return True
    if other.way is Way.PREFIX:
        start = pattern.text if pattern.way is Way.PREFIX else pattern.pieces[0] if pattern.pieces else ""
        return "?" not in start[: len(other.text)] and start.startswith(other.text)
    if other.way is Way.GLOB:
        return _within_glob(pattern, other)
    return pattern.way is other.way is Way.VERSION and _narrower_version(pattern, other)


def _within_glob(pattern: Pattern, glob: Pattern) -> bool:
    """Shown for globs that are a prefix with a star; ``*`` alone takes whatever was reported."""
    if len(glob.pieces) != 2 or glob.pieces[1] or "?" in glob.pieces[0] or pattern.way is Way.NONE:
        return False
    return not glob.pieces[0] or _narrower(pattern, Pattern(Way.PREFIX, glob.pieces[0]))


def _narrower_version(pattern: Pattern, other: Pattern) -> bool:
    """Shown for bounds in the same direction with as many parts: more parts compare otherwise."""
    if pattern.text != other.text or len(pattern.version) != len(other.version):
        return False
    if pattern.text in (">", ">="):
        return pattern.version >= other.version
    return pattern.text in ("<", "<=") and pattern.version <= other.version


def _as_a_whole(enabled: Sequence[Rule], default: AccessLevel) -> Iterator[Lint]:
    unconditional = [rule for rule in enabled if not rule.conditions]
    for rule in unconditional:
        if rule.effect is not AccessLevel.ALLOW:
            yield Lint(Finding.LOCKS_OUT_EVERYONE, rule.id)
        elif default is not AccessLevel.ALLOW:
            yield Lint(Finding.ADMITS_EVERYONE, rule.id)
    if default is not AccessLevel.ALLOW and not any(rule.effect is AccessLevel.ALLOW for rule in enabled):
        yield Lint(Finding.NOBODY_ADMITTED)
