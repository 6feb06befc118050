"""``usher notice``: who is told what by mail (product 7.9, docs/events.md). Exit codes: ``cli.local``."""

from collections.abc import Sequence

import click

from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.tables import table
from gateway.cli.webhook import home
from gateway.endpoints.api.notices import LetterList, LetterView, NoticeList, NoticeView
from gateway.records.events import NoticeKind

KINDS = click.Choice([kind.value for kind in NoticeKind])
LETTERS = ("ID", "TO", "ABOUT", "STATE", "ATTEMPTS", "WRITTEN", "ERROR")

in_organisation = click.option("--org", "organisation", default="", help="Of this organisation's notices.")
_place = home("notices")


@click.group()
def notice() -> None:
    """Let people be told by mail.

    With --org it is about an organisation, without it about the whole gateway.
    """


@notice.command("list")
@in_organisation
@on_store
def list_(work: Work, organisation: str) -> None:
    """List which address is told what."""
    found = work.api.get(_place(organisation), NoticeList)
    rows = ((each.address, [kind.value for kind in each.kinds]) for each in found.items)
    work.show(found, lambda: table(("ADDRESS", "TOLD OF"), rows))


@notice.command("set")
@click.argument("address")
@click.argument("kinds", nargs=-1, type=KINDS)
@in_organisation
@click.option("--all", "everything", is_flag=True, help="Of everything that there is.")
@click.option("--none", "nothing", is_flag=True, help="Of nothing any longer.")
@on_store
def set_(
    work: Work, address: str, kinds: Sequence[str], organisation: str, everything: bool, nothing: bool
) -> None:
    """Let ADDRESS be told these KINDS and no others."""
    if sum((bool(kinds), everything, nothing)) != 1:
        end("either kinds, or --all, or --none", USAGE)
    if nothing:
        work.api.delete(_place(organisation, address))
        work.show({"removed": address}, lambda: f"{address} is told nothing")
        return
    wanted = [kind.value for kind in NoticeKind] if everything else list(kinds)
    made = work.api.put(_place(organisation, address), NoticeView, {"kinds": wanted})
    work.show(made, lambda: f"{made.address} is told of: {', '.join(kind.value for kind in made.kinds)}")


@notice.command()
@click.argument("address")
@in_organisation
@on_store
def test(work: Work, address: str, organisation: str) -> None:
    """Send ADDRESS a mail, if it is told anything; a gateway has to be running."""
    letter = work.api.post(_place(organisation, "test"), LetterView, {"address": address})
    work.show(letter, lambda: f"a mail to {letter.address} is on its way: usher notice letters")


@notice.command()
@in_organisation
@on_store
def letters(work: Work, organisation: str) -> None:
    """List the last mails, and what became of them."""
    found = work.api.get(_place(organisation, "letters"), LetterList)
    rows = (
        (
            each.id,
            each.address,
            each.notice or each.kind,
            each.state,
            each.attempts,
            each.created_at,
            each.error,
        )
        for each in found.items
    )
    work.show(found, lambda: table(LETTERS, rows))
