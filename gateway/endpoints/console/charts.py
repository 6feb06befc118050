"""Charts (product 7.2): where a bar ends, worked out here and drawn by a template as SVG.

Pure numbers: no colour carries a meaning, every bar has its name and its number beside it, and the same
numbers stand in a table behind the chart.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

WIDTH = 440
"""Of a drawing, in units that ``chart.html`` and ``lines.html`` draw with too."""

LABEL = 190
"""Of the width, what the names take."""

NUMBER = 44
"""Of the width, what the numbers behind the longest bar take."""

ROW = 28
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


SKY = 8
FLOOR = 140
"""Where the highest number and nothing at all are drawn, from above."""


class Line(NamedTuple):
    """A line: ``path`` as SVG has it, and all its numbers, None where there is none."""

    label: str
    path: str
    values: Sequence[int | None]


class Lines(NamedTuple):
    """Lines over one time, which begins at ``moments[0]``; ``most`` is the number at the top."""

    lines: Sequence[Line]
    moments: Sequence[datetime]
    most: int


def lines(
    values: Mapping[str, Mapping[datetime, int]], moments: Sequence[datetime], least_top: int = 1
) -> Lines:
    """A chart of how numbers changed, up to ``least_top`` or more; where a moment has none a line breaks."""
    most = max([least_top, *(number for each in values.values() for number in each.values())])
    drawn = []
    for label, found in values.items():
        numbers = [found.get(moment) for moment in moments]
        drawn.append(Line(label, _path(numbers, most), numbers))
    return Lines(drawn, moments, most)


def every(step: timedelta, known: Sequence[datetime]) -> list[datetime]:
    """The moments from the first to the last known one, those between of which nothing is known too."""
    if not known:
        return []
    return [known[0] + step * number for number in range((known[-1] - known[0]) // step + 1)]


def _path(numbers: Sequence[int | None], most: int) -> str:
    """Each number joined to the one before it; a lone one is a dot, as the ends of a line are round."""
    apart = WIDTH / max(len(numbers) - 1, 1)
    steps: list[str] = []
    pen = "M"
    for place, number in enumerate(numbers):
        if number is None:
            pen = "M"
            continue
        height = FLOOR - (FLOOR - SKY) * number / most
        steps.append(f"{pen}{place * apart:.1f} {height:.1f}{'h0' if pen == 'M' else ''}")
        pen = "L"
    return "".join(steps)
