"""How each family fares: its steps and stop rules, played over what was seen (spec/autodiscover.md 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from gateway.doctor.families import Family, Move, Outcome, Step
from gateway.doctor.observations import TLS_TROUBLES, Ask, Hop, Observations, Page, Place, Silence, Trail
from gateway.doctor.outcomes import AUTODISCOVERY, CONFIGS, outcome, outcome_for, seen

_UNCLEAR = frozenset({Place.SRV, Place.MX})
"""Places whose host does not say by itself why it is asked."""
DECISIVE = frozenset(
    {
        Outcome.ANSWERED,
        Outcome.CHALLENGED,
        Outcome.FOREIGN,
        Outcome.OPEN,
        Outcome.ODD_CHALLENGE,
        Outcome.DENIED,
        Outcome.FAILED,
        Outcome.BAD_REDIRECT,
        Outcome.REDIRECTED,
        Outcome.IPV6_ONLY,
    }
)
"""Outcomes that show that the format is meant to be served."""


class End(Enum):
    """How a family's walk ended; the value is for people."""

    CONFIGURED = "configures itself"
    GAVE_UP = "gives up"
    MISLED = "is misled"
    LOST = "finds no server"
    NOT_SERVED = "is not served: nothing here speaks what it needs"


GOOD = frozenset({End.CONFIGURED, End.NOT_SERVED})


@dataclass(frozen=True, slots=True)
class Stage:
    """A step with what it brought; ``move`` is None where the client never came, ``outcome`` where nothing
    was to ask."""

    step: Step
    outcome: Outcome | None
    move: Move | None
    trail: Trail | None

    @property
    def title(self) -> str:
        """Where and what the client asks."""
        if self.trail is None:
            return f"{self.step.place.value}, {self.step.ask.value}"
        parts = urlsplit(self.trail.first.url)
        whose = f" ({self.step.place.value})" if self.step.place in _UNCLEAR else ""
        return f"{parts.scheme}://{parts.netloc}{whose}, {self.step.ask.value}"

    @property
    def fact(self) -> str:
        """What was seen, for people."""
        if self.trail is None:
            return "nothing to ask there"
        before = (self.trail.first, *self.trail.hops)
        hops = " -> ".join(_told(hop, last) for hop, last in zip(self.trail.hops, before, strict=False))
        if self.outcome in (None, Outcome.SILENT):
            return hops
        return f"{hops}, {self.outcome.value}"


@dataclass(frozen=True, slots=True)
class Journey:
    """One family's whole walk."""

    family: Family
    stages: tuple[Stage, ...]
    end: End

    @property
    def passed(self) -> frozenset[Place]:
        """Places that the client came to."""
        return frozenset(stage.step.place for stage in self.stages if stage.move is not None)


def travel(observations: Observations, family: Family) -> Journey:
    """Play the steps of one family until its rules stop it; the others are looked at, but not entered."""
    stages: list[Stage] = []
    end: End | None = None
    for step in family.steps:
        found = outcome_for(observations, family, step)
        move = None if end or found is None else _move(family, step, found)
        stages.append(Stage(step, found, move, seen(observations, step.place, step.ask)))
        if move in _ENDS:
            end = _ENDS[move]
    return Journey(family, tuple(stages), end or _without(observations, family, stages))


_SERVED = frozenset({Outcome.CHALLENGED, Outcome.ANSWERED})
_ENDS = {Move.SUCCEED: End.CONFIGURED, Move.GIVE_UP: End.GAVE_UP, Move.MISLED: End.MISLED}


def _move(family: Family, step: Step, found: Outcome) -> Move:
    return Move.GO_ON if step.optional else family.move(found)


def _without(observations: Observations, family: Family, stages: Iterable[Stage]) -> End:
    """No step succeeded: either something is broken, or this format is simply not offered."""
    needed = [stage for stage in stages if not stage.step.optional]
    if any(stage.outcome in DECISIVE for stage in needed):
        return End.LOST
    if all(stage.step.ask in CONFIGS for stage in needed):
        broken = any(_is_meant(observations, stage) for stage in needed)
        return End.LOST if broken else End.NOT_SERVED
    asks = {stage.step.ask for stage in needed} - CONFIGS
    return End.NOT_SERVED if any(_is_withheld(observations, family, ask) for ask in asks) else End.LOST


def _is_withheld(observations: Observations, family: Family, ask: Ask) -> bool:
    """Whether AutoDiscover is served somewhere, wherever that is, and this format is not among it."""
    served = [place for place in AUTODISCOVERY if outcome(observations, place, Ask.XML_POST) in _SERVED]
    found = {outcome_for(observations, family, Step(place, ask)) for place in served}
    lacking = {Outcome.ABSENT, Outcome.UNSUITED} | (set() if ask is Ask.MOBILE else {Outcome.ERROR})
    return not found & DECISIVE and bool(found & lacking)


def _is_meant(observations: Observations, stage: Stage) -> bool:
    """Whether an autoconfig name was published and only its certificate is wrong; a wildcard says nothing."""
    if stage.step.place not in (Place.AUTOCONFIG, Place.MX) or stage.trail is None:
        return False
    last = stage.trail.last
    lookup = observations.lookups.get(urlsplit(last.url).hostname or "")
    by_chance = lookup is not None and {*lookup.four, *lookup.six} == {*observations.wildcard}
    return isinstance(last, Silence) and last.trouble in TLS_TROUBLES and not by_chance


def _told(hop: Hop, last: Hop) -> str:
    """What one request brought; where it went, if the last went elsewhere."""
    brought = f"HTTP {hop.status}" if isinstance(hop, Page) else hop.trouble.value
    where = f"{hop.url} " if hop.url != last.url else ""
    return f"{where}{brought}{' with the password' if isinstance(hop, Page) and hop.signed_in else ''}"
