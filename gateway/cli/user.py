"""``usher user``: people (product 1). Exit codes: ``gateway.cli.local``.

A password is typed unseen or comes from a file: an argument would be in the shell's history and in ``ps``.
"""

from collections.abc import Iterator
from typing import TextIO

import click

from gateway.cli.local import Work, on_store
from gateway.cli.profile import profile_link
from gateway.cli.tables import listing, table
from gateway.endpoints.api.users import UserList, view
from gateway.records import DETAILS, User, UserSource, UserState
from gateway.services.user_changes import UserChanges

PAGE = 1000
"""Users read at once."""

_PASSWORD_FILE = click.option(
    "--password-file",
    type=click.File(),
    help="File with the password in its first line; - is standard input.",
)


@click.group()
def user() -> None:
    """Make, change and remove users."""


user.add_command(profile_link)


@user.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the users of ORGANISATION."""
    found = list(_everybody(work, organisation))
    rows = ((each.address, each.display_name, each.state, each.source, each.aliases) for each in found)
    work.show(
        UserList(items=[view(each) for each in found], next=None),
        lambda: table(("ADDRESS", "NAME", "STATE", "SOURCE", "ALIASES"), rows),
    )


@user.command()
@click.argument("address")
@on_store
def show(work: Work, address: str) -> None:
    """Show the user with this ADDRESS, alias or id, and for people which backend has the mailbox."""
    found = work.services.users.get(address)
    backend, groups = work.services.users.place(found.id)
    place = {"served by": backend, "groups": [group.name for group in groups]}
    shown = view(found)
    work.show(shown, lambda: listing(shown.model_dump(exclude={"details"}) | dict(found.details) | place))


@user.command()
@click.argument("organisation")
@click.argument("address")
@click.option("--name", default="", help="Name for people; the address if not given.")
@_PASSWORD_FILE
@on_store
def create(work: Work, organisation: str, address: str, name: str, password_file: TextIO | None) -> None:
    """Make a user of ORGANISATION with this ADDRESS.

    A password is asked for where the organisation's users are kept here.
    """
    home = work.services.tenants.organisation(organisation)
    kept_here = home.user_source is UserSource.LOCAL or password_file is not None
    password = _password(password_file) if kept_here else None
    made = work.services.users.create(work.actor, home.id, address, display_name=name, password=password)
    _show(work, made)


@user.command()
@click.argument("address")
@_PASSWORD_FILE
@on_store
def password(work: Work, address: str, password_file: TextIO | None) -> None:
    """Give the user with this ADDRESS another password."""
    known = work.services.users.get(address)
    _show(work, work.services.users.set_password(work.actor, known.id, _password(password_file)))


@user.command()
@click.argument("address")
@on_store
def enable(work: Work, address: str) -> None:
    """Let the user in again."""
    _show(work, work.services.users.set_state(work.actor, address, UserState.ENABLED))


@user.command()
@click.argument("address")
@on_store
def disable(work: Work, address: str) -> None:
    """Keep the user out, from the very next request of every device."""
    _show(work, work.services.users.set_state(work.actor, address, UserState.DISABLED))


@user.command("only-listed")
@click.argument("address")
@click.argument("switch", type=click.Choice(["on", "off"]))
@on_store
def only_listed(work: Work, address: str, switch: str) -> None:
    """Of the user's devices let in only those that an override allows."""
    _change(work, address, UserChanges(only_listed=switch == "on"))


@user.command()
@click.argument("address")
@click.argument("aliases", nargs=-1)
@on_store
def aliases(work: Work, address: str, aliases: tuple[str, ...]) -> None:
    """Let ALIASES be the user's further addresses, instead of those of before; none takes them all away."""
    _show(work, work.services.users.set_aliases(work.actor, address, aliases))


@user.group()
def alias() -> None:
    """Give a user one more address, or take one away."""


@alias.command("add")
@click.argument("address")
@click.argument("alias")
@on_store
def add_alias(work: Work, address: str, alias: str) -> None:
    """Let ALIAS be one more address of the user."""
    _change(work, address, UserChanges(added_alias=alias))


@alias.command("remove")
@click.argument("address")
@click.argument("alias")
@on_store
def remove_alias(work: Work, address: str, alias: str) -> None:
    """Take ALIAS away from the user."""
    _change(work, address, UserChanges(removed_alias=alias))


@user.command()
@click.argument("address")
@click.argument("alias")
@on_store
def primary(work: Work, address: str, alias: str) -> None:
    """Let ALIAS and the user's primary address change places."""
    _change(work, address, UserChanges(address=alias))


@user.command()
@click.argument("address")
@click.argument("backend", default="")
@on_store
def route(work: Work, address: str, backend: str) -> None:
    """Let BACKEND have the user's mailbox; without one it follows groups, domain and organisation."""
    _change(work, address, UserChanges(backend=backend))


@user.command()
@click.argument("address")
@click.argument("target", default="")
@on_store
def move(work: Work, address: str, target: str) -> None:
    """Let discovery lead to TARGET, an address in another organisation or on another server; without one
    the mailbox is here again."""
    _change(work, address, UserChanges(moved_to=target))


@user.command()
@click.argument("address")
@click.option("--first-name", help="An empty one is taken away.")
@click.option("--last-name", help="An empty one is taken away.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help=f"Of: {', '.join(DETAILS)}.")
@on_store
def details(
    work: Work, address: str, first_name: str | None, last_name: str | None, pairs: tuple[str, ...]
) -> None:
    """Change the names and details of the user; a detail without a value is taken away."""
    named = dict(pair.partition("=")[::2] for pair in pairs)
    _change(work, address, UserChanges(first_name=first_name, last_name=last_name, details=named or None))


@user.command()
@click.argument("address")
@click.argument("name")
@on_store
def rename(work: Work, address: str, name: str) -> None:
    """Change the user's NAME for people."""
    _show(work, work.services.users.set_display_name(work.actor, address, name))


@user.command()
@click.argument("address")
@on_store
def remove(work: Work, address: str) -> None:
    """Remove the user with all devices; refused while a wipe of one is pending."""
    work.services.users.remove(work.actor, address)
    work.show({"removed": address}, lambda: f"removed {address}")


def _everybody(work: Work, organisation: str) -> Iterator[User]:
    after = ""
    while page := work.services.users.list(organisation, after=after, limit=PAGE):
        yield from page
        after = page[-1].address


def _password(file: TextIO | None) -> str:
    if file is None:
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return file.readline().rstrip("\r\n")


def _change(work: Work, address: str, changes: UserChanges) -> None:
    _show(work, work.services.users.change(work.actor, address, changes))


def _show(work: Work, user: User) -> None:
    shown = view(user)
    work.show(shown, lambda: listing(shown.model_dump(exclude={"details"}) | dict(user.details)))
