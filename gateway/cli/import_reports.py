"""What an import tells: a line for each line of the table, and passwords that were made for people.

The report may be opened with a spreadsheet, so no cell of it is a formula (T23). Passwords stand in no
report: they have a file of their own, which nobody but its owner may read.
"""

import csv
import os
import secrets
import string
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from gateway.endpoints.people_tables import Line
from gateway.endpoints.spreadsheets import harmless

LISTED = 100
"""Refused lines that are told on standard error; the report has all of them."""

LETTERS = 16
SETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


class Outcome(Enum):
    """What became of a line."""

    MADE = "made"
    PRESENT = "there already"
    REFUSED = "refused"


class Report:
    """Counts, the first refused lines, and every line in ``path`` where there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._counts: Counter[Outcome] = Counter()
        self.refused: list[tuple[int, str, str]] = []

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            self._write("line", "address", "outcome", "reason")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: Line, outcome: Outcome, reason: str = "") -> None:
        """One line."""
        self._counts[outcome] += 1
        if outcome is Outcome.REFUSED and len(self.refused) < LISTED:
            self.refused.append((line.number, line.address, reason))
        if self._file is not None:
            self._write(line.number, line.address, outcome, reason)

    @property
    def total(self) -> int:
        return self._counts.total()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many lines came to what."""
        return {outcome.value: self._counts[outcome] for outcome in Outcome}

    @property
    def unlisted(self) -> int:
        """Refused lines beyond those that are told."""
        return self._counts[Outcome.REFUSED] - len(self.refused)

    def summary(self, *, dry_run: bool) -> str:
        made = "would be made" if dry_run else Outcome.MADE.value
        words = {Outcome.MADE: made}
        return ", ".join(f"{self._counts[each]} {words.get(each, each.value)}" for each in Outcome)

    def _write(self, *cells: object) -> None:
        if self._file is not None:
            csv.writer(self._file, lineterminator="\n").writerow([harmless(each) for each in cells])
            self._file.flush()


class Passwords:
    """A file of addresses and the passwords that were made for them; it is added to, never overwritten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(number, 0o600)
        self._file = os.fdopen(number, "w", encoding="utf-8", newline="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, address: str, password: str) -> None:
        """A user who was made; it is in the file before anything else is done."""
        csv.writer(self._file, lineterminator="\n").writerow([address, password])
        self._file.flush()

    @staticmethod
    def draw() -> str:
        """A password that the policy takes: 16 letters and digits of three sets, 95 bits; none of them is a
        sign that a spreadsheet or a shell reads as something else."""
        signs = "".join(SETS)
        while True:
            drawn = "".join(secrets.choice(signs) for _ in range(LETTERS))
            if all(any(sign in each for sign in drawn) for each in SETS):
                return drawn
