"""``usher policy rollout``: a policy change on its way to the devices (product 4.3)."""

import click

from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policy_views import RolloutList, RolloutView

because = click.option("--reason", default="", help="Why; kept in the audit trail.")


@click.group()
def rollout() -> None:
    """See and steer how a policy change comes to the devices."""


@rollout.command()
@click.argument("organisation")
@on_store
def show(work: Work, organisation: str) -> None:
    """Show how far the last change of ORGANISATION has come."""
    _show(work, work.api.get(_place(organisation), RolloutView))


@rollout.command()
@click.argument("organisation")
@on_store
def history(work: Work, organisation: str) -> None:
    """List the changes of ORGANISATION that touched devices, the newest first."""
    found = work.api.get(f"{_place(organisation)}/history", RolloutList)
    rows = (
        (each.number, each.state, each.cause, each.started_at, each.planned, each.moved)
        for each in found.items
    )
    headings = ("NUMBER", "STATE", "CAUSE", "STARTED", "DEVICES", "TOLD")
    work.show(found, lambda: table(headings, rows))


@rollout.command()
@click.argument("organisation")
@because
@on_store
def pause(work: Work, organisation: str, reason: str) -> None:
    """Tell no further device of ORGANISATION; those that wait keep what they have."""
    _steer(work, organisation, "pause", reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def resume(work: Work, organisation: str, reason: str) -> None:
    """Go on, later by the length of the pause."""
    _steer(work, organisation, "resume", reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def now(work: Work, organisation: str, reason: str) -> None:
    """Let everybody who waits come now, as fast as the configured rate allows."""
    _steer(work, organisation, "now", reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def cancel(work: Work, organisation: str, reason: str) -> None:
    """Leave those that wait with what they have; the policy itself stays in force."""
    _steer(work, organisation, "cancel", reason)


def _steer(work: Work, organisation: str, verb: str, reason: str) -> None:
    _show(work, work.api.post(f"{_place(organisation)}/{verb}", RolloutView, {"reason": reason}))


def _place(organisation: str) -> str:
    return at("organisations", organisation, "policy_rollout")


def _show(work: Work, shown: RolloutView) -> None:
    work.show(shown, lambda: _told(shown))


def _told(shown: RolloutView) -> str:
    head = listing(
        {
            "change": f"{shown.number}: {shown.cause}",
            "state": shown.state,
            "started": shown.started_at,
            "by": shown.started_by,
            "window": f"{shown.minutes} minutes" if shown.minutes else "at once",
            "rate": f"{shown.per_minute} a minute" if shown.per_minute else "",
            "ended": shown.ended_at,
        }
    )
    left = f", {shown.behind} keep an older policy" if shown.behind else ""
    return (
        f"{head}\n\n{shown.planned} devices: {shown.moved} told, {shown.came} came by themselves, "
        f"{shown.waiting} waiting{left}"
    )
