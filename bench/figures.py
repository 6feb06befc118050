"""One figure, one line: ``NAME VALUE UNIT target <=|>= VALUE ok|short``, as those who read them expect."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured and what it should be.

    Attributes:
        at_least: the target is a floor; a ceiling otherwise.
    """

    name: str
    value: float
    unit: str
    target: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        sign, verdict = (">=" if self.at_least else "<="), ("ok" if self.met else "short")
        return f"{self.name} {self.value:.2f} {self.unit} target {sign} {self.target:g} {verdict}"


def report(figures: Iterable[Figure]) -> int:
    """Print each figure as it comes; the exit code: 1 when any is short of its target."""
    short = 0
    for figure in figures:
        print(figure, flush=True)
        short += not figure.met
    return int(short > 0)
