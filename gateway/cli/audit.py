"""``usher audit``: who did what, and whether the trail can be believed (product 8). Exit codes:
``gateway.cli.local``; 1 as well for a trail or a file that is not sound."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.audit_files import archive, verify_file
from gateway.cli.device_named import meant
from gateway.cli.local import FAILED, Work, end, on_store
from gateway.cli.moments import read_time
from gateway.cli.paging import show_pages
from gateway.cli.private_files import new_file
from gateway.cli.tables import cell, visible
from gateway.endpoints.api.audit import AuditChoice, KeyView, RecordList, RecordView, ReportView, question
from gateway.endpoints.api.audit import report_view as reported
from gateway.records import AuditTag
from gateway.services.audit_export import line
from gateway.services.audit_files import checkpoints_of

HEADINGS = ("NUMBER", "AT", "BY", "WHAT", "TARGET", "REASON", "OUTCOME")
PAGE = 1000

_CHOICES: tuple[Callable[[Any], Any], ...] = (
    click.option("--org", "organisation", help="Alias or id; of a removed one the id."),
    click.option("--user", help="Address or id: records about the user and about each device."),
    click.option("--device", "device_id", metavar="DEVICEID", help="With --user: one device."),
    click.option("--target", help="USER-ID/DEVICEID, a user's id, a domain."),
    click.option("--tag", type=click.Choice([tag.value for tag in AuditTag]), help="What happened."),
    click.option("--actor", help="Who did it, as the trail names them."),
    click.option("--since", help="From then on, such as 2030-01-31T12:00:00Z."),
    click.option("--until", help="Before then."),
    click.option("--outcome", type=click.Choice(["done", "refused"])),
    click.option("--after", type=click.IntRange(min=0), default=0, help="Only records with a higher number."),
)


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which records."""
    for option in reversed(_CHOICES):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Read, verify and archive the audit trail."""


audit.add_command(archive)
audit.add_command(verify_file)


@audit.command("list")
@_choosing
@click.option("--newest-first", is_flag=True)
@click.option("--limit", type=click.IntRange(min=1), help="Records at most.")
@on_store
def list_(work: Work, /, limit: int | None, newest_first: bool, **chosen: Any) -> None:
    """List the audit trail in its order."""
    asked = {**_query(chosen), "limit": min(limit or PAGE, PAGE)}
    pages = work.api.pages(at("audit"), RecordList, newest_first=newest_first or None, **asked)
    show_pages(work, _limited(pages, limit), HEADINGS, _row)


@audit.command()
@_choosing
@on_store
def export(work: Work, /, **chosen: Any) -> None:
    """Print records as lines of JSON in the field layout of CloudTrail."""
    asked = _query(chosen)
    if work.here is not None:
        wanted = question(work.here, AuditChoice.model_validate(asked))
        lines: Iterable[str] = map(line, work.here.audit.export(work.actor, wanted))
    else:
        lines = work.api.lines(at("audit", "export"), **asked)
    for each in lines:
        sys.stdout.write(f"{each}\n")


@audit.command()
@click.option(
    "--checkpoints",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File or log with checkpoints that were kept elsewhere; on the gateway's machine only.",
)
@on_store
def verify(work: Work, checkpoints: Path | None) -> None:
    """Go over the whole trail: what was edited, removed, inserted, moved or rewritten."""
    if checkpoints is None:
        report = work.api.post(at("audit", "verify"), ReportView)
    else:
        with checkpoints.open(encoding="utf-8", errors="replace") as file:
            report = reported(work.services.audit_verifier.verify(checkpoints_of(file)))
    work.show(report, lambda: _told(report))
    if not report.sound:
        end("the trail is not sound", FAILED)


@audit.command()
@on_store
def key(work: Work) -> None:
    """Show the public key with which checkpoints and archives are verified."""
    shown = work.api.get(at("audit", "key"), KeyView)
    work.show(shown, lambda: f"{shown.public}# {shown.name}")


@audit.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@click.option("--org", "organisation", help="For a user who is gone, with the id as ADDRESS.")
@click.option("--html", "html", type=click.Path(path_type=Path), required=True, help="A new file.")
@on_store
def report(work: Work, address: str, device_id: str, organisation: str | None, html: Path) -> None:
    """Write all that there is about one device as a page to print."""
    if organisation is not None:
        place = at("organisations", organisation, "devices", address, device_id, "report")
    else:
        place = meant(work, address, device_id).place("report")
    page = work.api.send("GET", place).content
    with new_file(html) as file:
        file.write(page)
    work.show({"file": str(html)}, lambda: f"wrote {visible(str(html))}")


def _query(chosen: dict[str, Any]) -> dict[str, Any]:
    times = {name: read_time(chosen.pop(name)) for name in ("since", "until")}
    told = {name: at.isoformat() for name, at in times.items() if at is not None}
    return {name: value for name, value in {**chosen, **told}.items() if value}


def _limited(pages: Iterable[RecordList], limit: int | None) -> Iterator[RecordList]:
    left = limit
    for page in pages:
        items = page.items if left is None else page.items[:left]
        yield RecordList(items=items, next=None)
        left = None if left is None else left - len(items)
        if left == 0:
            return


def _row(record: RecordView) -> tuple[object, ...]:
    """A device is its own target mostly, and its name is long: who did it is told by the kind then."""
    actor = record.actor
    by = actor.name if actor.kind != "device" else actor.kind
    return record.sequence, record.at, by, record.tag, record.target, record.reason, record.outcome


def _told(report: ReportView) -> str:
    lines = [f"records {report.first} to {report.last}: {report.count} verified"]
    if report.archived:
        lines.append(f"records up to {report.archived} are in archives")
    signed = report.checkpoint
    last = partial("last checkpoint: record {} at {}, signed with {}".format)
    lines.append(last(signed.sequence, cell(signed.at), signed.key) if signed else "no checkpoint")
    lines += [each.words for each in report.findings]
    return "\n".join([*lines, "the trail is sound"] if report.sound else lines)
