"""``usher webhook``: who is sent events (product 7.9, docs/events.md). Exit codes: ``gateway.cli.local``.

With ``--org`` they are an organisation's, without it the gateway's.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.local import FAILED, USAGE, Work, end, on_store
from gateway.cli.paging import show_pages
from gateway.cli.tables import listing, table
from gateway.endpoints.api.webhooks import (
    DeliveryList,
    DeliveryView,
    Revived,
    SecretedWebhook,
    WebhookList,
    WebhookView,
)
from gateway.records import AuditTag
from gateway.records.events import Progress
from gateway.services.event_catalogue import CATALOGUE

HEADINGS = ("WEBHOOK", "URL", "EVENTS", "STATE", "DESCRIPTION")
DELIVERY = ("SEQUENCE", "TYPE", "STATE", "ATTEMPTS", "NEXT", "STATUS", "ERROR")
PATIENCE_S, LOOK_EVERY_S = 15.0, 0.3
KEEP_IT = "Keep the secret now: it is not shown again."

TYPES = click.Choice(sorted(tag.value for tag in CATALOGUE))
in_organisation = click.option("--org", "organisation", default="", help="Of this organisation's webhooks.")
of_types = click.option("--type", "types", multiple=True, type=TYPES, help="Only these events; repeatable.")


@click.group()
def webhook() -> None:
    """Let programs elsewhere be sent what happens."""


@webhook.command("list")
@in_organisation
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the webhooks."""
    found = work.api.get(_place(organisation), WebhookList)
    rows = ((each.id, each.url, _types(each.types), _state(each), each.description) for each in found.items)
    work.show(found, lambda: table(HEADINGS, rows))


@webhook.command()
@click.argument("url")
@in_organisation
@of_types
@click.option("--description", default="", help="What it is for.")
@click.option("--allow-private", is_flag=True, help="It is within a private network, or on this machine.")
@on_store
def create(
    work: Work, url: str, organisation: str, types: Sequence[str], description: str, allow_private: bool
) -> None:
    """Send events to URL from now on; prints the secret with which they are signed, once."""
    body = {
        "url": url,
        "types": list(types),
        "description": description,
        "allow_private": allow_private,
    }
    _show_secret(work, work.api.post(_place(organisation), SecretedWebhook, body))


@webhook.command("set")
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@of_types
@click.option("--all-types", is_flag=True, help="Every event.")
@click.option("--url", help="Whither.")
@click.option("--description", help="What it is for.")
@click.option("--enable/--disable", "enabled", default=None, help="On again it goes on where it was.")
@click.option("--allow-private/--no-allow-private", default=None, help="Within a private network.")
@on_store
def set_(work: Work, /, identity: str, organisation: str, types: Sequence[str], **given: Any) -> None:
    """Change a WEBHOOK."""
    everything = given.pop("all_types")
    body = {name: value for name, value in given.items() if value is not None}
    if types or everything:
        body["types"] = [] if everything else list(types)
    if not body:
        end("nothing to change", USAGE)
    _show(work, work.api.patch(_place(organisation, identity), WebhookView, body))


@webhook.command()
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@click.option("--overlap-hours", default=24, show_default=True, help="How long the former secret signs too.")
@on_store
def rotate(work: Work, identity: str, organisation: str, overlap_hours: int) -> None:
    """Give a WEBHOOK another secret; prints it, once."""
    place = _place(organisation, identity, "rotate")
    _show_secret(work, work.api.post(place, SecretedWebhook, {"overlap_hours": overlap_hours}))


@webhook.command()
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@on_store
def test(work: Work, identity: str, organisation: str) -> None:
    """Send a WEBHOOK an event, and wait for what comes of it; a gateway has to be running."""
    sent = work.api.post(_place(organisation, identity, "test"), DeliveryView)
    until = time.monotonic() + PATIENCE_S
    while sent.state is Progress.PENDING and not sent.attempts and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
        page = work.api.get(_place(organisation, identity, "deliveries"), DeliveryList)
        sent = next((each for each in page.items if each.sequence == sent.sequence), sent)
    work.show_fields(sent)
    if sent.state is not Progress.DELIVERED:
        end(sent.error or "nothing was sent yet: is the gateway running?", FAILED)


@webhook.command()
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@click.option("--state", type=click.Choice([each.value for each in Progress]), help="dead: given up.")
@on_store
def deliveries(work: Work, identity: str, organisation: str, state: str | None) -> None:
    """List what is and was on its way to a WEBHOOK, the youngest event first."""
    pages = work.api.pages(_place(organisation, identity, "deliveries"), DeliveryList, state=state)
    show_pages(work, pages, DELIVERY, _delivery)


@webhook.command()
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@click.option("--after", type=click.IntRange(0), help="Everything that happened after this record.")
@click.option("--event", "sequence", type=click.IntRange(1), help="This delivery.")
@click.option("--dead", is_flag=True, help="All that was given up.")
@on_store
def replay(
    work: Work, identity: str, organisation: str, after: int | None, sequence: int | None, dead: bool
) -> None:
    """Send events to a WEBHOOK once more."""
    if sum((after is not None, sequence is not None, dead)) != 1:
        end("one of --after, --event and --dead is needed", USAGE)
    if after is not None:
        _show(work, work.api.post(_place(organisation, identity, "replay"), WebhookView, after=after))
        return
    which = (str(sequence),) if sequence is not None else ()
    again = work.api.post(_place(organisation, identity, "deliveries", *which, "replay"), Revived)
    work.show(again, lambda: f"{again.deliveries} to be sent once more")


@webhook.command()
@click.argument("identity", metavar="WEBHOOK")
@in_organisation
@on_store
def remove(work: Work, identity: str, organisation: str) -> None:
    """Remove a WEBHOOK with all that is on its way to it."""
    work.api.delete(_place(organisation, identity))
    work.show({"removed": identity}, lambda: f"{identity} is removed")


def home(noun: str) -> Callable[..., str]:
    """Where a noun of an organisation, or of the gateway, is."""

    def place(organisation: str, *parts: str) -> str:
        return at(*(("organisations", organisation) if organisation else ()), noun, *parts)

    return place


_place = home("webhooks")


def _show(work: Work, shown: WebhookView) -> None:
    values = shown.model_dump() | {"types": _types(shown.types)}
    work.show(shown, lambda: listing(values))


def _show_secret(work: Work, shown: SecretedWebhook) -> None:
    _show(work, shown)
    if not work.as_json:
        click.echo(KEEP_IT, err=True)


def _types(types: Sequence[AuditTag]) -> str:
    return ", ".join(tag.value for tag in types) or "all"


def _state(shown: WebhookView) -> str:
    if shown.enabled:
        return "failing" if shown.failing_since else "on"
    return f"off: {shown.stopped}" if shown.stopped else "off"


def _delivery(each: DeliveryView) -> Sequence[object]:
    return each.sequence, each.type, each.state, each.attempts, each.next_at, each.status or None, each.error
