"""``usher policy rollout``: a policy change on its way to the devices (product 4.3)."""

from collections.abc import Callable

import click

from gateway.cli.local import NOT_FOUND, Work, end, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policy_views import RolloutView, progress
from gateway.records import Actor, Rollout

because = click.option("--reason", default="", help="Why; kept in the audit trail.")


@click.group()
def rollout() -> None:
    """See and steer how a policy change comes to the devices."""


@rollout.command()
@click.argument("organisation")
@on_store
def show(work: Work, organisation: str) -> None:
    """Show how far the last change of ORGANISATION has come."""
    _show(work, organisation)


@rollout.command()
@click.argument("organisation")
@on_store
def history(work: Work, organisation: str) -> None:
    """List the changes of ORGANISATION that touched devices, the newest first."""
    found = work.services.rollouts.history(organisation)
    rows = [
        (each.number, each.state, each.cause, each.started_at, each.planned, each.moved) for each in found
    ]
    items = [
        {"number": each.number, "state": each.state.value, "cause": each.cause, "planned": each.planned}
        for each in found
    ]
    headings = ("NUMBER", "STATE", "CAUSE", "STARTED", "DEVICES", "TOLD")
    work.show({"items": items}, lambda: table(headings, rows))


@rollout.command()
@click.argument("organisation")
@because
@on_store
def pause(work: Work, organisation: str, reason: str) -> None:
    """Tell no further device of ORGANISATION; those that wait keep what they have."""
    _steer(work, organisation, work.services.rollouts.pause, reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def resume(work: Work, organisation: str, reason: str) -> None:
    """Go on, later by the length of the pause."""
    _steer(work, organisation, work.services.rollouts.resume, reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def now(work: Work, organisation: str, reason: str) -> None:
    """Let everybody who waits come now, as fast as the configured rate allows."""
    _steer(work, organisation, work.services.rollouts.hasten, reason)


@rollout.command()
@click.argument("organisation")
@because
@on_store
def cancel(work: Work, organisation: str, reason: str) -> None:
    """Leave those that wait with what they have; the policy itself stays in force."""
    _steer(work, organisation, work.services.rollouts.cancel, reason)


def _steer(work: Work, organisation: str, act: Callable[[Actor, str, str], Rollout], reason: str) -> None:
    act(work.actor, organisation, reason)
    _show(work, organisation)


def _show(work: Work, organisation: str) -> None:
    found = work.services.rollouts.progress(organisation)
    if found is None:
        end("no policy change has touched a device yet", NOT_FOUND)
    shown = progress(found)
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
