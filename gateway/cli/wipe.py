"""``usher wipe``: orders of wipes, their approval, and the emergency brake (product 5.5). A wipe is asked for
with ``usher device wipe``. Exit codes: ``gateway.cli.local``.
"""

from collections.abc import Iterator, Sequence

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import cell, listing, table
from gateway.endpoints.api.order_views import OrderList, order_view
from gateway.endpoints.api.wipes import StoppedList, stopped_view
from gateway.records import Organisation
from gateway.services.panic import REMAINDER, Stopped
from gateway.services.reasons import tidy_reason
from mdm.orders import Progress, WipeOrder, in_words

PAGE = 1000
HEADINGS = ("ORDER", "USER", "DEVICEID", "ASKED FOR BY", "PROGRESS")
_REASON = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@click.group()
def wipe() -> None:
    """See, approve and take back orders of wipes."""


@wipe.command("list")
@click.argument("organisation")
@click.option("--user", "address", help="Only of the user with this address.")
@click.option("--progress", type=click.Choice([each.value for each in Progress]), help="Only this far.")
@on_store
def list_(work: Work, organisation: str, address: str | None, progress: str | None) -> None:
    """List the orders of ORGANISATION, the youngest first."""
    home = work.services.finder.organisation(organisation)
    owner = work.services.finder.user(home.id, address).id if address else None
    found = list(_orders(work, home, owner, progress))
    rows = (_row(work, each) for each in found)
    work.show(OrderList(items=[order_view(each) for each in found], next=None), lambda: table(HEADINGS, rows))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@on_store
def show(work: Work, organisation: str, order: str) -> None:
    """Show one ORDER."""
    _show(work, work.services.wipes.get(organisation, order))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@_REASON
@on_store
def approve(work: Work, organisation: str, order: str, reason: str) -> None:
    """Let the ORDER of another administrator become due."""
    _show(work, work.services.wipes.approve(work.actor, organisation, order, tidy_reason(reason)))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@_REASON
@on_store
def reject(work: Work, organisation: str, order: str, reason: str) -> None:
    """Turn an ORDER down that waits for approval."""
    _show(work, work.services.wipes.reject(work.actor, organisation, order, tidy_reason(reason)))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@_REASON
@on_store
def cancel(work: Work, organisation: str, order: str, reason: str) -> None:
    """Take back an ORDER that no device has acknowledged."""
    _show(work, work.services.wipes.cancel(work.actor, organisation, order, tidy_reason(reason)))


@wipe.command()
@click.option("--org", "organisation", help="Only in this organisation; without it in all of them.")
@_REASON
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_store
def panic(work: Work, organisation: str | None, reason: str, yes: bool) -> None:
    """Take back every wipe that no device has fetched, and freeze."""
    if not yes:
        click.confirm(
            f"Take back every undelivered wipe of {organisation or 'all organisations'}?", abort=True
        )
    why, brake, actor = tidy_reason(reason), work.services.panic, work.actor
    stopped = [brake.stop(actor, organisation, why)] if organisation else brake.everywhere(actor, why)
    work.show(StoppedList(items=[stopped_view(each) for each in stopped]), lambda: _told(work, stopped))


@wipe.command()
@click.argument("organisation")
@_REASON
@on_store
def freeze(work: Work, organisation: str, reason: str) -> None:
    """Let no wipe be ordered in ORGANISATION until the freeze is lifted."""
    frozen = work.services.safeguards.freeze(work.actor, organisation, tidy_reason(reason)).frozen
    work.show({"frozen": frozen}, lambda: f"frozen: {frozen}")


@wipe.command()
@click.argument("organisation")
@_REASON
@on_store
def lift(work: Work, organisation: str, reason: str) -> None:
    """End the freeze of ORGANISATION; its budgets begin anew."""
    work.services.safeguards.lift(work.actor, organisation, tidy_reason(reason))
    work.show({"frozen": ""}, lambda: "not frozen")


def _orders(work: Work, home: Organisation, owner: str | None, progress: str | None) -> Iterator[WipeOrder]:
    wanted = (Progress(progress),) if progress else ()
    before = None
    while page := work.services.wipes.list(home.id, user=owner, progress=wanted, before=before, limit=PAGE):
        yield from page
        before = (page[-1].requested_at, page[-1].id)


def _row(work: Work, order: WipeOrder) -> tuple[object, ...]:
    return order.id, _address(work, order), order.key.device_id, order.requested_by, in_words(order)


def _address(work: Work, order: WipeOrder) -> str:
    device = work.services.devices.get(order.key)
    return work.services.finder.owners([device])[order.key.user] if device else order.key.user


def _show(work: Work, order: WipeOrder) -> None:
    shown = order_view(order)
    work.show(shown, lambda: listing(shown.model_dump()))


def _told(work: Work, stopped: Sequence[Stopped]) -> str:
    return "\n".join(_line(work, each) for each in stopped)


def _line(work: Work, stopped: Stopped) -> str:
    alias = work.services.finder.organisation(stopped.organisation).alias
    done = f"{alias}: {stopped.cancelled} wipes taken back, {stopped.unapproved} orders closed, frozen"
    if not stopped.delivered:
        return done
    return f"{done}; {len(stopped.delivered)} delivered: {cell(stopped.delivered)}. {REMAINDER}"
