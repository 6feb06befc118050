"""``usher group``: groups and their members (product 1). Exit codes: ``gateway.cli.local``."""

from collections.abc import Callable
from typing import Any

import click

from gateway.cli.api import at, named
from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.groups import GroupList, GroupView, MemberList
from gateway.records import EntityState


@click.group()
def group() -> None:
    """Make, change and remove groups, and say who is in them.

    GROUP is a name, an address or an id; MEMBER a user's address or a group.
    """


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how a group is to be."""
    options = (
        click.option("--address", help="Mail address; an empty one is taken away."),
        click.option("--state", type=click.Choice([state.value for state in EntityState])),
        click.option("--backend", help="Where its members' mailboxes are; empty for no route."),
        click.option("--priority", type=int, help="The highest of a user's routed groups wins."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@group.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the groups of ORGANISATION."""
    found = work.api.whole(_groups(organisation), GroupList)
    rows = ((each.name, each.address, each.state, each.backend, each.priority) for each in found.items)
    work.show(found, lambda: table(("NAME", "ADDRESS", "STATE", "BACKEND", "PRIORITY"), rows))


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def show(work: Work, organisation: str, group: str) -> None:
    """Show a GROUP of ORGANISATION."""
    work.show_fields(work.api.get(_group(work, organisation, group), GroupView))


@group.command()
@click.argument("organisation")
@click.argument("name")
@_settings
@on_store
def create(work: Work, /, organisation: str, name: str, **wanted: Any) -> None:
    """Make a group of ORGANISATION called NAME."""
    work.show_fields(work.api.post(_groups(organisation), GroupView, {"name": name, **named(wanted)}))


@group.command("set")
@click.argument("organisation")
@click.argument("group")
@click.option("--name", help="Another name.")
@_settings
@on_store
def set_(work: Work, /, organisation: str, group: str, **wanted: Any) -> None:
    """Change a GROUP of ORGANISATION; what is not named stays."""
    work.show_fields(work.api.patch(_group(work, organisation, group), GroupView, named(wanted)))


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def members(work: Work, organisation: str, group: str) -> None:
    """List who is in a GROUP of ORGANISATION directly."""
    found = work.api.whole(_group(work, organisation, group) + at("members"), MemberList)
    rows = (("group" if each.nested else "user", each.name, each.address) for each in found.items)
    work.show(found, lambda: table(("KIND", "NAME", "ADDRESS"), rows))


@group.command()
@click.argument("organisation")
@click.argument("group")
@click.argument("members", nargs=-1, required=True)
@on_store
def add(work: Work, organisation: str, group: str, members: tuple[str, ...]) -> None:
    """Put MEMBERS into a GROUP of ORGANISATION; refused where it would come to be in itself."""
    for member in members:
        work.api.send(
            "PUT", _group(work, organisation, group) + at("members", _member(work, organisation, member))
        )
    work.show({"added": list(members)}, lambda: f"added {', '.join(members)} to {group}")


@group.command()
@click.argument("organisation")
@click.argument("group")
@click.argument("members", nargs=-1, required=True)
@on_store
def drop(work: Work, organisation: str, group: str, members: tuple[str, ...]) -> None:
    """Take MEMBERS out of a GROUP of ORGANISATION."""
    for member in members:
        work.api.delete(
            _group(work, organisation, group) + at("members", _member(work, organisation, member))
        )
    work.show({"dropped": list(members)}, lambda: f"dropped {', '.join(members)} from {group}")


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def remove(work: Work, organisation: str, group: str) -> None:
    """Remove a GROUP of ORGANISATION; its members stay."""
    work.api.delete(_group(work, organisation, group))
    work.show({"removed": group}, lambda: f"removed {group}")


def _groups(organisation: str) -> str:
    return at("organisations", organisation, "groups")


def _group(work: Work, organisation: str, group: str) -> str:
    return _groups(organisation) + at(_member(work, organisation, group))


def _member(work: Work, organisation: str, name: str) -> str:
    """What stands for the name in a path: a group's name may hold a slash, which no part of a path may."""
    if "/" not in name:
        return name
    known = work.api.whole(_groups(organisation), GroupList).items
    return next((each.id for each in known if name in (each.name, each.address)), name)
