"""``usher device``: phones and tablets (product 5). Exit codes: ``gateway.cli.local``; ``play`` has its own.

A device is named by its user's address and its DeviceId, which may be left out for a user with one device.
"""

import time
from collections.abc import Callable
from typing import Any

import click

from gateway.cli import audit, device_story
from gateway.cli.conduct import stale
from gateway.cli.device_list import as_table, found, list_
from gateway.cli.local import FAILED, NOT_FOUND, USAGE, Work, end, on_store
from gateway.cli.moments import read_time
from gateway.cli.phone import play
from gateway.cli.tables import cell, json_line, listing, visible
from gateway.endpoints.api.device_views import (
    DeviceSheet,
    DeviceView,
    PeerView,
    RecoveryView,
    sheet_view,
    view,
)
from gateway.endpoints.api.order_views import OrderedView, order_view
from gateway.records import User
from gateway.services.inventory import Question
from gateway.services.partnerships import target_of
from gateway.services.reasons import tidy_reason, wipe_reason
from gateway.services.wipe_guards import Wanted
from mdm.device import AccessLevel, Device, DeviceKey, WipeKind
from mdm.orders import ENDED, OBEYED, WipeOrder, in_words

LOOK_EVERY_S = 0.2
"""How often ``--wait`` looks: a phone that hangs in Ping is wiped within a second."""

BY_RULE = "rules"


@click.group()
def device() -> None:
    """See, wipe and remove devices."""


device.add_command(play)
device.add_command(list_)
device.add_command(stale)


def _one(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that name a device."""
    named = click.argument("device_id", metavar="[DEVICEID]", required=False)(command)
    return click.argument("address")(named)


_REASON = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@device.command()
@_one
@on_store
def show(work: Work, address: str, device_id: str | None) -> None:
    """Show a device of the user with this ADDRESS, with its policy and what the rules answer it."""
    key = _found(work, address, device_id).key
    sheet = work.services.inventory.sheet(key)
    shown = sheet_view(sheet, _address(work, sheet.device))
    work.show(shown, lambda: _sheet(sheet.device, shown))


@device.command()
@_one
@click.option("--as", "alias", required=True, metavar="NAME", help="Empty to take it away.")
@_REASON
@on_store
def name(work: Work, address: str, device_id: str | None, alias: str, reason: str) -> None:
    """Give a device a name of your own, beside what it reports."""
    key = _key(work, address, device_id)
    _show(work, work.services.inventory.rename(work.actor, key, alias, tidy_reason(reason)))


@device.command()
@_one
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in WipeKind]),
    default=WipeKind.ACCOUNT.value,
    show_default=True,
    help="account: what it synced. device: everything on it, and only with a reason.",
)
@_REASON
@click.option("--name", "typed", help="For a full wipe: the device's alias, own name or DeviceId, once more.")
@click.option("--wait", is_flag=True, help="Stay until the device has acknowledged it.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@on_store
def wipe(
    work: Work,
    /,
    address: str,
    device_id: str | None,
    kind: str,
    reason: str,
    typed: str | None,
    **patience: Any,
) -> None:
    """Order a wipe of a device of the user with this ADDRESS; it is done when the device comes next.

    A full wipe may wait for a second administrator first: usher wipe approve.
    """
    wanted = WipeKind(kind)
    why = wipe_reason(wanted, reason)
    key = _key(work, address, device_id)
    if wanted is WipeKind.DEVICE and typed is None:
        typed = _ask(work, key)
    order = work.services.wipes.request(work.actor, key, Wanted(wanted, why, typed or ""))
    _tell(work, order)
    if patience["wait"]:
        _watch(work, order, patience["timeout"])


@device.command()
@_one
@_REASON
@on_store
def cancel(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Take back a wipe that the device has not acknowledged, or that waits for approval."""
    key = _key(work, address, device_id)
    before = work.services.devices.get(key)
    order = work.services.wipes.cancel_for(work.actor, key, tidy_reason(reason))
    present = work.services.devices.get(key) or before
    if present is not None:
        work.show(_ordered(work, present, order), lambda: f"{key.device_id}: {in_words(order)}")


@device.command()
@_one
@_REASON
@on_store
def password(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Reveal the recovery password of a device; needs --reason and stands in the audit trail."""
    key = _key(work, address, device_id)
    revealed = work.services.recovery.reveal(work.actor, key, tidy_reason(reason))
    shown = RecoveryView(password=revealed.password, stored_at=revealed.stored_at)
    work.show(shown, lambda: visible(revealed.password))


@device.command()
@_one
@_REASON
@click.option("--force", is_flag=True, help="Even while a wipe is pending, which is still delivered.")
@on_store
def remove(work: Work, address: str, device_id: str | None, reason: str, force: bool) -> None:
    """Take a device off the list; it may come back as a new one."""
    key = _key(work, address, device_id)
    work.services.devices.remove(work.actor, key, force=force, reason=tidy_reason(reason))
    work.show({"removed": key.device_id}, lambda: f"removed {key.device_id}")


@device.command()
@_one
@_REASON
@on_store
def provision(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Make a device fetch its policy again."""
    key = _key(work, address, device_id)
    _show(work, work.services.devices.require_provisioning(work.actor, key, tidy_reason(reason)))


@device.command()
@_one
@click.option(
    "--level",
    type=click.Choice([*(level.value for level in AccessLevel), BY_RULE]),
    required=True,
    help="rules: whatever the rules say.",
)
@_REASON
@click.option("--until", help="When it ends, such as 2030-01-31T12:00:00Z.")
@on_store
def access(
    work: Work, address: str, device_id: str | None, level: str, reason: str, until: str | None
) -> None:
    """Allow, block or quarantine one device."""
    key = _key(work, address, device_id)
    wanted, ends = None if level == BY_RULE else AccessLevel(level), read_time(until)
    _show(work, work.services.devices.set_access(work.actor, key, wanted, tidy_reason(reason), ends))


@device.command()
@_one
@on_store
def story(work: Work, address: str, device_id: str | None) -> None:
    """Tell what happened to a device, from the audit trail."""
    key = _key(work, address, device_id)
    device_story.show(work, list(audit.records(work, key.organisation, target_of(key))))


def _found(work: Work, address: str, device_id: str | None) -> Device:
    """The device that is meant; ends the command, with a list to choose from, where that is not clear."""
    owner = work.services.users.get(address)
    if device_id is not None:
        return work.services.finder.device(owner.organisation, owner.id, device_id)
    return _only(work, owner)


def _key(work: Work, address: str, device_id: str | None) -> DeviceKey:
    """As ``_found``; one that is named need not be there, so that the refusal stands in the trail."""
    owner = work.services.users.get(address)
    if device_id is not None:
        return work.services.finder.key(owner.organisation, owner.id, device_id)
    return _only(work, owner).key


def _only(work: Work, owner: User) -> Device:
    listed = list(found(work, Question(owner.organisation, owner.id)))
    devices = [each for each, _ in listed]
    if not devices:
        end(f"{owner.address} has no device", NOT_FOUND)
    if len(devices) > 1:
        click.echo(as_table(listed), err=True)
        end(f"{owner.address} has {len(devices)} devices: which DEVICEID?", USAGE)
    return devices[0]


def _ask(work: Work, key: DeviceKey) -> str:
    """Ask for the device's name, saying first what will be gone."""
    full = next(each for each in work.services.wipes.choices(key) if each.kind is WipeKind.DEVICE)
    click.echo(f"A full wipe erases {full.erases}.", err=True)
    return str(click.prompt(f"Type the device's name, {visible(full.type_name)}, to erase it", err=True))


def _watch(work: Work, seen: WipeOrder, timeout: float | None) -> None:
    """Tell each step of a wipe until it is acknowledged; ends the command when it will never be."""
    until = time.monotonic() + timeout if timeout is not None else float("inf")
    while seen.progress not in OBEYED:
        if seen.progress in ENDED:
            end(in_words(seen), FAILED)
        if time.monotonic() >= until:
            end("not acknowledged yet; the wipe stays ordered", FAILED)
        time.sleep(LOOK_EVERY_S)
        present = work.services.wipes.get(seen.key.organisation, seen.id)
        if present != seen and present.progress not in ENDED - OBEYED:
            _tell(work, present)
        seen = present


def _tell(work: Work, order: WipeOrder) -> None:
    """A line of progress, or for programs the device and its order as they are now, one object a line."""
    present = work.services.devices.get(order.key) if work.as_json else None
    if present is None:
        click.echo(f"{order.key.device_id}: {in_words(order)}")
    else:
        click.echo(json_line(_ordered(work, present, order).model_dump(mode="json")))


def _ordered(work: Work, present: Device, order: WipeOrder) -> OrderedView:
    return OrderedView(**dict(_view(work, present)), order=order_view(order))


def _progress(present: Device) -> str:
    wipe = present.wipe
    if wipe is None:
        return f"{present.key.device_id}: {present.state.value}"
    if wipe.acknowledged_at is not None:
        proof = "; no password stood behind it" if wipe.unverified else ""
        what = f"acknowledged at {cell(wipe.acknowledged_at)}{proof}"
    elif wipe.failures:
        what = f"failed on the device {wipe.failures} times, and is sent again"
    elif wipe.delivered_at is not None:
        what = f"delivered at {cell(wipe.delivered_at)}"
    else:
        what = f"ordered at {cell(wipe.ordered_at)}, waiting for the device"
    return f"{present.key.device_id}: wipe ({wipe.kind.value}) {what}"


def _address(work: Work, present: Device) -> str:
    return work.services.finder.owners([present])[present.key.user]


def _view(work: Work, present: Device) -> DeviceView:
    return view(present, _address(work, present))


def _show(work: Work, present: Device) -> None:
    shown = _view(work, present)
    work.show(shown, lambda: listing(_values(present, shown)))


def _values(present: Device, shown: DeviceView) -> dict[str, object]:
    values = shown.model_dump(exclude={"wipe", "reported", "policies", "answer", "backends"})
    reported = {f"reported {name}": value for name, value in shown.reported.model_dump().items()}
    progress = {"wipe": _progress(present)} if present.wipe else {}
    return values | progress | reported


def _sheet(present: Device, shown: DeviceSheet) -> str:
    answer = shown.answer
    why = f": {answer.reason}" if answer.reason else ""
    layers = [f"{each.policy}@{each.version} ({each.reach})" for each in shown.policies]
    told = {"policies": layers, "answer": f"{answer.level.value}{why}", "answer until": answer.until}
    peers = {f"backend {peer.backend}": _peer(peer) for peer in shown.backends}
    return listing(_values(present, shown) | told | peers)


def _peer(peer: PeerView) -> str:
    if peer.diagnosis:
        return f"{peer.diagnosis} Since {cell(peer.wipe_at)}." if peer.wipe_at else peer.diagnosis
    return f"provisioned for the device at {cell(peer.given_at)}" if peer.given_at else "not provisioned"
