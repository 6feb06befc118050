"""``usher device wipe`` and ``cancel`` (product 5.3, 5.5): one device, several, or all of a user.

Several are ordered one by one, each as if it were the only one: every budget, freeze and approval holds for
each of them, and one that is refused keeps no other from being ordered.
"""

import sys
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.device_named import Named, because, devices_of, meant, named, one, only
from gateway.cli.failures import tell_error, tell_words
from gateway.cli.found import owner
from gateway.cli.local import FAILED, USAGE, Work, end, on_store
from gateway.cli.meter import Meter, progress_line
from gateway.cli.tables import json_line, visible
from gateway.endpoints.api.device_views import DeviceSheet, DeviceView
from gateway.endpoints.api.order_views import ChoiceList, OrderedView, OrderView
from gateway.errors import GatewayError, Kind
from gateway.services.reasons import wipe_reason
from mdm.device import WipeKind
from mdm.orders import ENDED, OBEYED

LOOK_EVERY_S = 0.2
"""How often ``--wait`` looks on this machine: a phone that hangs in Ping is wiped within a second."""

LOOK_ELSEWHERE_S = 1.0
"""How often it asks a remote gateway, whose requests have a rate."""

OF_ONE_DEVICE = frozenset({Kind.NOT_FOUND, Kind.CONFLICT, Kind.FORBIDDEN, Kind.UNSUPPORTED, Kind.MALFORMED})
"""Refusals that say nothing about the next device."""


@click.command()
@click.argument("address", required=False)
@click.argument("device_ids", metavar="[DEVICEID]...", nargs=-1)
@click.option(
    "--all-of", metavar="ADDRESS", help="Every device of this user, instead of ADDRESS and DEVICEID."
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in WipeKind]),
    default=WipeKind.ACCOUNT.value,
    show_default=True,
    help="account: what it synced. device: everything on it, and only with a reason.",
)
@because
@click.option("--name", "typed", help="For a full wipe: the device's alias, own name or DeviceId, once more.")
@click.option("--wait", is_flag=True, help="Stay until the device has acknowledged it.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@on_store
def wipe(
    work: Work,
    /,
    address: str | None,
    device_ids: tuple[str, ...],
    all_of: str | None,
    kind: str,
    reason: str,
    **rest: Any,
) -> None:
    """Order a wipe of devices of the user with this ADDRESS; it is done when a device comes next.

    A full wipe may wait for a second administrator first: usher wipe approve.
    """
    body = {"kind": kind, "reason": wipe_reason(WipeKind(kind), reason)}
    chosen = _chosen(work, address, device_ids, all_of)
    if rest["typed"] is not None and len(chosen) > 1:
        end("--name is the name of one device", USAGE)
    code, orders = _order_all(work, chosen, body, rest["typed"])
    if rest["wait"]:
        until = monotonic() + (float("inf") if rest["timeout"] is None else rest["timeout"])
        waited = [_watch(work, order, until) for order in orders]
        code = code or max(waited, default=0)
    if code:
        sys.exit(code)


@click.command()
@one
@because
@on_store
def cancel(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Take back a wipe that the device has not acknowledged, or that waits for approval."""
    device = meant(work, address, device_id)
    after = work.api.post(device.place("wipe", "cancel"), OrderedView, {"reason": reason})
    work.show(after, lambda: f"{visible(device.device_id)}: {after.order.words}")


def _chosen(work: Work, address: str | None, device_ids: Sequence[str], all_of: str | None) -> list[Named]:
    if (address is None) is (all_of is None):
        end("whose devices: either ADDRESS or --all-of ADDRESS", USAGE)
    user = owner(work, all_of or address or "")
    if all_of is not None:
        return [named(user, each.device_id) for each in devices_of(work, user)]
    return list(dict.fromkeys(named(user, each) for each in device_ids)) or [only(work, user)]


def _order_all(
    work: Work, chosen: Sequence[Named], body: dict[str, str], typed: str | None
) -> tuple[int, list[OrderView]]:
    """Order each; the exit code of the first refusal, and the orders that were made."""
    code, orders = 0, []
    with progress_line(output=True) as line:
        for number, device in enumerate(chosen, 1):
            if len(chosen) > 1:
                line.tell(f"{number} of {len(chosen)}")
            try:
                orders.append(_order(work, device, body, typed, line))
            except GatewayError as error:
                if len(chosen) == 1 or error.kind not in OF_ONE_DEVICE:
                    raise
                line.clear()
                refused = tell_error(error, device.device_id)
                code = code or refused
    return code, orders


def _order(work: Work, device: Named, body: dict[str, str], typed: str | None, line: Meter) -> OrderView:
    if typed is None and body["kind"] == WipeKind.DEVICE.value:
        line.clear()
        typed = _ask(work, device)
    done = work.api.post(device.place("wipe"), OrderedView, body | {"name": typed or ""})
    line.clear()
    _tell(work, done, done.order)
    return done.order


def _ask(work: Work, device: Named) -> str:
    """Ask for the device's name, saying first what will be gone."""
    offered = work.api.get(device.place("wipe"), ChoiceList).items
    full = next(each for each in offered if each.kind is WipeKind.DEVICE)
    click.echo(f"A full wipe erases {full.erases}.", err=True)
    return str(click.prompt(f"Type the device's name, {visible(full.type_name)}, to erase it", err=True))


def _watch(work: Work, seen: OrderView, until: float) -> int:
    """Tell each step of a wipe until it is acknowledged or never will be; the exit code."""
    begun = monotonic()
    with progress_line(output=False) as line:
        while seen.progress not in OBEYED:
            if seen.progress in ENDED or monotonic() >= until:
                ended = seen.progress in ENDED
                line.clear()
                tell_words(seen.words if ended else "not acknowledged yet; the wipe stays ordered", FAILED)
                return FAILED
            line.tell(f"{seen.device_id}: {seen.words}; {monotonic() - begun:.0f} s")
            sleep(LOOK_EVERY_S if work.here is not None else LOOK_ELSEWHERE_S)
            present = work.api.get(at("organisations", seen.organisation, "wipes", seen.id), OrderView)
            if present != seen and present.progress not in ENDED - OBEYED:
                line.clear()
                _tell(work, _device(work, present), present)
            seen = present
    return 0


def _device(work: Work, order: OrderView) -> DeviceView | None:
    """The device of an order for programs; None for people, and for one that is gone."""
    if not work.as_json:
        return None
    try:
        return work.api.get(Named(order.organisation, order.user, order.device_id).place(), DeviceSheet)
    except GatewayError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return None


def _tell(work: Work, present: DeviceView | None, order: OrderView) -> None:
    """A line of progress, or for programs the device and its order as they are now, one object a line; of a
    device that is gone the order alone."""
    if not work.as_json:
        click.echo(f"{visible(order.device_id)}: {order.words}")
    elif present is None:
        click.echo(json_line({"order": order.model_dump(mode="json")}))
    else:
        shown = {name: getattr(present, name) for name in DeviceView.model_fields}
        click.echo(json_line(OrderedView(**shown, order=order).model_dump(mode="json")))
