"""Charts (product 7.2): where a bar ends, worked out here and drawn by a template as SVG.

Pure numbers: no colour carries a meaning, every bar has its name and its number beside it, and the same
numbers stand in a table behind the chart.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH = 440
LABEL = 190
"""Of the width, what the names take."""

NUMBER = 44
"""Of the width, what the numbers behind the longest bar take."""

ROW = 28
BAR = 18
LETTERS = 27
"""Of a name in the drawing; the table has all of it."""


class Bar(NamedTuple):
    """One bar: ``length`` and ``top`` in the units of the drawing."""

    label: str
    value: int
    length: float
    top: int


class Chart(NamedTuple):
    """Bars under each other, in the order in which they were given."""

    bars: Sequence[Bar]
    height: int
    total: int


def bars(values: Mapping[str, int]) -> Chart:
    """A chart of how many there are of each; the longest bar takes all the room, nothing takes none."""
    longest = max(values.values(), default=0)
    room = WIDTH - LABEL - NUMBER
    drawn = [
        Bar(label, value, round(room * value / longest, 1) if longest else 0.0, ROW * number)
        for number, (label, value) in enumerate(values.items())
    ]
    return Chart(drawn, ROW * len(drawn), sum(values.values()))


def short(label: str) -> str:
    """A name as it fits beside its bar."""
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
