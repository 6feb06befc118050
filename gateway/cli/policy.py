"""``usher policy``: what an organisation asks of devices (product 4). Exit codes: ``gateway.cli.local``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policies import PolicyList, outcome, view
from gateway.services.policies import PolicyChange
from mdm.policy import SETTINGS, SWITCHES, Policy

BESIDE_SETTINGS = (*SWITCHES, "refresh_hours")
"""Keys of a policy document that are no settings."""


@click.group()
def policy() -> None:
    """See and change the mobile device policy of organisations."""


@policy.command()
@click.argument("organisation")
@click.option("--all", "everything", is_flag=True, help="Settings that nobody set as well.")
@on_store
def show(work: Work, organisation: str, everything: bool) -> None:
    """Show the policy in force for ORGANISATION."""
    shown = view(work.services.policies.current(organisation))
    head = {"version": shown.version, "since": shown.created_at, "by": shown.created_by}
    work.show(shown, lambda: listing(head) + "\n\n" + _settings(shown.document, everything))


@policy.command("set")
@click.argument("organisation")
@click.argument("file", type=click.File(), required=False)
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="One setting or switch; repeatable."
)
@click.option("--unset", multiple=True, metavar="NAME", help="One that nobody sets any more; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only say how many devices it would touch.")
@on_store
def set_(
    work: Work,
    organisation: str,
    file: TextIO | None,
    given: Sequence[str],
    unset: Sequence[str],
    dry_run: bool,
) -> None:
    """Put a policy in force for ORGANISATION: the JSON document in FILE, or the present one with changes."""
    if file is None and not given and not unset:
        end("nothing to set: a FILE, --set or --unset is needed", USAGE)
    start = _read(file) if file is not None else view(work.services.policies.current(organisation)).document
    wanted = changed(start, given, unset)
    if dry_run:
        touched = work.services.policies.rehearse(organisation, wanted)
        work.show({"devices": touched}, lambda: f"{touched} devices would provision again")
    else:
        _show(work, work.services.policies.set_policy(work.actor, organisation, wanted))


@policy.command()
@click.argument("organisation")
@on_store
def versions(work: Work, organisation: str) -> None:
    """List every version that was in force for ORGANISATION."""
    found = work.services.policies.versions(organisation)
    rows = ((each.version, each.created_at, each.created_by) for each in found)
    work.show(
        PolicyList(items=[view(each) for each in found]), lambda: table(("VERSION", "SINCE", "BY"), rows)
    )


@policy.command()
@click.argument("organisation")
@click.argument("version", type=click.IntRange(min=1))
@on_store
def rollback(work: Work, organisation: str, version: int) -> None:
    """Put VERSION of ORGANISATION's policy in force again, as a new one."""
    _show(work, work.services.policies.roll_back(work.actor, organisation, version))


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
        (result if name in BESIDE_SETTINGS else settings).pop(name, None)
    return result


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
    rows: list[tuple[object, ...]] = [(name, document[name], "") for name in BESIDE_SETTINGS]
    rows += [
        (setting.name, held.value(setting.name), setting.label or setting.title)
        for setting in SETTINGS
        if everything or setting.label or setting.name in held.settings
    ]
    return table(("SETTING", "VALUE", "MEANING"), rows)


def _show(work: Work, change: PolicyChange) -> None:
    number, devices = change.version.version, change.devices
    work.show(outcome(change), lambda: f"version {number} is in force; {devices} devices provision again")
