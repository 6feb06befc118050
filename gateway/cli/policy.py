"""``usher policy``: what an organisation asks of devices (product 4). Exit codes: ``gateway.cli.local``.

Without ``--policy`` a command means ``default``, the policy that holds for the whole organisation.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import click

from gateway.cli import policy_assignments, policy_reference, policy_rollout
from gateway.cli.api import at
from gateway.cli.declared.bodies import BESIDE_SETTINGS
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.policy_rehearsal import told
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    DifferenceList,
    Outcome,
    PolicyList,
    PolicyView,
    RehearsalView,
    RolloutView,
)
from gateway.services.effective import DEFAULT_NAME
from mdm.layers import said_by
from mdm.policy import SETTINGS, Policy
from mdm.templates import BY_NAME as TEMPLATES

_LISTS = frozenset(setting.name for setting in SETTINGS if setting.entry)

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
    found = work.api.get(_places(organisation), PolicyList)
    rows = (
        (each.name, each.version, len(said_by(each.document)), each.created_at, each.created_by)
        for each in found.items
    )
    work.show(found, lambda: table(("POLICY", "VERSION", "SAYS", "SINCE", "BY"), rows))


@policy.command()
@click.argument("organisation")
@named
@click.option("--all", "everything", is_flag=True, help="Settings that nobody set as well.")
@on_store
def show(work: Work, organisation: str, name: str, everything: bool) -> None:
    """Show the version of a policy that is in force for ORGANISATION."""
    shown = _current(work, organisation, name)
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
    start = _read(file) if file is not None else _current(work, organisation, name).document
    wanted = changed(start, given, unset)
    place = _places(organisation, name)
    if dry_run:
        said = work.api.post(f"{place}/rehearse", RehearsalView, wanted)
        work.show(said, lambda: told(said))
    else:
        _show(work, organisation, work.api.put(place, Outcome, wanted, **options))


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
    body = {"name": name, "document": wanted, "reason": options["reason"]}
    made = work.api.post(_places(organisation), PolicyView, body)
    work.show(made, lambda: f"made {name}; assign it with: usher policy assign {organisation} {name}")


@policy.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("copy")
@because
@on_store
def copy(work: Work, organisation: str, name: str, copy: str, reason: str) -> None:
    """Make the policy COPY, which says what NAME says."""
    body = {"name": copy, "copy_of": name, "reason": reason}
    made = work.api.post(_places(organisation), PolicyView, body)
    work.show(made, lambda: f"made {copy}, a copy of {name}")


@policy.command()
@click.argument("organisation")
@click.argument("name")
@because
@on_store
def delete(work: Work, organisation: str, name: str, reason: str) -> None:
    """Remove the policy NAME with all its versions; refused while it is assigned."""
    work.api.delete(_places(organisation, name), reason=reason)
    work.show({"removed": name}, lambda: f"removed {name}")


@policy.command()
@click.argument("organisation")
@named
@on_store
def versions(work: Work, organisation: str, name: str) -> None:
    """List every version of a policy of ORGANISATION."""
    found = work.api.get(_places(organisation, name) + "/versions", PolicyList)
    rows = ((each.version, each.created_at, each.created_by) for each in found.items)
    work.show(found, lambda: table(("VERSION", "SINCE", "BY"), rows))


@policy.command()
@click.argument("organisation")
@click.argument("before", type=click.IntRange(min=0))
@click.argument("after", type=click.IntRange(min=0))
@named
@on_store
def diff(work: Work, organisation: str, before: int, after: int, name: str) -> None:
    """Show what two versions of a policy ask for differently; 0 is the built-in one."""
    place = _places(organisation, name) + "/difference"
    found = work.api.get(place, DifferenceList, before=before, after=after)
    rows = [(each.name, each.before, each.after) for each in found.items]
    work.show(found, lambda: table(("SETTING", f"VERSION {before}", f"VERSION {after}"), rows))


@policy.command()
@click.argument("organisation")
@named
@on_store
def uses(work: Work, organisation: str, name: str) -> None:
    """Show for whom a policy holds: to be looked at before it is edited or removed."""
    shown = work.api.get(_places(organisation, name) + "/uses", AssignmentList)
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
    place = _places(organisation, name) + "/roll_back"
    done = work.api.post(place, Outcome, {"version": version}, minutes=minutes, reason=reason)
    _show(work, organisation, done)


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
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(text: str) -> float:
    raise ValueError(text)


def _read(file: TextIO) -> dict[str, Any]:
    try:
        document = json.load(file, parse_constant=_no_number)
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


def _show(work: Work, organisation: str, change: Outcome) -> None:
    minutes = _minutes(work, organisation, change) if not work.as_json else 0
    when = f" over {minutes} minutes" if minutes else ""
    number = change.version
    work.show(change, lambda: f"version {number} is in force; {change.devices} devices provision again{when}")


def _minutes(work: Work, organisation: str, change: Outcome) -> int:
    """The window over which a change comes to the devices; 0 for at once."""
    if change.rollout is None:
        return 0
    rollout = work.api.get(at("organisations", organisation, "policy_rollout"), RolloutView)
    return rollout.minutes if rollout.number == change.rollout else 0


def _current(work: Work, organisation: str, name: str) -> PolicyView:
    return work.api.get(_places(organisation, name), PolicyView)


def _places(organisation: str, *name: str) -> str:
    return at("organisations", organisation, "policies", *name)


for command in (*policy_assignments.COMMANDS, *policy_reference.COMMANDS, policy_rollout.rollout):
    policy.add_command(command)
