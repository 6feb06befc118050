"""``usher wipe``: orders of wipes, their approval, and the emergency brake (product 5.5). A wipe is asked for
with ``usher device wipe``. Exit codes: ``gateway.cli.local``.
"""

from collections.abc import Sequence

import click

from gateway.cli.api import at
from gateway.cli.device_named import because
from gateway.cli.local import Work, on_store
from gateway.cli.paging import show_pages
from gateway.cli.tables import cell
from gateway.endpoints.api.order_views import OrderList, OrderView
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.safeguards import SafeguardsView
from gateway.endpoints.api.wipes import StoppedList, StoppedView
from mdm.orders import Progress

HEADINGS = ("ORDER", "USER", "DEVICEID", "ASKED FOR BY", "PROGRESS")


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
    place = at("organisations", organisation, "wipes")
    pages = work.api.pages(place, OrderList, user=address, progress=progress)
    show_pages(work, pages, HEADINGS, _row)


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@on_store
def show(work: Work, organisation: str, order: str) -> None:
    """Show one ORDER."""
    work.show_fields(work.api.get(_order(organisation, order), OrderView))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@because
@on_store
def approve(work: Work, organisation: str, order: str, reason: str) -> None:
    """Let the ORDER of another administrator become due."""
    place = _order(organisation, order, "approve")
    work.show_fields(work.api.post(place, OrderView, {"reason": reason}))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@because
@on_store
def reject(work: Work, organisation: str, order: str, reason: str) -> None:
    """Turn an ORDER down that waits for approval."""
    place = _order(organisation, order, "reject")
    work.show_fields(work.api.post(place, OrderView, {"reason": reason}))


@wipe.command()
@click.argument("organisation")
@click.argument("order")
@because
@on_store
def cancel(work: Work, organisation: str, order: str, reason: str) -> None:
    """Take back an ORDER that no device has acknowledged."""
    place = _order(organisation, order, "cancel")
    work.show_fields(work.api.post(place, OrderView, {"reason": reason}))


@wipe.command()
@click.option("--org", "organisation", help="Only in this organisation; without it in all of them.")
@because
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_store
def panic(work: Work, organisation: str | None, reason: str, yes: bool) -> None:
    """Take back every wipe that no device has fetched, and freeze."""
    if not yes:
        click.confirm(
            f"Take back every undelivered wipe of {organisation or 'all organisations'}?", abort=True
        )
    body = {"reason": reason}
    if organisation:
        place = at("organisations", organisation, "wipes", "panic")
        stopped = StoppedList(items=[work.api.post(place, StoppedView, body)])
    else:
        stopped = work.api.post(at("wipes", "panic"), StoppedList, body)
    work.show(stopped, lambda: "\n".join(_line(work, each) for each in stopped.items))


@wipe.command()
@click.argument("organisation")
@because
@on_store
def freeze(work: Work, organisation: str, reason: str) -> None:
    """Let no wipe be ordered in ORGANISATION until the freeze is lifted."""
    place = at("organisations", organisation, "safeguards", "freeze")
    frozen = work.api.post(place, SafeguardsView, {"reason": reason}).frozen
    work.show({"frozen": frozen}, lambda: f"frozen: {frozen}")


@wipe.command()
@click.argument("organisation")
@because
@on_store
def lift(work: Work, organisation: str, reason: str) -> None:
    """End the freeze of ORGANISATION; its budgets begin anew."""
    place = at("organisations", organisation, "safeguards", "lift")
    work.api.post(place, SafeguardsView, {"reason": reason})
    work.show({"frozen": ""}, lambda: "not frozen")


def _order(organisation: str, order: str, *act: str) -> str:
    return at("organisations", organisation, "wipes", order, *act)


def _row(order: OrderView) -> Sequence[object]:
    return order.id, order.address or order.user, order.device_id, order.requested_by, order.words


def _line(work: Work, stopped: StoppedView) -> str:
    alias = work.api.get(at("organisations", stopped.organisation), OrganisationView).alias
    done = f"{alias}: {stopped.cancelled} wipes taken back, {stopped.unapproved} orders closed, frozen"
    if not stopped.delivered:
        return done
    return f"{done}; {len(stopped.delivered)} delivered: {cell(stopped.delivered)}. {stopped.remainder}"
