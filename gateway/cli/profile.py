"""``usher user profile-link``: a one-time link to an Apple profile (docs/profiles.md)."""

import click

from gateway.cli.api import at
from gateway.cli.found import owner
from gateway.cli.local import Work, on_store
from gateway.endpoints.api.profile_links import LinkView
from gateway.services.profiles import MAXIMUM_VALID_S, MINIMUM_VALID_S, VALID_S


@click.command("profile-link")
@click.argument("address")
@click.option(
    "--minutes",
    type=click.IntRange(MINIMUM_VALID_S // 60, MAXIMUM_VALID_S // 60),
    default=VALID_S // 60,
    show_default=True,
    help="How long the link is good.",
)
@on_store
def profile_link(work: Work, address: str, minutes: int) -> None:
    """Print a link by which the device of the user with this ADDRESS fetches its settings, once.

    Whoever has the link can use it; it is shown this once and nowhere kept.
    """
    user = owner(work, address)
    place = at("organisations", user.organisation, "users", user.id, "profile-link")
    link = work.api.post(place, LinkView, {"valid_s": minutes * 60})
    work.show(link, lambda: f"{link.url}\ngood until {link.expires_at:%Y-%m-%d %H:%M} UTC")
