"""What charts over time are drawn from (product 7.2): counts of a span of time, and of devices by the day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

FIVE_MINUTES = 300
HOUR = 3600
DAY = 86400


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a machine, or several, did within a span.

    Attributes:
        at: when the span began, a multiple of it.
        span_s: 300, 3600 or 86400 seconds.
        machine: its host name; empty for the sum of several.
        parked: most long polls that waited at once.
        activesync, autodiscover: requests that were answered; the errors are among them.
    """

    at: datetime
    span_s: int
    machine: str = ""
    parked: int = 0
    activesync: int = 0
    activesync_errors: int = 0
    autodiscover: int = 0
    autodiscover_errors: int = 0

    def beside(self, other: "Traffic") -> "Traffic":
        """Both together: another machine in the same span."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        return replace(self, machine="", **sums)

    def then(self, other: "Traffic") -> "Traffic":
        """One after the other: requests add up, and what waited at once does not."""
        return replace(self.beside(other), machine=self.machine, parked=max(self.parked, other.parked))


COUNTED = tuple(each.name for each in fields(Traffic) if each.name not in ("at", "span_s", "machine"))
"""The numbers of a ``Traffic``."""


@dataclass(frozen=True, slots=True)
class DeviceDay:
    """How many devices an organisation had in each state when the day was last looked at; ``day`` is its
    beginning in UTC."""

    organisation: str
    day: datetime
    states: Mapping[str, int]


def slot(moment: datetime, span_s: int) -> datetime:
    """The beginning of the span in which a moment lies; a week's and a month's are no such spans."""
    return moment - timedelta(seconds=moment.timestamp() % span_s)


def folded(found: Iterable[Traffic], span_s: int) -> list[Traffic]:
    """All machines together, in spans of at least this length, the oldest first."""
    at_once: dict[tuple[datetime, int], Traffic] = {}
    for each in found:
        place = each.at, each.span_s
        at_once[place] = at_once[place].beside(each) if place in at_once else replace(each, machine="")
    spans: dict[datetime, Traffic] = {}
    for each in sorted(at_once.values(), key=lambda one: one.at):
        begins = slot(each.at, span_s)
        whole = replace(each, at=begins, span_s=span_s)
        spans[begins] = spans[begins].then(whole) if begins in spans else whole
    return list(spans.values())
