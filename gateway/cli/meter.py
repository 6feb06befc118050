"""A line on standard error that tells how long work goes on (product 7.4), written over again and again.

Only where standard error is a terminal: no pipe, log or mail of a timer ever has it. A list that fills the
same terminal is its own progress, so there is none beside it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.cli.tables import visible


class Meter:
    """The line; ``on`` is False where nobody would see it."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._width = 0

    def tell(self, words: str) -> None:
        """Write ``words`` over what stood there."""
        if self._on:
            text = visible(words)
            sys.stderr.write(f"\r{text:<{self._width}}")
            sys.stderr.flush()
            self._width = len(text)

    def clear(self) -> None:
        """Leave an empty line for what is written next."""
        if self._width:
            sys.stderr.write(f"\r{'':<{self._width}}\r")
            sys.stderr.flush()
            self._width = 0


@contextmanager
def progress_line(*, output: bool) -> Iterator[Meter]:
    """A line that is gone afterwards; ``output``: the work writes to standard output all the while."""
    line = Meter(sys.stderr.isatty() and not (output and sys.stdout.isatty()))
    try:
        yield line
    finally:
        line.clear()
