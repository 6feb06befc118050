"""``usher me``: one's own account at a remote gateway (product 7.7)."""

import click

from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.cli.login import enrol, tell_codes
from gateway.cli.login import renew_password as renew
from gateway.cli.passwords import own_password
from gateway.cli.tables import listing, table
from gateway.endpoints.api.me import CodesView, MeView
from gateway.endpoints.api.sessions import SessionList

HEADINGS = ("SESSION", "SINCE", "LAST SEEN", "UNTIL", "FROM", "WITH", "THIS ONE")


@click.group()
def me() -> None:
    """See and change your own account."""


@me.command()
@on_store
def show(work: Work) -> None:
    """Show who you are and what you may do."""
    found = work.api.get(at("me"), MeView)
    told = {
        "name": found.name,
        "person": found.person,
        "confirmed": found.confirmed,
        "permissions": found.permissions,
        "roles": [each.role for each in found.appointments],
    }
    if found.account is not None:
        told["second factor"] = found.account.second_factor
        told["recovery codes left"] = found.account.recovery_codes_left
    work.show(found, lambda: listing(told))


@me.command()
@on_store
def password(work: Work) -> None:
    """Change your password; all your other sessions end."""
    renew(work.api, own_password(None))
    work.show({"changed": "password"}, lambda: "changed")


@me.command("second-factor")
@on_store
def second_factor(work: Work) -> None:
    """Enrol an authenticator, in place of one that you had."""
    enrol(work.api)


@me.command("recovery-codes")
@on_store
def recovery_codes(work: Work) -> None:
    """Draw ten new recovery codes in place of those that are left."""
    tell_codes(work.api.post(at("me", "recovery-codes"), CodesView))


@me.command()
@on_store
def sessions(work: Work) -> None:
    """List where you are signed in."""
    found = work.api.get(at("sessions"), SessionList)
    rows = (
        (each.id, each.created_at, each.seen_at, each.ends_at, each.address, each.user_agent, each.current)
        for each in found.items
    )
    work.show(found, lambda: table(HEADINGS, rows))


@me.command("end-session")
@click.argument("session")
@on_store
def end_session(work: Work, session: str) -> None:
    """End a SESSION of yours, wherever it is."""
    work.api.delete(at("sessions", session))
    work.show({"ended": session}, lambda: f"ended {session}")
