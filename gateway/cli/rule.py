"""``usher rule``: access rules, overrides and why somebody is let in (product 6). Exit codes:
``gateway.cli.local``."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import click

from gateway.cli import rule_texts
from gateway.cli.api import at
from gateway.cli.found import owner
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.moments import read_time
from gateway.cli.tables import listing, table
from gateway.endpoints.api.rule_views import (
    DecisionView,
    ImportedView,
    RehearsalView,
    RuleBookList,
    RuleBookView,
    SavedView,
)
from gateway.endpoints.api.rules import ExpectedList, LintList, OverrideView
from gateway.errors import GatewayError, Kind
from mdm.device import AccessLevel
from mdm.rules import Mode

LEVELS = [level.value for level in AccessLevel]
BY_RULE = "rules"

_FORCE = click.option("--force", is_flag=True, help="Even if nobody, or everybody, would be let in.")


@click.group()
def rule() -> None:
    """See, change and try the access rules of organisations."""


def _conditions(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say when a rule matches."""
    text = "CRITERION=VALUE; repeatable, several values of one criterion are alternatives."
    negated = click.option("--is-not", "excluded", multiple=True, metavar="C=VALUE", help=f"Not {text}")
    return click.option("--is", "wanted", multiple=True, metavar="C=VALUE", help=text)(negated(command))


@rule.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the rules of ORGANISATION; they have no order."""
    book = work.api.get(_rules(organisation), RuleBookView)
    head = f"version {book.version}, {book.mode.value} semantics"
    work.show(book, lambda: f"{head}\n\n{rule_texts.rules(book.rules)}")


@rule.command()
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@on_store
def show(work: Work, organisation: str, named: str) -> None:
    """Show RULE, by id or name."""
    found = work.api.send("GET", _one(work, organisation, named)).json()
    told = {name: value for name, value in found.items() if name != "conditions"}
    work.show(found, lambda: listing({**told, "when": rule_texts.when(found)}))


@rule.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("effect", type=click.Choice(LEVELS))
@_conditions
@click.option("--id", default="", help="Its id; without one it is made of the name.")
@click.option("--description", default="")
@_FORCE
@on_store
def add(
    work: Work,
    /,
    organisation: str,
    wanted: Sequence[str],
    excluded: Sequence[str],
    force: bool,
    **given: Any,
) -> None:
    """Add a rule called NAME to ORGANISATION."""
    document = {**given, "conditions": read_conditions(wanted, excluded)}
    _saved(work, work.api.post(_rules(organisation), SavedView, document, force=force))


@rule.command("set")
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@click.option("--name")
@click.option("--effect", type=click.Choice(LEVELS))
@click.option("--description")
@_conditions
@_FORCE
@on_store
def set_(
    work: Work,
    /,
    organisation: str,
    named: str,
    wanted: Sequence[str],
    excluded: Sequence[str],
    force: bool,
    **given: Any,
) -> None:
    """Change RULE; what is not named stays, and conditions are replaced all together."""
    document = {name: value for name, value in given.items() if value is not None}
    if wanted or excluded:
        document["conditions"] = read_conditions(wanted, excluded)
    _saved(work, work.api.patch(_one(work, organisation, named), SavedView, document, force=force))


def _switched(work: Work, organisation: str, named: str, *, enabled: bool, force: bool) -> None:
    document = {"enabled": enabled}
    _saved(work, work.api.patch(_one(work, organisation, named), SavedView, document, force=force))


@rule.command()
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@_FORCE
@on_store
def enable(work: Work, organisation: str, named: str, force: bool) -> None:
    """Let RULE speak."""
    _switched(work, organisation, named, enabled=True, force=force)


@rule.command()
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@_FORCE
@on_store
def disable(work: Work, organisation: str, named: str, force: bool) -> None:
    """Keep RULE, but let it say nothing."""
    _switched(work, organisation, named, enabled=False, force=force)


@rule.command()
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@_FORCE
@on_store
def remove(work: Work, organisation: str, named: str, force: bool) -> None:
    """Remove RULE."""
    answer = work.api.send("DELETE", _one(work, organisation, named), query={"force": force})
    _saved(work, SavedView.model_validate_json(answer.content))


@rule.command()
@click.argument("organisation")
@click.argument("file", type=click.File())
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), help="Whose semantics they follow.")
@click.option("--dry-run", is_flag=True, help="Only say whom it would cut off or let in.")
@_FORCE
@on_store
def replace(
    work: Work, organisation: str, file: TextIO, mode: str | None, dry_run: bool, force: bool
) -> None:
    """Put the rules in FILE in force, all or nothing: a JSON list, or what ``export`` wrote."""
    body = {"rules": _documents(read_json(file)), "mode": mode}
    if dry_run:
        told = work.api.post(f"{_rules(organisation)}/rehearse", RehearsalView, body)
        work.show(told, lambda: rule_texts.rehearsal(told))
    else:
        _saved(work, work.api.put(_rules(organisation), SavedView, body, force=force))


@rule.command()
@click.argument("organisation")
@on_store
def export(work: Work, organisation: str) -> None:
    """Print the rules of ORGANISATION as a file for ``replace``."""
    click.echo(work.api.get(_rules(organisation), RuleBookView).model_dump_json(indent=2))


@rule.command("import")
@click.argument("organisation")
@click.argument("file", type=click.File())
@_FORCE
@on_store
def import_(work: Work, organisation: str, file: TextIO, force: bool) -> None:
    """Bring rules and overrides over from Amazon WorkMail.

    FILE is what list-mobile-device-access-rules, list-mobile-device-access-overrides and list-users print,
    each alone or their members in one object.
    """
    document = read_json(file)
    if not isinstance(document, dict):
        end(f"{file.name}: no JSON object", USAGE)
    done = work.api.post(f"{_rules(organisation)}/import", ImportedView, document, force=force)
    unknown = [f"no such user here: {each}" for each in done.unknown]
    told = f"{done.rules} rules are in force and {done.overrides} overrides are set"
    work.show(done, lambda: "\n".join([told, *unknown]))


@rule.command()
@click.argument("organisation")
@click.option("--user", default="", help="Address or id.")
@click.option("--device", "device_id", default="", help="DeviceId of a known device of that user.")
@click.option("--type", "device_type", help="Device type.")
@click.option("--model")
@click.option("--os")
@click.option("--user-agent")
@click.option("--version", "protocol_version", help="Protocol version.")
@click.option("--ip", help="Source address.")
@click.option("--group", "groups", multiple=True, help="As if it were in this group too; repeatable.")
@click.option("--protocol", type=click.Choice(["activesync", "autodiscover"]), default="activesync")
@click.option("--imagined", is_flag=True, help="As if this device came now for the first time.")
@on_store
def test(work: Work, /, organisation: str, **given: Any) -> None:
    """Say why a device is let in or not: a known one, or one that is imagined by the options."""
    place = at("organisations", organisation, "access", "decision")
    decision = work.api.post(place, DecisionView, {**given, "groups": list(given["groups"])})
    work.show(decision, lambda: rule_texts.decision(decision))


@rule.command()
@click.argument("organisation")
@on_store
def lint(work: Work, organisation: str) -> None:
    """Say what is suspicious about the rules of ORGANISATION."""
    found = work.api.get(f"{_rules(organisation)}/lint", LintList)
    work.show(found, lambda: "\n".join(rule_texts.lints(found.items)) or "nothing suspicious")


@rule.command()
@click.argument("organisation")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@_FORCE
@on_store
def mode(work: Work, organisation: str, mode: str, force: bool) -> None:
    """Let the rules of ORGANISATION follow the semantics of MODE."""
    place = at("organisations", organisation, "access", "mode")
    _saved(work, work.api.put(place, SavedView, {"mode": mode}, force=force))


@rule.command()
@click.argument("organisation")
@on_store
def versions(work: Work, organisation: str) -> None:
    """List the versions that can be put in force again."""
    found = work.api.get(f"{_rules(organisation)}/versions", RuleBookList)
    rows = ((each.version, len(each.rules), each.created_at, each.created_by) for each in found.items)
    work.show(found, lambda: table(("VERSION", "RULES", "SINCE", "BY"), rows))


@rule.command()
@click.argument("organisation")
@click.argument("version", type=click.IntRange(min=0))
@_FORCE
@on_store
def rollback(work: Work, organisation: str, version: int, force: bool) -> None:
    """Put VERSION in force again, as a new one; 0 is the set without a rule."""
    place = f"{_rules(organisation)}/roll_back"
    _saved(work, work.api.post(place, SavedView, {"version": version}, force=force))


@rule.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@click.argument("level", type=click.Choice([*LEVELS, BY_RULE]))
@click.option("--reason", default="", help="Why; the audit trail keeps it.")
@click.option("--until", help="When it ends, such as 2030-01-31T12:00:00Z.")
@on_store
def override(work: Work, address: str, device_id: str, level: str, reason: str, until: str | None) -> None:
    """Decide about one device of the user with this ADDRESS, whatever the rules say.

    The device may be yet to come.
    """
    user, device, ends = owner(work, address), device_id.upper(), read_time(until)
    place = at("organisations", user.organisation, "access", "overrides", user.id, device)
    body = {
        "level": None if level == BY_RULE else level,
        "reason": reason,
        "until": ends.isoformat() if ends else None,
    }
    done = work.api.put(place, OverrideView, body)
    if done.device is not None:
        work.show(done.device, lambda: f"{device}: {level}")
    elif done.expected is not None:
        work.show(done.expected, lambda: f"{device}: {level}, when it comes")
    else:
        work.show({"removed": device}, lambda: f"{device} is not expected any more")


@rule.command()
@click.argument("organisation")
@on_store
def expected(work: Work, organisation: str) -> None:
    """List overrides that wait for their devices."""
    found = work.api.get(at("organisations", organisation, "access", "overrides"), ExpectedList)
    rows = ((each.user, each.device_id, each.level, each.until, each.reason) for each in found.items)
    work.show(found, lambda: table(("USER", "DEVICEID", "LEVEL", "UNTIL", "REASON"), rows))


def read_conditions(wanted: Sequence[str], excluded: Sequence[str]) -> list[dict[str, Any]]:
    """Conditions of ``CRITERION=VALUE`` texts; the values of one criterion become one list."""
    lists: dict[tuple[str, str], list[str]] = {}
    for way, texts in (("is", wanted), ("is_not", excluded)):
        for text in texts:
            criterion, equals, value = text.partition("=")
            if not equals:
                end(f"{text}: CRITERION=VALUE is needed", USAGE)
            lists.setdefault((criterion, way), []).append(value)
    return [{"criterion": criterion, way: values} for (criterion, way), values in lists.items()]


def read_json(file: TextIO) -> Any:
    """What a file holds; ends the command when that is no JSON."""
    try:
        return json.load(file)
    except (ValueError, RecursionError):
        end(f"{file.name}: no JSON", USAGE)


def _documents(read: Any) -> list[dict[str, Any]]:
    found = read.get("rules") if isinstance(read, dict) else read
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        end("a JSON list of rules is needed", USAGE)
    return [
        {name: value for name, value in each.items() if name not in ("created_at", "changed_at")}
        for each in found
    ]


def _saved(work: Work, done: SavedView) -> None:
    work.show(done, lambda: rule_texts.saved(done))


def _one(work: Work, organisation: str, named: str) -> str:
    """The place of a rule; one whose name would be two parts of a path is asked for by its id."""
    if "/" not in named:
        return _rules(organisation, named)
    rules = work.api.get(_rules(organisation), RuleBookView).rules
    found = [str(each["id"]) for each in rules if each["name"] == named]
    if len(found) != 1:
        several = "Several rules have that name: use the id." if found else "There is no such rule."
        raise GatewayError(Kind.NOT_FOUND, several)
    return _rules(organisation, found[0])


def _rules(organisation: str, *named: str) -> str:
    return at("organisations", organisation, "access", "rules", *named)
