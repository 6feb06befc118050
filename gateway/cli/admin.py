"""``usher admin``: administrators (product 7.6). Exit codes: ``gateway.cli.local``.

``recover`` is for the machine itself and goes past the API: whoever may write the database gets back in,
whatever is locked, lost or disabled.
"""

from typing import Any, TextIO

import click

from gateway.cli.api import at
from gateway.cli.appointments import appointed, told
from gateway.cli.local import Work, on_store
from gateway.cli.passwords import own_password
from gateway.cli.tables import listing, table
from gateway.endpoints.api.administrator_views import AdministratorView
from gateway.endpoints.api.administrators import AdministratorList
from gateway.records.administrators import AdministratorState

HEADINGS = ("NAME", "DISPLAY NAME", "STATE", "SECOND FACTOR", "APPOINTMENTS")
_PASSWORD_FILE = click.option(
    "--password-file",
    type=click.File(),
    help="File with the password in its first line; - is standard input.",
)


@click.group()
def admin() -> None:
    """Make, appoint, change and remove administrators."""


@admin.command("list")
@on_store
def list_(work: Work) -> None:
    """List the administrators within your reach."""
    pages = work.api.pages(at("administrators"), AdministratorList)
    found = [each for page in pages for each in page.items]
    rows = (
        (
            each.name,
            each.display_name,
            each.state,
            each.second_factor,
            [told(one) for one in each.appointments],
        )
        for each in found
    )
    work.show(AdministratorList(items=found, next=None), lambda: table(HEADINGS, rows))


@admin.command()
@click.argument("name")
@on_store
def show(work: Work, name: str) -> None:
    """Show the administrator called NAME, by name or id."""
    _show(work, work.api.get(at("administrators", name), AdministratorView))


@admin.command()
@click.argument("name")
@appointed()
@click.option("--display-name", help="Name for people; the name if not given.")
@click.option("--address", default="", help="Mail address for notices.")
@_PASSWORD_FILE
@click.option("--no-password", is_flag=True, help="Who signs in by an identity provider alone.")
@on_store
def create(
    work: Work,
    /,
    name: str,
    appointments: list[dict[str, Any]],
    display_name: str | None,
    address: str,
    password_file: TextIO | None,
    no_password: bool,
) -> None:
    """Make an administrator called NAME, who enrols a second factor at the first sign-in."""
    password = None if no_password else own_password(password_file)
    body = {
        "name": name,
        "appointments": appointments,
        "display_name": display_name,
        "address": address,
        "password": password,
    }
    _show(work, work.api.post(at("administrators"), AdministratorView, body))


@admin.command("set")
@click.argument("name")
@click.option("--display-name", help="Name for people.")
@click.option("--address", help="Mail address for notices; empty for none.")
@click.option("--issuer", help="Identity provider, with --subject; empty for none.")
@click.option("--subject", help="What the provider calls the person.")
@on_store
def set_(work: Work, /, name: str, **wanted: str | None) -> None:
    """Change settings of NAME; what is not named stays."""
    _change(work, name, {key: value for key, value in wanted.items() if value is not None})


@admin.command()
@click.argument("name")
@appointed(many=False)
@on_store
def appoint(work: Work, name: str, appointments: dict[str, Any]) -> None:
    """Give NAME a role: no more than you hold yourself."""
    _show(work, work.api.post(at("administrators", name, "appointments"), AdministratorView, appointments))


@admin.command()
@click.argument("name")
@appointed(many=False)
@on_store
def dismiss(work: Work, name: str, appointments: dict[str, Any]) -> None:
    """Take a role from NAME."""
    place = at("administrators", name, "appointments", "dismiss")
    _show(work, work.api.post(place, AdministratorView, appointments))


@admin.command()
@click.argument("name")
@_PASSWORD_FILE
@on_store
def password(work: Work, name: str, password_file: TextIO | None) -> None:
    """Give NAME a password; sessions and tokens of the account end."""
    body = {"password": own_password(password_file)}
    _show(work, work.api.put(at("administrators", name, "password"), AdministratorView, body))


@admin.command()
@click.argument("name")
@on_store
def disable(work: Work, name: str) -> None:
    """Disable NAME: sessions end, tokens hold nothing."""
    _change(work, name, {"state": AdministratorState.DISABLED.value})


@admin.command()
@click.argument("name")
@on_store
def enable(work: Work, name: str) -> None:
    """Let NAME sign in again."""
    _change(work, name, {"state": AdministratorState.ENABLED.value})


@admin.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_store
def remove(work: Work, name: str, yes: bool) -> None:
    """Remove NAME with all tokens; what the trail says of the account stays."""
    if not yes:
        click.confirm(f"Remove {name}?", abort=True, err=True)
    work.api.delete(at("administrators", name))
    work.show({"removed": name}, lambda: f"removed {name}")


@admin.command("reset-second-factor")
@click.argument("name")
@on_store
def reset_second_factor(work: Work, name: str) -> None:
    """Take the second factor of NAME away, as when the phone is lost."""
    place = at("administrators", name, "second-factor", "reset")
    _show(work, work.api.post(place, AdministratorView))


@admin.command()
@click.argument("name")
@click.argument("other", required=False)
@click.option("--apart", is_flag=True, help="NAME belongs to a person of its own.")
@on_store
def link(work: Work, name: str, other: str | None, apart: bool) -> None:
    """Say that NAME and OTHER are accounts of one person, who then approves nothing of their own."""
    place = at("administrators", name, "person")
    if apart or other is None:
        if not apart or other is not None:
            raise click.UsageError("Name the other account, or --apart.")
        work.api.delete(place)
        _show(work, work.api.get(at("administrators", name), AdministratorView))
        return
    _show(work, work.api.put(place, AdministratorView, {"administrator": other}))


@admin.command()
@click.argument("name")
@on_store
def recover(work: Work, name: str) -> None:
    """Let NAME in again, on this machine only: a password for one sign-in, no second factor any more."""
    recovered = work.services.recovering.recover(work.actor, name)
    told_once = {"name": recovered.name, "password": recovered.password, "good_until": recovered.good_until}
    document = told_once | {"good_until": recovered.good_until.isoformat()}
    work.show(document, lambda: listing(told_once))


def _change(work: Work, name: str, changes: dict[str, str]) -> None:
    _show(work, work.api.patch(at("administrators", name), AdministratorView, changes))


def _show(work: Work, account: AdministratorView) -> None:
    values = account.model_dump() | {"appointments": [told(each) for each in account.appointments]}
    work.show(account, lambda: listing(values))
