"""Reading what people ask of the device list: a text for each field, the same in REST and in the command.

A text begins with what is written; ``=`` before it means exactly, ``*`` anywhere, and ``=`` alone that
nothing was reported. Versions and times take ``<``, ``<=``, ``>`` and ``>=``, times also ``FROM..TO`` and
``never``; a time is a date, a time with an offset, or how long ago: ``30d``, ``12h``. Choices are listed with
commas, flags are yes or no, an address is one address or a network. ``!`` before anything turns it round.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_network

from gateway.errors import GatewayError, malformed
from gateway.errors import Kind as Fault
from gateway.records.inventory import FIELDS, Check, Condition, Kind, Ordering, Value

WIDTH = 128
"""Characters of a text that are compared."""

COMPARED = 200
"""Characters of a question at most: a text of ``WIDTH`` and its signs."""

Answer = tuple[Check, tuple[Value, ...], bool]
"""Check, values, negated."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SIGN = re.compile(r"(<=|>=|<|>|=)?(.*)", re.DOTALL)
_AGO = re.compile(r"(\d{1,4})([dh])")
_VERSION = re.compile(r"(\d{1,2})\.(\d)")
_FLAGS: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False}


def read_conditions(asked: Mapping[str, str], now: datetime) -> tuple[Condition, ...]:
    """One condition for each field.

    Raises:
        GatewayError: MALFORMED with a fault for each field that is not understood.
    """
    found: list[Condition] = []
    faults: dict[str, str] = {}
    for name, text in asked.items():
        try:
            found.append(_condition(name, text.strip(), now))
        except ValueError as error:
            faults[name] = str(error)
    if faults:
        raise GatewayError(Fault.MALFORMED, "The question is not understood.", faults=faults)
    return tuple(found)


def read_ordering(text: str) -> Ordering:
    """``last_seen``, or ``-last_seen`` for the newest first; MALFORMED for no field of the list."""
    name = text.removeprefix("-").replace("-", "_")
    if name and name not in FIELDS:
        raise malformed("sort", f"Devices are sorted by {', '.join(FIELDS)}.")
    return Ordering(name, text.startswith("-"))


def fold(text: str) -> str:
    """A text as the list compares it."""
    return text.casefold()[:WIDTH]


def _condition(name: str, text: str, now: datetime) -> Condition:
    if not text or len(text) > COMPARED or "\0" in text:
        raise ValueError(f"1 to {COMPARED} characters, without NUL.")
    if name not in FIELDS:
        raise ValueError("There is no such field.")
    turned = text.startswith("!")
    check, values, negated = _READERS[FIELDS[name].kind](name, text[1:] if turned else text, now)
    return Condition(name, check, values, negated is not turned)


def _text(name: str, text: str, _now: datetime) -> Answer:
    for sign, check in (("=", Check.IS), ("*", Check.CONTAINS), ("", Check.BEGINS)):
        if text.startswith(sign):
            sought = text.removeprefix(sign)
            return check, (sought.upper() if name == "device_id" else fold(sought),), False
    raise AssertionError("every text begins with nothing")


def _version(_name: str, text: str, _now: datetime) -> Answer:
    sign, rest = _split(text)
    said = _VERSION.fullmatch(rest)
    if said is None:
        raise ValueError("A protocol version, such as 14.1, >=16.0 or <12.1.")
    return _compared(sign, int(said[1]) * 10 + int(said[2]))


def _time(_name: str, text: str, now: datetime) -> Answer:
    if text.casefold() == "never":
        return Check.IS, (0,), False
    begin, dots, end = text.partition("..")
    if dots:
        return Check.BETWEEN, (_instant(begin, now), _instant(end, now)), False
    sign, rest = _split(text)
    at = _instant(rest, now)
    if not sign:
        raise ValueError("A time needs <, <=, > or >=, or FROM..TO.")
    # "Before then" is asked of devices that were there at all: 0 is never.
    return (Check.BETWEEN, (1, at - (sign == "<")), False) if sign[0] == "<" else _compared(sign, at)


def _choice(name: str, text: str, _now: datetime) -> Answer:
    choices = {each.casefold(): place for place, each in enumerate(FIELDS[name].choices)}
    said = [each.strip().casefold() for each in text.split(",")]
    if not set(said) <= set(choices):
        raise ValueError(f"Of these, with commas: {', '.join(FIELDS[name].choices)}.")
    return Check.ONE_OF, tuple(choices[each] for each in said), False


def _flag(name: str, text: str, now: datetime) -> Answer:
    said = _FLAGS.get(text.casefold())
    if said is None:
        raise ValueError("yes or no.")
    since = _microseconds(now) if name == "suspended" else 1
    return Check.AT_LEAST, (since,), not said


def _network(_name: str, text: str, _now: datetime) -> Answer:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError("An address or a network, such as 192.0.2.0/24 or 2001:db8::/32.") from None
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, IPv4Network):
        return Check.BETWEEN, (f"4{first:08x}", f"4{last:08x}"), False
    return Check.BETWEEN, (f"6{first:032x}", f"6{last:032x}"), False


_READERS: Mapping[Kind, Callable[[str, str, datetime], Answer]] = {
    Kind.TEXT: _text,
    Kind.VERSION: _version,
    Kind.TIME: _time,
    Kind.CHOICE: _choice,
    Kind.FLAG: _flag,
    Kind.NETWORK: _network,
}


def _split(text: str) -> tuple[str, str]:
    said = _SIGN.fullmatch(text)
    return ("", text) if said is None else (said[1] or "", said[2].strip())


def _compared(sign: str, value: int) -> Answer:
    """Whole numbers: above is at least the next one."""
    match sign:
        case "<":
            return Check.BELOW, (value,), False
        case "<=":
            return Check.BELOW, (value + 1,), False
        case ">":
            return Check.AT_LEAST, (value + 1,), False
        case ">=":
            return Check.AT_LEAST, (value,), False
        case _:
            return Check.IS, (value,), False


def _instant(text: str, now: datetime) -> int:
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        unit = timedelta(days=1) if ago[2] == "d" else timedelta(hours=1)
        return _microseconds(now - int(ago[1]) * unit)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("A date, a time with its offset, or how long ago: 30d, 12h.") from None
    return _microseconds(at.replace(tzinfo=UTC) if at.tzinfo is None else at)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
