"""``usher policy assign``, ``unassign``, ``assignments`` and ``effective`` (product 4.2)."""

from collections.abc import Callable
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.found import owner
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.policy_rehearsal import told
from gateway.cli.tables import table
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    AssignmentOutcome,
    EffectiveView,
    OriginView,
    RehearsalView,
)


def _meant(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say whom an assignment means: exactly one of them."""
    options = (
        click.option("--organisation", "everybody", is_flag=True, help="The whole organisation."),
        click.option("--domain", help="All whose primary address is there."),
        click.option("--group", help="Its members, of nested groups too: name, address or id."),
        click.option("--user", help="Address or id."),
        click.option("--device", nargs=2, metavar="USER DEVICE", help="One device of a user."),
        click.option("--over", "minutes", type=click.IntRange(min=0), help="Minutes to spread it over."),
        click.option("--reason", default="", help="Why; kept in the audit trail."),
        click.option("--dry-run", is_flag=True, help="Only say whom it would touch."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("home", metavar="ORGANISATION")
@click.argument("policy")
@_meant
@click.option("--priority", type=int, default=0, help="The highest one wins among those of one kind.")
@on_store
def assign(work: Work, /, home: str, policy: str, priority: int, **options: Any) -> None:
    """Let POLICY hold for somebody, over the organisation's own; the most specific wins field by field."""
    body = {"policy": policy, "priority": priority, **_target(options)}
    if options["dry_run"]:
        _rehearse(work, home, body)
    else:
        done = work.api.put(_place(home), AssignmentOutcome, body | _manner(options))
        _show(work, done, "holds")


@click.command()
@click.argument("home", metavar="ORGANISATION")
@click.argument("policy")
@_meant
@on_store
def unassign(work: Work, /, home: str, policy: str, **options: Any) -> None:
    """Let POLICY hold no more for somebody."""
    body = {"policy": policy, **_target(options)}
    if options["dry_run"]:
        _rehearse(work, home, body | {"away": True})
    else:
        done = work.api.post(f"{_place(home)}/remove", AssignmentOutcome, body | _manner(options))
        _show(work, done, "holds no more")


@click.command("assignments")
@click.argument("organisation")
@on_store
def assignments(work: Work, organisation: str) -> None:
    """List who is under which policy beside the organisation's own, the widest first."""
    shown = work.api.get(_place(organisation), AssignmentList)
    work.show(shown, lambda: listed(shown))


@click.command()
@click.argument("user")
@click.argument("device")
@click.option("--all", "everything", is_flag=True, help="Built-in defaults as well.")
@on_store
def effective(work: Work, user: str, device: str, everything: bool) -> None:
    """Show what DEVICE of USER is asked for, and which policy decided every value."""
    whose = owner(work, user)
    place = at("organisations", whose.organisation, "devices", whose.id, device, "policy")
    shown = work.api.get(place, EffectiveView)
    rows = [(each.name, each.value, _origin(each)) for each in shown.values if everything or each.policy]
    head = shown.policies or "the built-in policy"
    work.show(shown, lambda: f"{head}\n\n" + table(("SETTING", "VALUE", "DECIDED BY"), rows))


COMMANDS = (assign, unassign, assignments, effective)


def listed(shown: AssignmentList) -> str:
    """Assignments as a table."""
    rows = ((each.policy, each.reach, each.label, each.device_id, each.priority) for each in shown.items)
    return table(("POLICY", "FOR", "WHOM", "DEVICE", "PRIORITY"), rows)


def _target(options: dict[str, Any]) -> dict[str, Any]:
    given = [
        {"reach": reach, "target": options[reach]}
        for reach in ("domain", "group", "user")
        if options[reach] is not None
    ]
    if options["everybody"]:
        given.append({"reach": "organisation"})
    if options["device"]:
        user, device_id = options["device"]
        given.append({"reach": "device", "target": user, "device_id": device_id})
    if len(given) != 1:
        end("exactly one of --organisation, --domain, --group, --user and --device is needed", USAGE)
    return given[0]


def _manner(options: dict[str, Any]) -> dict[str, Any]:
    return {"minutes": options["minutes"], "reason": options["reason"]}


def _origin(each: OriginView) -> str:
    if not each.policy:
        return "built-in default"
    return f"{each.policy}@{each.version} ({' '.join(filter(None, (each.reach, each.target)))})"


def _rehearse(work: Work, organisation: str, body: dict[str, Any]) -> None:
    said = work.api.post(f"{_place(organisation)}/rehearse", RehearsalView, body)
    work.show(said, lambda: told(said))


def _show(work: Work, done: AssignmentOutcome, verb: str) -> None:
    whom = " ".join(filter(None, (done.reach, done.label, done.device_id)))
    work.show(done, lambda: f"{done.policy} {verb} for {whom}; {done.devices} devices provision again")


def _place(organisation: str) -> str:
    return at("organisations", organisation, "policy_assignments")
