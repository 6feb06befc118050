"""``usher rule``: access rules, overrides and why somebody is let in (product 6). Exit codes:
``gateway.cli.local``."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import click

from gateway.cli import rule_texts
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.moments import read_time
from gateway.cli.tables import listing, table
from gateway.endpoints.api.device_views import view as device_view
from gateway.endpoints.api.rule_views import (
    RehearsalView,
    RuleBookList,
    book_view,
    decision_view,
    expected_view,
    impact_view,
    lint_view,
    saved_view,
)
from gateway.services.access_rules import Saved
from gateway.services.decisions import Imagined
from gateway.services.reasons import tidy_reason
from gateway.services.workmail_rules import WorkmailImport
from mdm.device import AccessLevel, Device
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
    book = work.services.access_rules.book(organisation)
    head = f"version {book.version}, {book.mode.value} semantics"
    work.show(book_view(book), lambda: f"{head}\n\n{rule_texts.rules(book.rules)}")


@rule.command()
@click.argument("organisation")
@click.argument("named", metavar="RULE")
@on_store
def show(work: Work, organisation: str, named: str) -> None:
    """Show RULE, by id or name."""
    found = dict(work.services.access_rules.get(organisation, named))
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
    _saved(work, work.services.access_rules.create(work.actor, organisation, document, force=force))


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
    _saved(work, work.services.access_rules.change(work.actor, organisation, named, document, force=force))


def _switched(work: Work, organisation: str, named: str, *, enabled: bool, force: bool) -> None:
    document = {"enabled": enabled}
    _saved(work, work.services.access_rules.change(work.actor, organisation, named, document, force=force))


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
    _saved(work, work.services.access_rules.remove(work.actor, organisation, named, force=force))


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
    documents, wanted = _documents(read_json(file)), Mode(mode) if mode else None
    services = work.services.access_rules
    if not dry_run:
        _saved(work, services.replace_all(work.actor, organisation, documents, mode=wanted, force=force))
        return
    told, lints = services.rehearse(organisation, documents, mode=wanted)
    work.show(
        RehearsalView(impact=impact_view(told), lints=[lint_view(each) for each in lints]),
        lambda: "\n".join([rule_texts.impact(told), *rule_texts.lints(lints)]),
    )


@rule.command()
@click.argument("organisation")
@on_store
def export(work: Work, organisation: str) -> None:
    """Print the rules of ORGANISATION as a file for ``replace``."""
    click.echo(book_view(work.services.access_rules.book(organisation)).model_dump_json(indent=2))


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
    services = work.services
    brings = WorkmailImport(services.store, services.access_rules, services.overrides)
    done = brings.put(work.actor, organisation, document, force=force)
    number = len(done.saved.book.rules) if done.saved else 0
    shown = {"rules": number, "overrides": done.overrides, "unknown": list(done.unknown)}
    unknown = [f"no such user here: {each}" for each in done.unknown]
    told = f"{number} rules are in force and {done.overrides} overrides are set"
    work.show(shown, lambda: "\n".join([told, *unknown]))


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
def test(work: Work, /, organisation: str, imagined: bool, **given: Any) -> None:
    """Say why a device is let in or not: a known one, or one that is imagined by the options."""
    told = Imagined(**given)
    if imagined or not (told.user and told.device_id):
        decision = work.services.decisions.imagine(organisation, told)
    else:
        key = work.services.finder.key(organisation, told.user, told.device_id)
        decision = work.services.decisions.of_device(organisation, key, told)
    work.show(decision_view(decision), lambda: rule_texts.decision(decision))


@rule.command()
@click.argument("organisation")
@on_store
def lint(work: Work, organisation: str) -> None:
    """Say what is suspicious about the rules of ORGANISATION."""
    found = work.services.access_rules.lint(organisation)
    shown = {"items": [lint_view(each).model_dump() for each in found]}
    work.show(shown, lambda: "\n".join(rule_texts.lints(found)) or "nothing suspicious")


@rule.command()
@click.argument("organisation")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@_FORCE
@on_store
def mode(work: Work, organisation: str, mode: str, force: bool) -> None:
    """Let the rules of ORGANISATION follow the semantics of MODE."""
    _saved(work, work.services.access_rules.set_mode(work.actor, organisation, Mode(mode), force=force))


@rule.command()
@click.argument("organisation")
@on_store
def versions(work: Work, organisation: str) -> None:
    """List the versions that can be put in force again."""
    found = work.services.access_rules.versions(organisation)
    rows = ((each.version, len(each.rules), each.created_at, each.created_by) for each in found)
    work.show(
        RuleBookList(items=[book_view(each) for each in found]),
        lambda: table(("VERSION", "RULES", "SINCE", "BY"), rows),
    )


@rule.command()
@click.argument("organisation")
@click.argument("version", type=click.IntRange(min=0))
@_FORCE
@on_store
def rollback(work: Work, organisation: str, version: int, force: bool) -> None:
    """Put VERSION in force again, as a new one; 0 is the set without a rule."""
    _saved(work, work.services.access_rules.roll_back(work.actor, organisation, version, force=force))


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
    owner = work.services.users.get(address)
    key = work.services.finder.key(owner.organisation, owner.id, device_id)
    wanted = None if level == BY_RULE else AccessLevel(level)
    done = work.services.overrides.put(work.actor, key, wanted, tidy_reason(reason), read_time(until))
    if isinstance(done, Device):
        work.show(device_view(done, owner.address), lambda: f"{key.device_id}: {level}")
    elif done is None:
        work.show({"removed": key.device_id}, lambda: f"{key.device_id} is not expected any more")
    else:
        work.show(expected_view(done), lambda: f"{key.device_id}: {level}, when it comes")


@rule.command()
@click.argument("organisation")
@on_store
def expected(work: Work, organisation: str) -> None:
    """List overrides that wait for their devices."""
    found = work.services.overrides.expected(organisation)
    rows = ((each.key.user, each.key.device_id, each.level, each.until, each.reason) for each in found)
    work.show(
        {"items": [json.loads(expected_view(each).model_dump_json()) for each in found]},
        lambda: table(("USER", "DEVICEID", "LEVEL", "UNTIL", "REASON"), rows),
    )


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


def _saved(work: Work, done: Saved) -> None:
    work.show(saved_view(done), lambda: rule_texts.saved(done))
