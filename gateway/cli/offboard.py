"""``usher offboard``: wipe all devices of a user, wait for them, block, disable, report (product 5.6).

The job is done by the gateway's administration process and survives its restarts; ``usher job`` shows it.
"""

import re
from datetime import timedelta

import click

from gateway.cli.api import at
from gateway.cli.found import owner
from gateway.cli.job import show_job, watch_job
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.endpoints.api.order_views import JobView
from mdm.device import WipeKind

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
FORM = "a deadline is a number and m, h or d: 30m, 12h, 2d"


@click.command()
@click.argument("address")
@click.option("--deadline", default="2d", show_default=True, help="How long devices may take to be wiped.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in WipeKind]),
    default=WipeKind.ACCOUNT.value,
    show_default=True,
    help="account: what the devices synced. device: everything on them, and only with a reason.",
)
@click.option("--reason", default="", help="Why; the audit trail keeps it.")
@click.option("--wait", is_flag=True, help="Stay until the job has ended.")
@on_store
def offboard(work: Work, address: str, deadline: str, kind: str, reason: str, wait: bool) -> None:
    """Off-board the user with this ADDRESS."""
    user = owner(work, address)
    body = {"kind": kind, "wait_s": int(read_span(deadline).total_seconds()), "reason": reason}
    job = work.api.post(at("organisations", user.organisation, "users", user.id, "offboard"), JobView, body)
    if wait:
        watch_job(work, job)
    else:
        show_job(work, job)


def read_span(text: str) -> timedelta:
    """A span of time as typed; ends the command for anything else."""
    parts = re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip())
    if parts is None:
        end(FORM, USAGE)
    return int(parts[1]) * UNITS[parts[2]]
