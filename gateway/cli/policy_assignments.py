"""``usher policy assign``, ``unassign``, ``assignments`` and ``effective`` (product 4.2)."""

from collections.abc import Callable
from typing import Any

import click

from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.policy_rehearsal import told
from gateway.cli.tables import table
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    OriginView,
    assigned,
    assignment_outcome,
    effective_view,
    rehearsed,
)
from gateway.services.assignments import AssignmentChange, Target
from mdm.layers import Reach


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
    target, assignments = _target(options), work.services.assignments
    if options["dry_run"]:
        said = assignments.rehearse(home, target, policy, priority=priority)
        work.show(rehearsed(said), lambda: told(said))
        return
    _show(
        work,
        assignments.assign(work.actor, home, target, policy, priority=priority, **_manner(options)),
        "holds",
    )


@click.command()
@click.argument("home", metavar="ORGANISATION")
@click.argument("policy")
@_meant
@on_store
def unassign(work: Work, /, home: str, policy: str, **options: Any) -> None:
    """Let POLICY hold no more for somebody."""
    target, assignments = _target(options), work.services.assignments
    if options["dry_run"]:
        said = assignments.rehearse(home, target, policy, away=True)
        work.show(rehearsed(said), lambda: told(said))
        return
    change = assignments.unassign(work.actor, home, target, policy, **_manner(options))
    _show(work, change, "holds no more")


@click.command("assignments")
@click.argument("organisation")
@on_store
def assignments(work: Work, organisation: str) -> None:
    """List who is under which policy beside the organisation's own, the widest first."""
    labels = work.services.assignments.labels(work.services.assignments.list(organisation))
    shown = AssignmentList(items=[assigned(each, label) for each, label in labels.items()])
    work.show(shown, lambda: listed(shown))


@click.command()
@click.argument("user")
@click.argument("device")
@click.option("--all", "everything", is_flag=True, help="Built-in defaults as well.")
@on_store
def effective(work: Work, user: str, device: str, everything: bool) -> None:
    """Show what DEVICE of USER is asked for, and which policy decided every value."""
    owner = work.services.users.get(user)
    key = work.services.finder.device(owner.organisation, owner.id, device).key
    shown = effective_view(work.services.assignments.effective(key))
    rows = [(each.name, each.value, _origin(each)) for each in shown.values if everything or each.policy]
    head = shown.policies or "the built-in policy"
    work.show(shown, lambda: f"{head}\n\n" + table(("SETTING", "VALUE", "DECIDED BY"), rows))


COMMANDS = (assign, unassign, assignments, effective)


def listed(shown: AssignmentList) -> str:
    """Assignments as a table."""
    rows = ((each.policy, each.reach, each.label, each.device_id, each.priority) for each in shown.items)
    return table(("POLICY", "FOR", "WHOM", "DEVICE", "PRIORITY"), rows)


def _target(options: dict[str, Any]) -> Target:
    given = [
        Target(reach, options[name])
        for reach, name in ((Reach.DOMAIN, "domain"), (Reach.GROUP, "group"), (Reach.USER, "user"))
        if options[name] is not None
    ]
    if options["everybody"]:
        given.append(Target(Reach.ORGANISATION))
    if options["device"]:
        given.append(Target(Reach.DEVICE, *options["device"]))
    if len(given) != 1:
        end("exactly one of --organisation, --domain, --group, --user and --device is needed", USAGE)
    return given[0]


def _manner(options: dict[str, Any]) -> dict[str, Any]:
    return {"minutes": options["minutes"], "reason": options["reason"]}


def _origin(each: OriginView) -> str:
    if not each.policy:
        return "built-in default"
    return f"{each.policy}@{each.version} ({' '.join(filter(None, (each.reach, each.target)))})"


def _show(work: Work, change: AssignmentChange, verb: str) -> None:
    each = change.assignment
    label = work.services.assignments.labels([each])[each]
    whom = " ".join(filter(None, (each.reach.name.lower(), label, each.device_id)))
    work.show(
        assignment_outcome(change, label),
        lambda: f"{each.policy} {verb} for {whom}; {change.devices} devices provision again",
    )
