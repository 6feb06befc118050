"""``usher token``: API tokens (product 7.6). Exit codes: ``gateway.cli.local``."""

from datetime import datetime, timedelta
from typing import Any

import click

from gateway.chance import SystemClock
from gateway.cli.api import at
from gateway.cli.appointments import appointed, told
from gateway.cli.local import Work, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.administrator_views import TokenView
from gateway.endpoints.api.tokens import MintedView, TokenList
from gateway.records.authority import Permission

HEADINGS = ("TOKEN", "LABEL", "PERMISSIONS", "FROM", "EXPIRES", "LAST USED", "REVOKED")


@click.group()
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command()
@click.argument("label")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice([each.value for each in Permission]),
    metavar="PERMISSION",
    help="What it may do at most; several are possible. See docs/administrators.md for the list.",
)
@appointed(required=False)
@click.option("--network", "networks", multiple=True, metavar="CIDR", help="Where it may be used from.")
@click.option(
    "--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it is good."
)
@click.option("--destructive", is_flag=True, help="Destructive acts need no confirmation; takes --network.")
@click.option("--for", "administrator", default="", help="Whose it is, on this machine's own store.")
@on_store
def create(
    work: Work, /, permissions: tuple[str, ...], appointments: list[dict[str, Any]], days: int, **given: Any
) -> None:
    """Make a token called LABEL; it is shown this once."""
    body = {
        "permissions": list(permissions) or None,
        "appointments": appointments,
        "expires_at": _end(days).isoformat(),
        **given,
    }
    minted = work.api.post(at("tokens"), MintedView, body)
    work.show(minted, lambda: listing({"token": minted.token} | _told(minted)))


@token.command("list")
@click.option("--everybody", is_flag=True, help="Of all whom you administer.")
@on_store
def list_(work: Work, everybody: bool) -> None:
    """List your tokens."""
    pages = work.api.pages(at("tokens"), TokenList, everybody=everybody)
    found = [each for page in pages for each in page.items]
    rows = (
        (
            each.id,
            each.label,
            each.permissions or "as appointed",
            each.networks or "anywhere",
            each.expires_at,
            each.last_used_at,
            each.revoked,
        )
        for each in found
    )
    work.show(TokenList(items=found, next=None), lambda: table(HEADINGS, rows))


@token.command()
@click.argument("identity", metavar="TOKEN")
@on_store
def show(work: Work, identity: str) -> None:
    """Show one TOKEN, by its id."""
    found = work.api.get(at("tokens", identity), TokenView)
    work.show(found, lambda: listing(_told(found)))


@token.command()
@click.argument("identity", metavar="TOKEN")
@on_store
def revoke(work: Work, identity: str) -> None:
    """Take a TOKEN back for good."""
    work.api.delete(at("tokens", identity))
    work.show({"revoked": identity}, lambda: f"revoked {identity}")


def _end(days: int) -> datetime:
    return SystemClock().now() + timedelta(days=days) - timedelta(minutes=1)


def _told(shown: TokenView) -> dict[str, object]:
    values = shown.model_dump(exclude={"token"})
    return values | {"appointments": [told(each) for each in shown.appointments]}
