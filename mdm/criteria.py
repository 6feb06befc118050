"""What an access rule can test: one table of criteria, and the patterns that their values are compared with
(product 6.2, spec/workmail-api.md "Mobile device access rules").

A further criterion is a row of ``CRITERIA``. A pattern says by its own spelling how it compares, so that a
list in a rule is a list of plain texts: ``$NONE``, a comparison of versions (``>=17.4``), a glob (any ``*``
or ``?``), else a prefix, which is WorkMail's only way. Upper and lower case are equal. There are no regular
expressions: a glob of n stars is n searches for a literal, so no model name is slow to judge (T32).
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from types import MappingProxyType

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NONE = "$NONE"
"""Matches what a device did not report."""

PATTERN_LIMIT = 256
"""Characters of a pattern, as in WorkMail."""

STARS_LIMIT = 8
"""Stars in a glob: more say nothing that eight cannot, and each costs a search."""

TEXT_LIMIT = 1024
"""Characters of a reported value that are looked at: what the protocol allows (spec/eas-protocol.md 4.5)."""

ACTIVESYNC, AUTODISCOVER = PROTOCOLS = ("activesync", "autodiscover")
"""What rules can let in or not (product 6.3)."""

_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,5}", re.ASCII)
_COMPARISON = re.compile(r"(<=|>=|==|<|>)\s*(\d{1,9}(?:\.\d{1,9}){0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a request when the rules are asked; None where a device reported nothing.

    Attributes:
        user: user id.
        addresses: every address of the user, folded.
        groups: ids of the groups that the user is in, nested ones included.
        domain: mail domain of the primary address.
        network: source address as the trusted proxies tell it, None when unknown.
        protocol: ``activesync`` or ``autodiscover`` (product 6.3).
    """

    device_type: str | None = None
    model: str | None = None
    os: str | None = None
    user_agent: str | None = None
    protocol_version: str | None = None
    user: str = ""
    addresses: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    domain: str = ""
    network: Address | None = None
    protocol: str = ACTIVESYNC


class Kind(Enum):
    """How a criterion's values are compared."""

    TEXT = "prefix, glob, version or $NONE"
    NAME = "one of these, to the letter but for case"
    NETWORK = "an IPv4 or IPv6 network"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a rule can test.

    Attributes:
        label: name for people.
        read: the values of a request that are compared; none where nothing was reported.
        choices: the only values that there are, empty for any.
    """

    name: str
    label: str
    kind: Kind
    read: Callable[[Facts], tuple[str, ...]]
    choices: tuple[str, ...] = ()


def _reported(value: str | None) -> tuple[str, ...]:
    folded = fold(value[:TEXT_LIMIT]).strip() if value else ""
    return (folded,) if folded else ()


_ROWS = (
    Criterion("device_type", "Device type", Kind.TEXT, lambda facts: _reported(facts.device_type)),
    Criterion("model", "Model", Kind.TEXT, lambda facts: _reported(facts.model)),
    Criterion("os", "Operating system", Kind.TEXT, lambda facts: _reported(facts.os)),
    Criterion("user_agent", "User agent", Kind.TEXT, lambda facts: _reported(facts.user_agent)),
    Criterion(
        "protocol_version", "Protocol version", Kind.TEXT, lambda facts: _reported(facts.protocol_version)
    ),
    Criterion("user", "User", Kind.NAME, lambda facts: (facts.user, *facts.addresses)),
    Criterion("group", "Group", Kind.NAME, lambda facts: tuple(facts.groups)),
    Criterion("domain", "Domain", Kind.NAME, lambda facts: _reported(facts.domain)),
    Criterion("protocol", "Protocol", Kind.NAME, lambda facts: (facts.protocol,), PROTOCOLS),
    Criterion("network", "Source network", Kind.NETWORK, lambda _: ()),
)

CRITERIA: Mapping[str, Criterion] = MappingProxyType({criterion.name: criterion for criterion in _ROWS})
"""Every criterion by its name, in the order in which a trace shows them."""


class Way(Enum):
    """How one pattern compares."""

    NONE = "not reported"
    PREFIX = "starts with"
    GLOB = "looks like"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One value of a list, read.

    Attributes:
        text: folded text of a prefix or a glob, operator of a comparison.
        pieces: literals between the stars of a glob; ``?`` stands for any one character.
        version: what a comparison compares with.
    """

    way: Way
    text: str = ""
    pieces: tuple[str, ...] = ()
    version: tuple[int, ...] = ()

    def matches(self, value: str | None) -> bool:
        """Whether a folded value, None where nothing was reported, fits."""
        if value is None:
            return self.way is Way.NONE
        match self.way:
            case Way.PREFIX:
                return value.startswith(self.text)
            case Way.GLOB:
                return _globs(self.pieces, value)
            case Way.VERSION:
                return self.holds(version_in(value))
            case Way.NONE:
                return False

    def holds(self, found: tuple[int, ...] | None) -> bool:
        """Whether a version fits a comparison; as many parts count as the pattern has: 17.4 is ``<=17``."""
        return found is not None and _COMPARE[self.text](_padded(found, len(self.version)), self.version)

    @property
    def literal(self) -> str:
        """What must stand anywhere in the value, for a glob that says no more than that; else empty."""
        plain = len(self.pieces) == 3 and not self.pieces[0] and not self.pieces[2]
        return self.pieces[1] if plain and "?" not in self.pieces[1] else ""


def fold(text: str) -> str:
    """One spelling for what people take for the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def version_in(value: str) -> tuple[int, ...] | None:
    """The first dotted number in a text: ``iOS 17.4.1 21E236`` is 17.4.1; None where there is none."""
    found = _VERSION.search(value)
    return tuple(int(part) for part in found[0].split(".")) if found else None


def read_pattern(text: str, *, prefix_only: bool = False) -> Pattern:
    """Read one text of a list.

    Args:
        prefix_only: WorkMail's way: stars and comparisons are ordinary characters.

    Raises:
        ValueError: in words for an administrator.
    """
    if not 0 < len(text.strip()) <= PATTERN_LIMIT:
        raise ValueError(f"a value has 1 to {PATTERN_LIMIT} characters")
    if text == NONE:
        return Pattern(Way.NONE)
    folded = fold(text).lstrip()
    if prefix_only:
        return Pattern(Way.PREFIX, folded)
    if comparison := _COMPARISON.fullmatch(folded.rstrip()):
        numbers = tuple(int(part) for part in comparison[2].split("."))
        return Pattern(Way.VERSION, comparison[1], version=numbers)
    if "*" not in folded and "?" not in folded:
        return Pattern(Way.PREFIX, folded)
    pieces = tuple(re.sub(r"\*+", "*", folded).split("*"))
    if len(pieces) > STARS_LIMIT + 1:
        raise ValueError(f"a glob has at most {STARS_LIMIT} stars")
    return Pattern(Way.GLOB, folded, pieces)


def read_network(text: str) -> Network:
    """Read an address or a network; ValueError in words for an administrator."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no IPv4 or IPv6 network: {error}") from None


def _globs(pieces: tuple[str, ...], value: str) -> bool:
    """First piece at the start, last at the end, those between wherever they come next."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(value) == len(first) and _stands(first, value, 0)
    if len(value) < len(first) + len(last) or not _stands(first, value, 0):
        return False
    end = len(value) - len(last)
    if not _stands(last, value, end):
        return False
    at = len(first)
    for piece in pieces[1:-1]:
        found = _find(piece, value, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _stands(piece: str, value: str, at: int) -> bool:
    if "?" not in piece:
        return value.startswith(piece, at)
    return all(letter in ("?", value[at + index]) for index, letter in enumerate(piece))


def _find(piece: str, value: str, start: int, end: int) -> int:
    if "?" not in piece:
        return value.find(piece, start, end)
    places = range(start, end - len(piece) + 1)
    return next((place for place in places if _stands(piece, value, place)), -1)


def _padded(version: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*version, *(0,) * length)[:length]


_COMPARE = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
)
