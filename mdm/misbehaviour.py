"""Six ways in which a device misbehaves, and how much of each is too much (product 5.8; Exchange's
``Set-ActiveSyncDeviceAutoblockThreshold`` has the same six, by research/peers.md).

Everything is counted in sliding windows of two halves: what fell into the present window, and the share of
the one before that still lies within reach. The estimate errs by less than a factor of two to either side: a
device that stays below half of a threshold in every interval as long as the window is never stopped, and one
that does twice the threshold in any such interval always is (tests hold it to both). A window is three
numbers whatever happens in it, so nobody can fill the memory.

Time is an argument, in seconds of any clock that does not go back. Not thread-safe on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Any, Final

DAY_S: Final = 86_400
OFF: Final = "off"
SERVICE: Final = "service"
"""The part of a document that speaks of service clients (``mdm.families``)."""


class Behaviour(Enum):
    """What is counted."""

    COMMAND_FLOOD = "command_flood"
    SAME_SYNC_KEY = "same_sync_key"
    USER_AGENT = "user_agent_changes"
    PROVISIONING_LOOP = "provisioning_loop"
    ERRORS = "errors"
    AUTHENTICATION = "authentication_failures"


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a behaviour is too much.

    Attributes:
        window_s: seconds over which it is counted.
        slow: count from which the device is slowed down, 0 for never.
        suspend: count from which it is suspended, 0 for never; what comes while the device is slowed counts.
        slow_s: seconds for which it is told to stay away, and is answered nothing else.
        suspend_s: seconds of quarantine.
    """

    window_s: int
    slow: int
    suspend: int
    slow_s: int
    suspend_s: int


Thresholds = Mapping[Behaviour, Measure]

DEFAULTS: Thresholds = MappingProxyType(
    {
        Behaviour.COMMAND_FLOOD: Measure(300, 2000, 4000, 60, 3600),
        Behaviour.SAME_SYNC_KEY: Measure(300, 100, 300, 120, 3600),
        Behaviour.USER_AGENT: Measure(3600, 6, 18, 300, 3600),
        Behaviour.PROVISIONING_LOOP: Measure(3600, 10, 14, 300, DAY_S),
        Behaviour.ERRORS: Measure(300, 100, 300, 120, 3600),
        Behaviour.AUTHENTICATION: Measure(600, 20, 0, 5, 3600),
    }
)
"""Ours. A flood is 6.7 requests a second for five minutes, four times that while a Sync makes progress.
Nobody is suspended for wrong passwords unless an administrator says so: whoever knows a name and a DeviceId
could lock the phone out."""

SERVICE_DEFAULTS: Thresholds = MappingProxyType(
    {
        **{
            behaviour: replace(measure, slow=measure.slow * 10, suspend=measure.suspend * 10)
            for behaviour, measure in DEFAULTS.items()
        },
        Behaviour.USER_AGENT: replace(DEFAULTS[Behaviour.USER_AGENT], slow=0, suspend=0),
    }
)
"""All installations of a user are one device of a service, on several systems (research/wants.md 27)."""

BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "window_s": (1, DAY_S),
        "slow": (0, 1_000_000),
        "suspend": (0, 1_000_000),
        "slow_s": (1, 3600),
        "suspend_s": (60, 30 * DAY_S),
    }
)


@dataclass(frozen=True, slots=True)
class Conduct:
    """An organisation's thresholds."""

    ordinary: Thresholds
    service: Thresholds

    def of(self, *, service: bool) -> Thresholds:
        """Those for a service client, or for any other."""
        return self.service if service else self.ordinary


def read(document: Mapping[str, Any]) -> Conduct:
    """Thresholds as a JSON document: behaviour to ``off`` or to the parts that differ from the defaults;
    under ``service`` the same once more for service clients.

    Raises:
        ValueError: with the place and what is wrong there.
    """
    ordinary = {name: value for name, value in document.items() if name != SERVICE}
    service = document.get(SERVICE, {})
    if not isinstance(service, Mapping):
        raise ValueError(f"{SERVICE}: behaviours and their thresholds are wanted")
    return Conduct(_over(DEFAULTS, ordinary, ""), _over(SERVICE_DEFAULTS, service, f"{SERVICE}."))


def write(conduct: Conduct) -> dict[str, Any]:
    """The whole of it as a document, nothing left to defaults."""
    return {**_told(conduct.ordinary), SERVICE: _told(conduct.service)}


def _told(thresholds: Thresholds) -> dict[str, Any]:
    names = [field.name for field in fields(Measure)]
    return {
        behaviour.value: {name: getattr(measure, name) for name in names}
        for behaviour, measure in thresholds.items()
    }


def _over(defaults: Thresholds, document: Mapping[str, Any], place: str) -> Thresholds:
    known = {behaviour.value: behaviour for behaviour in Behaviour}
    found = dict(defaults)
    for name, said in document.items():
        if name not in known:
            raise ValueError(f"{place}{name}: there is no such behaviour")
        behaviour = known[name]
        found[behaviour] = _measure(defaults[behaviour], said, place + name)
    return MappingProxyType(found)


def _measure(default: Measure, said: object, place: str) -> Measure:
    if said == OFF:
        return replace(default, slow=0, suspend=0)
    if not isinstance(said, Mapping):
        raise ValueError(f"{place}: {OFF} or an object is wanted")
    for name, value in said.items():
        low, high = BOUNDS.get(name, (1, 0))
        if high == 0:
            raise ValueError(f"{place}.{name}: there is no such threshold")
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{place}.{name}: a whole number from {low} to {high} is wanted")
    measure = replace(default, **said)
    if measure.suspend and measure.suspend < measure.slow:
        raise ValueError(f"{place}.suspend: a device is slowed down before it is suspended")
    return measure


class Window:
    """A sliding count in three numbers."""

    __slots__ = ("before", "count", "start")

    def __init__(self, now: float) -> None:
        self.start = now
        self.count = 0
        self.before = 0

    def add(self, weight: int, now: float, window_s: float) -> float:
        """Count ``weight`` and return the level: this window's, and the part of the last one in reach."""
        passed = now - self.start
        if passed >= window_s:
            self.before = self.count if passed < 2 * window_s else 0
            self.count = 0
            self.start = now - passed % window_s
            passed = now - self.start
        self.count += weight
        if not self.before:
            return self.count
        return self.count + self.before * (1 - max(passed, 0.0) / window_s)


UNIT: Final = 4
"""What a request weighs in the count of commands; a Sync that makes progress weighs one of it."""

REMEMBERED: Final = 4
"""User-Agents and Syncs of a device that are told apart: some clients have several parts that take turns."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold was crossed.

    Attributes:
        suspend: quarantine is due; else the device is slowed down.
    """

    behaviour: Behaviour
    suspend: bool
    measure: Measure

    @property
    def words(self) -> str:
        """Why, for an administrator."""
        count = self.measure.suspend if self.suspend else self.measure.slow
        return _WORDS[self.behaviour].format(count=count, window=span(self.measure.window_s))


_WORDS: Mapping[Behaviour, str] = MappingProxyType(
    {
        Behaviour.COMMAND_FLOOD: "flood of commands: {count} or more within {window}",
        Behaviour.SAME_SYNC_KEY: "asks for the same Sync again and again: {count} or more within {window}",
        Behaviour.USER_AGENT: "changes its User-Agent: {count} or more new ones within {window}",
        Behaviour.PROVISIONING_LOOP: "provisions in a loop: {count} rounds or more within {window}",
        Behaviour.ERRORS: "its requests fail: {count} or more errors within {window}",
        Behaviour.AUTHENTICATION: "wrong passwords: {count} or more within {window}",
    }
)


def span(seconds: int) -> str:
    """A length of time in words."""
    for name, size in (("day", DAY_S), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0 and seconds >= size:
            many = seconds // size
            return f"{many} {name}" if many == 1 else f"{many} {name}s"
    return f"{seconds} seconds"


class Tally:
    """What one process counted of one device.

    Attributes:
        slowed_until: until then the device is answered 503 and nothing else.
        sentenced_until: until then it is suspended, as far as this process has asked for.
    """

    __slots__ = (
        "_agents",
        "_flood",
        "_flood_slow",
        "_flood_window_s",
        "_slowed_for",
        "_syncs",
        "_told",
        "_windows",
        "sentenced_until",
        "slowed_until",
        "thresholds",
        "user_agent",
    )

    def __init__(self, thresholds: Thresholds, now: float) -> None:
        self._flood = Window(now)
        self._windows: dict[Behaviour, Window] | None = None
        self._told: dict[Behaviour, float] | None = None
        self._agents: tuple[str, ...] = ()
        self._syncs: tuple[int, ...] = ()
        self._slowed_for: Behaviour | None = None
        self.user_agent = ""
        self.slowed_until = -inf
        self.sentenced_until = -inf
        self.measure(thresholds)

    def measure(self, thresholds: Thresholds) -> None:
        """Go on with other thresholds."""
        flood = thresholds[Behaviour.COMMAND_FLOOD]
        self.thresholds = thresholds
        self._flood_window_s = flood.window_s
        self._flood_slow = flood.slow * UNIT if flood.slow else inf

    def request(self, now: float, user_agent: str) -> Crossing | None:
        """Count a request; the hot path."""
        crossing = None if user_agent == self.user_agent else self._agent(now, user_agent)
        level = self._flood.add(UNIT, now, self._flood_window_s)
        if level >= self._flood_slow:
            crossing = self._crossed(Behaviour.COMMAND_FLOOD, level / UNIT, now) or crossing
        if now < self.slowed_until and self._slowed_for not in (None, Behaviour.COMMAND_FLOOD):
            crossing = self.count(self._slowed_for, now) or crossing
        return crossing

    def sync(self, fingerprint: int, now: float) -> Crossing | None:
        """Count a Sync; ``fingerprint`` stands for what it says, SyncKeys and all."""
        if fingerprint in self._syncs:
            return self.count(Behaviour.SAME_SYNC_KEY, now)
        self._syncs = (fingerprint, *self._syncs[: REMEMBERED - 1])
        if self._flood.count >= UNIT:
            self._flood.count -= UNIT - 1
        return None

    def count(self, behaviour: Behaviour | None, now: float) -> Crossing | None:
        """Count one of what is rare."""
        if behaviour is None:
            return None
        if self._windows is None:
            self._windows = {}
        window = self._windows.get(behaviour)
        if window is None:
            window = self._windows[behaviour] = Window(now)
        measure = self.thresholds[behaviour]
        level = window.add(1, now, measure.window_s)
        if (measure.slow and level >= measure.slow) or (measure.suspend and level >= measure.suspend):
            return self._crossed(behaviour, level, now)
        return None

    def _agent(self, now: float, user_agent: str) -> Crossing | None:
        """Another User-Agent than last time; one that was there lately is a part of the client taking its
        turn."""
        if not user_agent:
            return None
        first = not self._agents
        self.user_agent = user_agent
        if user_agent in self._agents:
            return None
        self._agents = (user_agent, *self._agents[: REMEMBERED - 1])
        return None if first else self.count(Behaviour.USER_AGENT, now)

    def _crossed(self, behaviour: Behaviour, level: float, now: float) -> Crossing | None:
        """What follows; None where it has been said already."""
        measure = self.thresholds[behaviour]
        if measure.slow and now >= self.slowed_until:
            self.slowed_until = now + measure.slow_s
            self._slowed_for = behaviour
        if measure.suspend and level >= measure.suspend:
            if now < self.sentenced_until:
                return None
            self.sentenced_until = now + measure.suspend_s
            return Crossing(behaviour, True, measure)
        return self._first(behaviour, measure, now)

    def _first(self, behaviour: Behaviour, measure: Measure, now: float) -> Crossing | None:
        """Slowing is told once, and again when the device was quiet for a whole window."""
        if self._told is None:
            self._told = {}
        silent = now - self._told.get(behaviour, -inf) >= measure.window_s
        self._told[behaviour] = now
        return Crossing(behaviour, False, measure) if silent else None
