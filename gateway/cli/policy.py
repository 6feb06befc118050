"""``usher policy``: what an organisation asks of devices (product 4). Exit codes: ``gateway.cli.local``.

Without ``--policy`` a command means ``default``, the policy that holds for the whole organisation.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import click

from gateway.cli import policy_assignments, policy_reference, policy_rollout
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.policy_rehearsal import told
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    PolicyList,
    assigned,
    differences,
    outcome,
    rehearsed,
    view,
)
from gateway.services.effective import DEFAULT_NAME
from gateway.services.policies import PolicyChange
from mdm.layers import said_by
from mdm.policy import SETTINGS, SWITCHES, Policy
from mdm.templates import BY_NAME as TEMPLATES

BESIDE_SETTINGS = (*SWITCHES, "refresh_hours")
"""Keys of a policy document that are no settings."""

_LISTS = frozenset(setting.name for setting in SETTINGS if setting.entry)
MINUTE_S = 60

Command = Callable[..., None]
named = click.option("--policy", "name", default=DEFAULT_NAME, help="Which policy; default without it.")
because = click.option("--reason", default="", help="Why; kept in the audit trail.")
over = click.option(
    "--over", "minutes", type=click.IntRange(min=0), help="Minutes over which the devices come back."
)


@click.group()
def policy() -> None:
    """See and change the mobile device policies of organisations."""


def changes(command: Command) -> Command:
    """The options that change a document."""
    setting = click.option(
        "--set", "given", multiple=True, metavar="NAME=VALUE", help="One setting or switch; repeatable."
    )
    unset = click.option(
        "--unset", multiple=True, metavar="NAME", help="One that nobody sets any more; repeatable."
    )
    return setting(unset(command))


@policy.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the policies of ORGANISATION."""
    found = work.services.policies.list(organisation)
    rows = (
        (each.name, each.version, len(said_by(each.document)), each.created_at, each.created_by)
        for each in found
    )
    work.show(
        PolicyList(items=[view(each) for each in found]),
        lambda: table(("POLICY", "VERSION", "SAYS", "SINCE", "BY"), rows),
    )


@policy.command()
@click.argument("organisation")
@named
@click.option("--all", "everything", is_flag=True, help="Settings that nobody set as well.")
@on_store
def show(work: Work, organisation: str, name: str, everything: bool) -> None:
    """Show the version of a policy that is in force for ORGANISATION."""
    shown = view(work.services.policies.current(organisation, name))
    head = {"policy": name, "version": shown.version, "since": shown.created_at, "by": shown.created_by}
    work.show(shown, lambda: listing(head) + "\n\n" + _settings(shown.document, everything))


@policy.command("set")
@click.argument("organisation")
@click.argument("file", type=click.File(), required=False)
@named
@changes
@over
@because
@click.option("--dry-run", is_flag=True, help="Only say whom it would touch, and who would ignore it.")
@on_store
def set_(
    work: Work, /, organisation: str, file: TextIO | None, name: str, dry_run: bool, **options: Any
) -> None:
    """Put a policy in force for ORGANISATION: the JSON document in FILE, or the present one with changes."""
    given, unset = options.pop("given"), options.pop("unset")
    if file is None and not given and not unset:
        end("nothing to set: a FILE, --set or --unset is needed", USAGE)
    policies = work.services.policies
    start = _read(file) if file is not None else view(policies.current(organisation, name)).document
    wanted = changed(start, given, unset)
    if dry_run:
        said = policies.rehearse(organisation, wanted, name=name)
        work.show(rehearsed(said), lambda: told(said))
    else:
        _show(work, policies.set_policy(work.actor, organisation, wanted, name=name, **options))


@policy.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("file", type=click.File(), required=False)
@click.option("--template", type=click.Choice(sorted(TEMPLATES)), help="Start from what others ask for.")
@changes
@because
@on_store
def create(
    work: Work, /, organisation: str, name: str, file: TextIO | None, template: str | None, **options: Any
) -> None:
    """Make the policy NAME of ORGANISATION; it holds for nobody before it is assigned."""
    start = _read(file) if file is not None else TEMPLATES[template].document if template else {}
    wanted = changed(start, options["given"], options["unset"])
    made = view(work.services.policies.create(work.actor, organisation, name, wanted, options["reason"]))
    work.show(made, lambda: f"made {name}; assign it with: usher policy assign {organisation} {name}")


@policy.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("copy")
@because
@on_store
def copy(work: Work, organisation: str, name: str, copy: str, reason: str) -> None:
    """Make the policy COPY, which says what NAME says."""
    made = view(work.services.policies.copy(work.actor, organisation, name, copy, reason))
    work.show(made, lambda: f"made {copy}, a copy of {name}")


@policy.command()
@click.argument("organisation")
@click.argument("name")
@because
@on_store
def delete(work: Work, organisation: str, name: str, reason: str) -> None:
    """Remove the policy NAME with all its versions; refused while it is assigned."""
    work.services.policies.remove(work.actor, organisation, name, reason)
    work.show({"removed": name}, lambda: f"removed {name}")


@policy.command()
@click.argument("organisation")
@named
@on_store
def versions(work: Work, organisation: str, name: str) -> None:
    """List every version of a policy of ORGANISATION."""
    found = work.services.policies.versions(organisation, name)
    rows = ((each.version, each.created_at, each.created_by) for each in found)
    work.show(
        PolicyList(items=[view(each) for each in found]), lambda: table(("VERSION", "SINCE", "BY"), rows)
    )


@policy.command()
@click.argument("organisation")
@click.argument("before", type=click.IntRange(min=0))
@click.argument("after", type=click.IntRange(min=0))
@named
@on_store
def diff(work: Work, organisation: str, before: int, after: int, name: str) -> None:
    """Show what two versions of a policy ask for differently; 0 is the built-in one."""
    found = differences(work.services.policies.difference(organisation, name, before, after))
    rows = [(each.name, each.before, each.after) for each in found.items]
    work.show(found, lambda: table(("SETTING", f"VERSION {before}", f"VERSION {after}"), rows))


@policy.command()
@click.argument("organisation")
@named
@on_store
def uses(work: Work, organisation: str, name: str) -> None:
    """Show for whom a policy holds: to be looked at before it is edited or removed."""
    found = work.services.policies.uses(organisation, name)
    labels = work.services.assignments.labels(found)
    shown = AssignmentList(items=[assigned(each, label) for each, label in labels.items()])
    everybody = "the whole organisation, below all others\n" if name == DEFAULT_NAME else ""
    work.show(shown, lambda: everybody + policy_assignments.listed(shown))


@policy.command()
@click.argument("organisation")
@click.argument("version", type=click.IntRange(min=1))
@named
@over
@because
@on_store
def rollback(
    work: Work, organisation: str, version: int, name: str, minutes: int | None, reason: str
) -> None:
    """Put VERSION of a policy of ORGANISATION in force again, as a new one."""
    policies = work.services.policies
    _show(
        work,
        policies.roll_back(work.actor, organisation, version, name=name, minutes=minutes, reason=reason),
    )


def changed(document: Mapping[str, Any], given: Sequence[str], unset: Sequence[str]) -> dict[str, Any]:
    """``document`` with some settings and switches set or no longer set."""
    result = dict(document)
    settings = result["settings"] = dict(result.get("settings", {}))
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals:
            end(f"--set {pair}: NAME=VALUE is needed", USAGE)
        (result if name in BESIDE_SETTINGS else settings)[name] = _value(text)
    for name in unset:
        _unset(result if name in BESIDE_SETTINGS else settings, name)
    return result


def _unset(values: dict[str, Any], name: str) -> None:
    """A list that was sent once has to be sent empty, or devices would keep it (``mdm.policy``)."""
    if name in values and name in _LISTS:
        values[name] = None
    else:
        values.pop(name, None)


def _value(text: str) -> Any:
    """JSON, or the text itself, which ``mdm.policy`` refuses by name where no text belongs."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(file: TextIO) -> dict[str, Any]:
    try:
        document = json.load(file)
    except (ValueError, RecursionError):
        end(f"{file.name}: no JSON", USAGE)
    if not isinstance(document, dict) or not isinstance(document.get("settings", {}), dict):
        end(f"{file.name}: no policy document", USAGE)
    return document


def _settings(document: Mapping[str, Any], everything: bool) -> str:
    held = Policy.from_document(document)
    said = said_by(document)
    rows: list[tuple[object, ...]] = [
        (name, getattr(held, name), _mark(name, said), "") for name in BESIDE_SETTINGS
    ]
    rows += [
        (
            setting.name,
            held.value(setting.name),
            _mark(setting.name, said),
            setting.label or setting.title,
        )
        for setting in SETTINGS
        if everything or setting.label or setting.name in held.settings
    ]
    return table(("SETTING", "VALUE", "SAID", "MEANING"), rows)


def _mark(name: str, said: Mapping[str, Any]) -> str:
    return "yes" if name in said else ""


def _show(work: Work, change: PolicyChange) -> None:
    number, rollout = change.version.version, change.rollout
    spread = rollout is not None and rollout.window_s >= MINUTE_S
    when = f" over {rollout.window_s // MINUTE_S} minutes" if rollout is not None and spread else ""
    work.show(
        outcome(change),
        lambda: f"version {number} is in force; {change.devices} devices provision again{when}",
    )


for command in (*policy_assignments.COMMANDS, *policy_reference.COMMANDS, policy_rollout.rollout):
    policy.add_command(command)
