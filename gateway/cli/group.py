"""``usher group``: groups and their members (product 1). Exit codes: ``gateway.cli.local``."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.groups import GroupList, MemberList, view, view_member
from gateway.records import EntityState, Group, Member
from gateway.services.groups import GroupChanges

PAGE = 1000
"""Records read at once."""


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
    found = list(_everything(work, organisation))
    rows = ((each.name, each.address, each.state, each.backend, each.priority) for each in found)
    work.show(
        GroupList(items=[view(each) for each in found], next=None),
        lambda: table(("NAME", "ADDRESS", "STATE", "BACKEND", "PRIORITY"), rows),
    )


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def show(work: Work, organisation: str, group: str) -> None:
    """Show a GROUP of ORGANISATION."""
    _show(work, work.services.groups.get(organisation, group))


@group.command()
@click.argument("organisation")
@click.argument("name")
@_settings
@on_store
def create(work: Work, /, organisation: str, name: str, **wanted: Any) -> None:
    """Make a group of ORGANISATION called NAME."""
    _show(work, work.services.groups.create(work.actor, organisation, name, _read(wanted)))


@group.command("set")
@click.argument("organisation")
@click.argument("group")
@click.option("--name", help="Another name.")
@_settings
@on_store
def set_(work: Work, /, organisation: str, group: str, **wanted: Any) -> None:
    """Change a GROUP of ORGANISATION; what is not named stays."""
    _show(work, work.services.groups.change(work.actor, organisation, group, _read(wanted)))


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def members(work: Work, organisation: str, group: str) -> None:
    """List who is in a GROUP of ORGANISATION directly."""
    found = list(_members(work, organisation, group))
    rows = (("group" if each.nested else "user", each.name, each.address) for each in found)
    work.show(
        MemberList(items=[view_member(each) for each in found], next=None),
        lambda: table(("KIND", "NAME", "ADDRESS"), rows),
    )


@group.command()
@click.argument("organisation")
@click.argument("group")
@click.argument("members", nargs=-1, required=True)
@on_store
def add(work: Work, organisation: str, group: str, members: tuple[str, ...]) -> None:
    """Put MEMBERS into a GROUP of ORGANISATION; refused where it would come to be in itself."""
    for member in members:
        work.services.groups.add_member(work.actor, organisation, group, member)
    work.show({"added": list(members)}, lambda: f"added {', '.join(members)} to {group}")


@group.command()
@click.argument("organisation")
@click.argument("group")
@click.argument("members", nargs=-1, required=True)
@on_store
def drop(work: Work, organisation: str, group: str, members: tuple[str, ...]) -> None:
    """Take MEMBERS out of a GROUP of ORGANISATION."""
    for member in members:
        work.services.groups.remove_member(work.actor, organisation, group, member)
    work.show({"dropped": list(members)}, lambda: f"dropped {', '.join(members)} from {group}")


@group.command()
@click.argument("organisation")
@click.argument("group")
@on_store
def remove(work: Work, organisation: str, group: str) -> None:
    """Remove a GROUP of ORGANISATION; its members stay."""
    work.services.groups.remove(work.actor, organisation, group)
    work.show({"removed": group}, lambda: f"removed {group}")


def _everything(work: Work, organisation: str) -> Iterator[Group]:
    after = ""
    while page := work.services.groups.list(organisation, after=after, limit=PAGE):
        yield from page
        after = page[-1].name


def _members(work: Work, organisation: str, group: str) -> Iterator[Member]:
    after = ""
    while page := work.services.groups.members(organisation, group, after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _read(wanted: dict[str, Any]) -> GroupChanges:
    state = wanted.pop("state")
    return GroupChanges(**wanted, state=EntityState(state) if state is not None else None)


def _show(work: Work, group: Group) -> None:
    shown = view(group)
    work.show(shown, lambda: listing(shown.model_dump()))
