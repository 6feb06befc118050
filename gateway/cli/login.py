"""``usher login``, ``logout`` and ``confirm``: a session with a remote gateway (product 7.7).

On the machine itself nobody signs in: who may read its database is its owner. Name, password and code are
typed, the last two unseen, and never arguments. Who signs in for the first time, or with a recovery password,
is led through what has to be done before anything else is open.
"""

from pathlib import Path

import click

from gateway.cli.api import Api, at, elsewhere
from gateway.cli.local import CA_FILE, SERVER, USAGE, Work, end, failures_told, on_store, token_in
from gateway.cli.session_file import forget, keep
from gateway.cli.tables import listing
from gateway.endpoints.api.administrator_views import AdministratorView, SessionView
from gateway.endpoints.api.me import CodesView, OfferView
from gateway.endpoints.api.sessions import SignedInView

HERE = "this machine's own store needs no session; name the gateway with --server"


@click.command()
@SERVER
@CA_FILE
@click.option("--name", prompt="Name", help="Your sign-in name; asked for without it.")
def login(server: str, authority: Path | None, name: str) -> None:
    """Sign in at a gateway; later commands with the same --server act as you."""
    if not server:
        end(HERE, USAGE)
    password = _unseen("Password")
    code = _unseen("Code, empty for none", default="")
    with failures_told():
        with elsewhere(server, "", authority) as api:
            body = {"name": name, "password": password, "code": code}
            signed = api.post(at("sessions"), SignedInView, body)
        keep(server, signed.token)
        with elsewhere(server, signed.token, authority) as api:
            if signed.renew:
                renew_password(api, password)
            if signed.enrol:
                enrol(api)
        click.echo(f"signed in as {signed.name} until {signed.session.ends_at:%Y-%m-%d %H:%M %Z}")


@click.command()
@SERVER
@CA_FILE
def logout(server: str, authority: Path | None) -> None:
    """Sign out at a gateway, and forget the session."""
    if not server:
        end(HERE, USAGE)
    with failures_told(), elsewhere(server, token_in(None, server), authority) as api:
        try:
            api.delete(at("sessions", "current"))
        finally:
            forget(server)
        click.echo("signed out")


@click.command()
@click.option("--password", "by_password", is_flag=True, help="A password, where there is no second factor.")
@on_store
def confirm(work: Work, by_password: bool) -> None:
    """Show yourself again: destructive acts may follow for five minutes."""
    proof = {"password": _unseen("Password")} if by_password else {"code": _unseen("Code")}
    session = work.api.post(at("sessions", "current", "confirm"), SessionView, proof)
    work.show(session, lambda: f"confirmed until {session.confirmed_until:%H:%M:%S %Z}")


def renew_password(api: Api, present: str) -> None:
    """Take a new password in place of the present one."""
    new = _unseen("New password", twice=True)
    api.put(at("me", "password"), AdministratorView, {"present": present, "new": new})


def enrol(api: Api) -> None:
    """Lead through a second factor; its recovery codes are shown this once."""
    offer = api.post(at("me", "second-factor"), OfferView)
    click.echo(listing({"secret": offer.secret, "for your authenticator": offer.uri}))
    body = {"code": _unseen("Code that it shows")}
    tell_codes(api.post(at("me", "second-factor", "confirm"), CodesView, body))


def tell_codes(codes: CodesView) -> None:
    """Show recovery codes."""
    click.echo(
        "Recovery codes, each good for one sign-in without the authenticator; they are not shown again:"
    )
    for each in codes.recovery_codes:
        click.echo(f"  {each}")


def _unseen(label: str, *, default: str | None = None, twice: bool = False) -> str:
    typed: str = click.prompt(
        label, hide_input=True, err=True, default=default, show_default=False, confirmation_prompt=twice
    )
    return typed
