"""``usher audit``: who did what (product 8). Exit codes: ``gateway.cli.local``."""

from collections.abc import Iterator, Sequence

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.audit import RecordList, view
from gateway.records import AuditRecord, AuditTag

PAGE = 1000
HEADINGS = ("NUMBER", "AT", "BY", "WHAT", "TARGET", "REASON", "OUTCOME")


@click.group()
def audit() -> None:
    """Read the audit trail."""


@audit.command("list")
@click.option("--org", "organisation", help="Alias or id; of a removed one the id.")
@click.option("--target", help="USER-ID/DEVICEID, a user's id, a domain.")
@click.option("--tag", type=click.Choice([tag.value for tag in AuditTag]), help="What happened.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only records with a higher number.")
@click.option("--limit", type=click.IntRange(min=1), help="Records at most.")
@on_store
def list_(
    work: Work, organisation: str | None, target: str | None, tag: str | None, after: int, limit: int | None
) -> None:
    """List the audit trail in its order."""
    home = work.services.finder.trail(organisation) if organisation else None
    wanted = AuditTag(tag) if tag else None
    found = list(records(work, home, target, wanted, after=after, limit=limit))
    show(work, found)


def records(
    work: Work,
    organisation: str | None,
    target: str | None,
    tag: AuditTag | None = None,
    *,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[AuditRecord]:
    """Records page by page, up to ``limit``."""
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(left, PAGE)
        page = work.services.audit.query(
            organisation=organisation, target=target, tag=tag, after=after, limit=size
        )
        yield from page
        if len(page) < size:
            return
        after = page[-1].sequence
        left = None if left is None else left - len(page)


def show(work: Work, found: Sequence[AuditRecord], *, headings: Sequence[str] = HEADINGS) -> None:
    """Print records; for people only the columns of ``headings``."""
    rows = ([_columns(each)[heading] for heading in headings] for each in found)
    work.show(RecordList(items=[view(each) for each in found], next=None), lambda: table(headings, rows))


def _columns(record: AuditRecord) -> dict[str, object]:
    """A device is its own target mostly, and its name is long: who did it is told by the kind then."""
    actor = record.actor
    return {
        "NUMBER": record.sequence,
        "AT": record.at,
        "BY": actor.name if actor.kind != "device" else actor.kind,
        "WHAT": record.tag,
        "TARGET": record.target,
        "REASON": record.reason,
        "OUTCOME": record.outcome,
    }
