"""``usher user``: people (product 1). Exit codes: ``gateway.cli.local``.

A password is typed unseen or comes from a file: an argument would be in the shell's history and in ``ps``.
"""

from typing import Any, TextIO

import click

from gateway.cli.api import at, named
from gateway.cli.app_passwords import passwords_of_apps
from gateway.cli.found import owner
from gateway.cli.local import Work, on_store
from gateway.cli.profile import profile_link
from gateway.cli.tables import listing, table
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.users import PlaceView, UserList, UserView
from gateway.records import DETAILS, UserSource, UserState

_PASSWORD_FILE = click.option(
    "--password-file",
    type=click.File(),
    help="File with the password in its first line; - is standard input.",
)


@click.group()
def user() -> None:
    """Make, change and remove users."""


user.add_command(profile_link)
user.add_command(passwords_of_apps)


@user.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the users of ORGANISATION."""
    found = work.api.whole(at("organisations", organisation, "users"), UserList)
    rows = ((each.address, each.display_name, each.state, each.source, each.aliases) for each in found.items)
    work.show(found, lambda: table(("ADDRESS", "NAME", "STATE", "SOURCE", "ALIASES"), rows))


@user.command()
@click.argument("address")
@on_store
def show(work: Work, address: str) -> None:
    """Show the user with this ADDRESS, alias or id, and for people which backend has the mailbox."""
    shown = owner(work, address)
    found = work.api.get(f"{_place(shown)}/place", PlaceView)
    place = {"served by": found.backend, "groups": [group.name for group in found.groups]}
    work.show(shown, lambda: listing(_told(shown) | place))


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
    home = work.api.get(at("organisations", organisation), OrganisationView)
    kept_here = home.user_source is UserSource.LOCAL or password_file is not None
    wanted = {
        "address": address,
        "display_name": name or None,
        "password": _password(password_file) if kept_here else None,
    }
    _show(work, work.api.post(at("organisations", home.id, "users"), UserView, wanted))


@user.command()
@click.argument("address")
@_PASSWORD_FILE
@on_store
def password(work: Work, address: str, password_file: TextIO | None) -> None:
    """Give the user with this ADDRESS another password."""
    known = owner(work, address)
    _show(work, work.api.patch(_place(known), UserView, {"password": _password(password_file)}))


@user.command()
@click.argument("address")
@on_store
def enable(work: Work, address: str) -> None:
    """Let the user in again."""
    _change(work, address, state=UserState.ENABLED.value)


@user.command()
@click.argument("address")
@on_store
def disable(work: Work, address: str) -> None:
    """Keep the user out, from the very next request of every device."""
    _change(work, address, state=UserState.DISABLED.value)


@user.command("only-listed")
@click.argument("address")
@click.argument("switch", type=click.Choice(["on", "off"]))
@on_store
def only_listed(work: Work, address: str, switch: str) -> None:
    """Of the user's devices let in only those that an override allows."""
    _change(work, address, only_listed=switch == "on")


@user.command()
@click.argument("address")
@click.argument("aliases", nargs=-1)
@on_store
def aliases(work: Work, address: str, aliases: tuple[str, ...]) -> None:
    """Let ALIASES be the user's further addresses, instead of those of before; none takes them all away."""
    _change(work, address, aliases=list(aliases))


@user.group()
def alias() -> None:
    """Give a user one more address, or take one away."""


@alias.command("add")
@click.argument("address")
@click.argument("alias")
@on_store
def add_alias(work: Work, address: str, alias: str) -> None:
    """Let ALIAS be one more address of the user."""
    _change(work, address, added_alias=alias)


@alias.command("remove")
@click.argument("address")
@click.argument("alias")
@on_store
def remove_alias(work: Work, address: str, alias: str) -> None:
    """Take ALIAS away from the user."""
    _change(work, address, removed_alias=alias)


@user.command()
@click.argument("address")
@click.argument("alias")
@on_store
def primary(work: Work, address: str, alias: str) -> None:
    """Let ALIAS and the user's primary address change places."""
    _change(work, address, address=alias)


@user.command()
@click.argument("address")
@click.argument("backend", default="")
@on_store
def route(work: Work, address: str, backend: str) -> None:
    """Let BACKEND have the user's mailbox; without one it follows groups, domain and organisation."""
    _change(work, address, backend=backend)


@user.command()
@click.argument("address")
@click.argument("target", default="")
@on_store
def move(work: Work, address: str, target: str) -> None:
    """Let discovery lead to TARGET, an address in another organisation or on another server; without one
    the mailbox is here again."""
    _change(work, address, moved_to=target)


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
    wanted = dict(pair.partition("=")[::2] for pair in pairs)
    _change(work, address, first_name=first_name, last_name=last_name, details=wanted or None)


@user.command()
@click.argument("address")
@click.argument("name")
@on_store
def rename(work: Work, address: str, name: str) -> None:
    """Change the user's NAME for people."""
    _change(work, address, display_name=name)


@user.command()
@click.argument("address")
@on_store
def remove(work: Work, address: str) -> None:
    """Remove the user with all devices; refused while a wipe of one is pending."""
    work.api.delete(_place(owner(work, address)))
    work.show({"removed": address}, lambda: f"removed {address}")


def _password(file: TextIO | None) -> str:
    if file is None:
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return file.readline().rstrip("\r\n")


def _change(work: Work, of: str, **changes: Any) -> None:
    _show(work, work.api.patch(_place(owner(work, of)), UserView, named(changes)))


def _place(known: UserView) -> str:
    return at("organisations", known.organisation, "users", known.id)


def _told(shown: UserView) -> dict[str, Any]:
    return shown.model_dump(exclude={"details"}) | shown.details


def _show(work: Work, shown: UserView) -> None:
    work.show(shown, lambda: listing(_told(shown)))
