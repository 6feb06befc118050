"""``usher device``: phones and tablets (product 5). Exit codes: ``gateway.cli.local``; ``play`` has its own.

A device is named by its user's address and its DeviceId, which may be left out for a user with one device.
"""

import time
from collections.abc import Callable, Iterator

import click

from gateway.cli import audit
from gateway.cli.local import FAILED, NOT_FOUND, USAGE, Work, end, on_store
from gateway.cli.phone import play
from gateway.cli.tables import cell, listing, table
from gateway.endpoints.api.device_views import DeviceList, DeviceView, view
from gateway.records import User
from gateway.services.partnerships import target_of
from gateway.services.reasons import tidy_reason, wipe_reason
from mdm.device import AccessLevel, Device, DeviceKey, DeviceState, WipeKind

PAGE = 1000
LOOK_EVERY_S = 0.2
"""How often ``--wait`` looks: a phone that hangs in Ping is wiped within a second."""

HEADINGS = ("ADDRESS", "DEVICEID", "TYPE", "MODEL", "PROTOCOL", "STATE", "ACCESS", "LAST SEEN")
STORY = ("AT", "BY", "WHAT", "REASON", "OUTCOME")
BY_RULE = "rules"


@click.group()
def device() -> None:
    """See, wipe and remove devices."""


device.add_command(play)


def _one(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that name a device."""
    named = click.argument("device_id", metavar="[DEVICEID]", required=False)(command)
    return click.argument("address")(named)


_REASON = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@device.command("list")
@click.option("--org", "organisation", help="Only of this organisation.")
@click.option("--user", "address", help="Only of the user with this address.")
@click.option(
    "--state", type=click.Choice([state.value for state in DeviceState]), help="Only in this state."
)
@on_store
def list_(work: Work, organisation: str | None, address: str | None, state: str | None) -> None:
    """List devices."""
    home = work.services.tenants.organisation(organisation).id if organisation else None
    owner = work.services.users.get(address).id if address else None
    found = list(_devices(work, home, owner, DeviceState(state) if state else None))
    _show_all(work, found)


@device.command()
@_one
@on_store
def show(work: Work, address: str, device_id: str | None) -> None:
    """Show a device of the user with this ADDRESS."""
    _show(work, _found(work, address, device_id))


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
@click.option("--wait", is_flag=True, help="Stay until the device has acknowledged it.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@on_store
def wipe(
    work: Work,
    address: str,
    device_id: str | None,
    kind: str,
    reason: str,
    wait: bool,
    timeout: float | None,
) -> None:
    """Order a wipe of a device of the user with this ADDRESS; it is done when the device comes next."""
    wanted = WipeKind(kind)
    why = wipe_reason(wanted, reason)
    key = _key(work, address, device_id)
    ordered = work.services.devices.require_wipe(work.actor, key, wanted, why)
    _tell(work, ordered)
    if wait:
        _watch(work, ordered, timeout)


@device.command()
@_one
@_REASON
@on_store
def cancel(work: Work, address: str, device_id: str | None, reason: str) -> None:
    """Take back a wipe that the device has not acknowledged."""
    key = _key(work, address, device_id)
    _show(work, work.services.devices.cancel_wipe(work.actor, key, tidy_reason(reason)))


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
@on_store
def access(work: Work, address: str, device_id: str | None, level: str, reason: str) -> None:
    """Allow, block or quarantine one device."""
    key = _key(work, address, device_id)
    wanted = None if level == BY_RULE else AccessLevel(level)
    _show(work, work.services.devices.set_access(work.actor, key, wanted, tidy_reason(reason)))


@device.command()
@_one
@on_store
def story(work: Work, address: str, device_id: str | None) -> None:
    """Tell what happened to a device, from the audit trail."""
    key = _key(work, address, device_id)
    audit.show(work, list(audit.records(work, key.organisation, target_of(key))), headings=STORY)


def _devices(
    work: Work, organisation: str | None, owner: str | None, state: DeviceState | None = None
) -> Iterator[Device]:
    after: tuple[str, str, str] | None = None
    while page := work.services.devices.list(organisation, user=owner, state=state, after=after, limit=PAGE):
        yield from page
        last = page[-1].key
        after = (last.organisation, last.user, last.device_id)


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
    devices = list(_devices(work, owner.organisation, owner.id))
    if not devices:
        end(f"{owner.address} has no device", NOT_FOUND)
    if len(devices) > 1:
        click.echo(_table(work, devices), err=True)
        end(f"{owner.address} has {len(devices)} devices: which DEVICEID?", USAGE)
    return devices[0]


def _watch(work: Work, ordered: Device, timeout: float | None) -> None:
    """Tell each step of a wipe until it is acknowledged; ends the command when it will never be."""
    until = time.monotonic() + timeout if timeout is not None else float("inf")
    seen = ordered
    while seen.state is not DeviceState.WIPE_SUCCEEDED:
        if time.monotonic() >= until:
            end("not acknowledged yet; the wipe stays ordered", FAILED)
        time.sleep(LOOK_EVERY_S)
        seen = _step(work, seen)


def _step(work: Work, seen: Device) -> Device:
    present = work.services.devices.get(seen.key)
    if present is None:
        end("the device was removed meanwhile", FAILED)
    if present.state not in (DeviceState.WIPE_REQUIRED, DeviceState.WIPE_SUCCEEDED):
        end("the wipe was cancelled meanwhile", FAILED)
    if present.wipe != seen.wipe or present.state is not seen.state:
        _tell(work, present)
    return present


def _tell(work: Work, present: Device) -> None:
    """A line of progress, or for programs the device as it is now, one object a line."""
    if work.as_json:
        click.echo(_view(work, present).model_dump_json())
    else:
        click.echo(_progress(present))


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


def _view(work: Work, present: Device) -> DeviceView:
    return view(present, work.services.finder.owners([present])[present.key.user])


def _show(work: Work, present: Device) -> None:
    shown = _view(work, present)
    values = shown.model_dump(exclude={"wipe", "reported"})
    reported = {f"reported {name}": value for name, value in shown.reported.model_dump().items()}
    progress = {"wipe": _progress(present)} if present.wipe else {}
    work.show(shown, lambda: listing(values | progress | reported))


def _show_all(work: Work, devices: list[Device]) -> None:
    owners = work.services.finder.owners(devices)
    items = [view(each, owners[each.key.user]) for each in devices]
    work.show(DeviceList(items=items, next=None), lambda: _table(work, devices))


def _table(work: Work, devices: list[Device]) -> str:
    owners = work.services.finder.owners(devices)
    return table(HEADINGS, (_row(each, owners[each.key.user]) for each in devices))


def _row(each: Device, address: str) -> tuple[object, ...]:
    key: DeviceKey = each.key
    model = each.information.model
    return (
        address,
        key.device_id,
        each.device_type,
        model,
        each.protocol_version,
        each.state,
        each.access,
        each.last_seen,
    )
