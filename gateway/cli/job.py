"""``usher job``: off-boardings, running and done (product 5.6). Exit codes: ``gateway.cli.local``."""

import time

import click

from gateway.cli.api import at
from gateway.cli.local import FAILED, Work, end, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.order_views import JobList, JobView
from gateway.records import JobState

LOOK_EVERY_S = 0.5
HEADINGS = ("JOB", "KIND", "ABOUT", "BEGUN BY", "DEADLINE", "PROGRESS")


@click.group()
def job() -> None:
    """See and cancel off-boardings."""


@job.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the jobs of ORGANISATION, the youngest first."""
    found = work.api.whole(at("organisations", organisation, "jobs"), JobList)
    rows = (
        (each.id, each.kind, each.document.get("address"), each.created_by, each.deadline, each.words)
        for each in found.items
    )
    work.show(found, lambda: table(HEADINGS, rows))


@job.command()
@click.argument("organisation")
@click.argument("identity", metavar="JOB")
@on_store
def show(work: Work, organisation: str, identity: str) -> None:
    """Show one JOB, with its report when it is done."""
    show_job(work, work.api.get(_place(organisation, identity), JobView))


@job.command()
@click.argument("organisation")
@click.argument("identity", metavar="JOB")
@click.option("--reason", default="", help="Why; the audit trail keeps it.")
@on_store
def cancel(work: Work, organisation: str, identity: str, reason: str) -> None:
    """Stop a JOB before its next step, and take back what no device has fetched."""
    place = _place(organisation, identity)
    show_job(work, work.api.post(f"{place}/cancel", JobView, {"reason": reason}))


def show_job(work: Work, shown: JobView) -> None:
    """Print a job, or for programs the document that the REST API answers."""
    values = shown.model_dump(exclude={"document"})
    devices = {f"device {name}": words for name, words in shown.document.get("devices", {}).items()}
    work.show(shown, lambda: listing(values | devices))


def watch_job(work: Work, found: JobView) -> None:
    """Tell each step of a job until it has ended."""
    told = ""
    while True:
        if (words := found.words) != told and not work.as_json:
            click.echo(words)
        told = words
        if found.state is not JobState.RUNNING:
            break
        time.sleep(LOOK_EVERY_S)
        found = work.api.get(_place(found.organisation, found.id), JobView)
    if found.state is JobState.CANCELLED:
        end("the job was cancelled", FAILED)
    show_job(work, found)


def _place(organisation: str, identity: str) -> str:
    return at("organisations", organisation, "jobs", identity)
