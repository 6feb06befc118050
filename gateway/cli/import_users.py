"""``usher import users``: many people from a table (product 7.4). Exit codes: ``gateway.cli.failures``.

The file is read line by line and goes through the API's bulk route in batches, so ten thousand lines need no
memory and each batch that was done stays done. Every line is told apart: made, there already, or refused and
why. The command may be run again over the same file: who is there already is left alone.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from gateway.chance import Secrets
from gateway.cli.api import at
from gateway.cli.import_reports import Outcome, Passwords, Report
from gateway.cli.local import Work, on_store
from gateway.cli.meter import progress_line
from gateway.endpoints.api.bulk_users import UserResult, UserResults
from gateway.endpoints.api.groups import GroupView
from gateway.endpoints.api.users import UserView
from gateway.endpoints.people_tables import Line, lines
from gateway.errors import GatewayError, Kind

BATCH = 100
"""Lines in one call: as many passwords are hashed within ten seconds on a slow machine."""

ATTEMPTS = 4
PAUSE_S = 2.0
"""Between two attempts at a batch that was not answered; its key keeps it from being done twice."""

SEVERAL_REFUSED = 1
"""Exit code where lines were refused: the others are done."""


@click.group("import")
def import_() -> None:
    """Take people over from a table."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("organisation")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would become of each line.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write a CSV line for each.")
@click.option(
    "--new-passwords",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make a password for every line without one, and add both to this file, readable by its owner only.",
)
@on_store
def users(
    work: Work, file: Path, organisation: str, dry_run: bool, report: Path | None, new_passwords: Path | None
) -> None:
    """Make the users of FILE in ORGANISATION.

    FILE is CSV in UTF-8 with ; or , and names its columns in the first line: address is needed;
    display_name, password, first_name, last_name, aliases and groups (several of them with | between), and
    the details city, company, country, department, initials, job_title, mobile, office, phone, street and
    zip_code may be there.
    """
    with ExitStack() as stack:
        told = stack.enter_context(Report(report))
        keeper = stack.enter_context(Passwords(new_passwords)) if new_passwords and not dry_run else None
        meter = stack.enter_context(progress_line(output=False))
        table = stack.enter_context(file.open(encoding="utf-8", newline=""))
        trip = _Trip(work, organisation, told, keeper, made_up=new_passwords is not None)
        for batch in _batches(lines(table)):
            (trip.rehearse if dry_run else trip.send)(batch)
            meter.tell(f"{told.total} lines: {told.summary(dry_run=dry_run)}")
    _tell(work, told, dry_run)


@dataclass(frozen=True, slots=True)
class _Trip:
    """One file on its way into an organisation; ``seen`` are the addresses of its lines so far."""

    work: Work
    organisation: str
    report: Report
    keeper: Passwords | None
    made_up: bool
    seen: dict[str, int] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def send(self, batch: Sequence[Line]) -> None:
        """Make the users of a batch."""
        good = [line for line in batch if self._good(line)]
        for line in good:
            if self.made_up and not line.item.get("password"):
                line.item["password"] = Passwords.draw()
                line.drawn = True
        results = self._sent([line.item for line in good]) if good else ()
        for line, result in zip(good, results, strict=True):
            self._settle(line, result)

    def rehearse(self, batch: Sequence[Line]) -> None:
        """What would become of a batch, as far as it can be told without doing it."""
        for line in batch:
            if not self._good(line):
                continue
            if self._is_there(line.address):
                self.report.add(line, Outcome.PRESENT)
            elif missing := [name for name in line.groups if not self._group(name)]:
                self.report.add(line, Outcome.REFUSED, f"There is no such group: {', '.join(missing)}.")
            else:
                self.report.add(line, Outcome.MADE)

    def _good(self, line: Line) -> bool:
        fault = line.fault
        before = self.seen.setdefault(line.address.casefold(), line.number)
        if not fault and before != line.number:
            fault = f"The address stands in line {before} already."
        if fault:
            self.report.add(line, Outcome.REFUSED, fault)
        return not fault

    def _settle(self, line: Line, result: UserResult) -> None:
        problem = result.problem
        if problem is None:
            if self.keeper is not None and line.drawn:
                self.keeper.add(line.address, line.item["password"])
            self.report.add(line, Outcome.MADE)
        elif problem.status == 409 and self._is_there(line.address):
            self.report.add(line, Outcome.PRESENT)
        else:
            self.report.add(line, Outcome.REFUSED, problem.words())

    def _sent(self, items: Sequence[dict[str, object]]) -> Sequence[UserResult]:
        """A batch that may or may not have arrived is sent again under its key."""
        place = at("organisations", self.organisation, "users", "bulk")
        headers = {"Idempotency-Key": Secrets().identity("import-")}
        for _ in range(ATTEMPTS - 1):
            try:
                answer = self.work.api.send("POST", place, {"items": items}, headers=headers)
                return UserResults.model_validate_json(answer.content).items
            except GatewayError as error:
                if error.kind is not Kind.UNAVAILABLE:
                    raise
                time.sleep(PAUSE_S)
        answer = self.work.api.send("POST", place, {"items": items}, headers=headers)
        return UserResults.model_validate_json(answer.content).items

    def _is_there(self, address: str) -> bool:
        """Whether the organisation has this very user already."""
        with suppress(GatewayError):
            found = self.work.api.get(at("organisations", self.organisation, "users", address), UserView)
            return found.address == address.casefold()
        return False

    def _group(self, name: str) -> str:
        if name not in self.groups:
            place = at("organisations", self.organisation, "groups", name)
            self.groups[name] = _or_nothing(lambda: self.work.api.get(place, GroupView).id)
        return self.groups[name]


def _or_nothing(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except GatewayError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return ""


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    batch = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _tell(work: Work, told: Report, dry_run: bool) -> None:
    for number, address, reason in told.refused:
        click.echo(f"line {number}: {address}: {reason}", err=True)
    if told.unlisted:
        click.echo(f"and {told.unlisted} more: --report has them all", err=True)
    document = {**told.counts, "dry_run": dry_run}
    work.show(document, lambda: told.summary(dry_run=dry_run))
    if told.counts[Outcome.REFUSED.value]:
        sys.exit(SEVERAL_REFUSED)
