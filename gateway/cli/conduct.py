"""``usher conduct``: devices to look at and what is done about them (product 5.7, 5.8; T4). Exit codes:
``gateway.cli.local``.

A device is named as in ``usher device``: by its user's address and its DeviceId.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.conduct import thresholds_view
from gateway.endpoints.api.device_views import DeviceList, view
from gateway.records.notices import Notice
from gateway.services.identity import Resolution
from gateway.services.reasons import tidy_reason
from mdm.device import Device, DeviceKey
from mdm.misbehaviour import SERVICE

PAGE = 1000
HEADINGS = ("ADDRESS", "DEVICEID", "TYPE", "LAST SEEN", "WHY")
_REASON = click.option("--reason", default="", help="Why; the audit trail keeps it.")


@click.group()
def conduct() -> None:
    """Misbehaving, looping, disputed and stale devices."""


@conduct.command()
@click.argument("organisation")
@on_store
def suspended(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that are suspended for misbehaviour."""
    _list(work, organisation, Notice.SUSPENDED)


@conduct.command()
@click.argument("organisation")
@on_store
def looping(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that provision round after round."""
    _list(work, organisation, Notice.LOOPING)


@conduct.command()
@click.argument("organisation")
@on_store
def disputed(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that may not be who they say."""
    _list(work, organisation, Notice.CONFLICT)


@conduct.command()
@click.argument("organisation")
@click.option("--days", type=click.IntRange(min=0), help="Without contact; by default the safeguard's.")
@on_store
def stale(work: Work, organisation: str, days: int | None) -> None:
    """List devices of ORGANISATION that were not heard of for long."""
    _list(work, organisation, Notice.SILENT, days)


@conduct.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@_REASON
@on_store
def release(work: Work, address: str, device_id: str, reason: str) -> None:
    """Let a suspended or looping device start anew."""
    key = _key(work, address, device_id)
    _show(work, work.services.misbehaviour.release(work.actor, key, tidy_reason(reason)), "released")


@conduct.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@click.argument("resolution", type=click.Choice([resolution.value for resolution in Resolution]))
@_REASON
@on_store
def resolve(work: Work, address: str, device_id: str, resolution: str, reason: str) -> None:
    """End a dispute: accept it as the same device, block it, or forget it."""
    key = _key(work, address, device_id)
    wanted = Resolution(resolution)
    after = work.services.identities.resolve(work.actor, key, wanted, tidy_reason(reason))
    if after is None:
        work.show({"forgotten": key.device_id}, lambda: f"forgotten {key.device_id}")
    else:
        _show(work, after, f"{resolution}ed")


@conduct.command()
@click.argument("organisation")
@on_store
def thresholds(work: Work, organisation: str) -> None:
    """Show what counts as misbehaviour in ORGANISATION."""
    shown = thresholds_view(work.services.misbehaviour.thresholds(organisation))
    work.show(shown, lambda: _thresholds(shown.thresholds))


@conduct.command("set")
@click.argument("organisation")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_REASON
@on_store
def set_(work: Work, organisation: str, file: Path, reason: str) -> None:
    """Replace the thresholds of ORGANISATION by those of a JSON FILE; an empty object means the defaults."""
    changed = work.services.misbehaviour.set_thresholds(
        work.actor, organisation, _document(file), tidy_reason(reason)
    )
    shown = thresholds_view(changed)
    work.show(shown, lambda: _thresholds(shown.thresholds))


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        end(f"{file}: {error}", USAGE)
    if not isinstance(document, dict):
        end(f"{file}: an object is wanted", USAGE)
    return document


def _key(work: Work, address: str, device_id: str) -> DeviceKey:
    owner = work.services.users.get(address)
    return work.services.finder.key(owner.organisation, owner.id, device_id)


def _list(work: Work, organisation: str, notice: Notice, days: int | None = None) -> None:
    found: list[Device] = []
    after = ("", "")
    while page := work.services.misbehaviour.noted(organisation, notice, days=days, after=after, limit=PAGE):
        found += page
        after = (page[-1].key.user, page[-1].key.device_id)
    owners = work.services.finder.owners(found)
    items = [view(each, owners[each.key.user]) for each in found]
    rows = [_row(each, owners[each.key.user], notice) for each in found]
    work.show(DeviceList(items=items, next=None), lambda: table(HEADINGS, rows))


def _row(each: Device, address: str, notice: Notice) -> Sequence[object]:
    why = {
        Notice.SUSPENDED: each.suspended_reason,
        Notice.LOOPING: each.diagnosis,
        Notice.CONFLICT: each.conflict,
        Notice.SILENT: "",
    }[notice]
    return (address, each.key.device_id, each.device_type, each.last_seen, why)


def _show(work: Work, after: Device, what: str) -> None:
    owners = work.services.finder.owners([after])
    work.show(view(after, owners[after.key.user]), lambda: f"{what} {after.key.device_id}")


def _thresholds(document: dict[str, Any]) -> str:
    rows = [(name, *measure.values()) for name, measure in document.items() if name != SERVICE]
    rows += [(f"{SERVICE}: {name}", *measure.values()) for name, measure in document[SERVICE].items()]
    return table(("BEHAVIOUR", "WINDOW S", "SLOW", "SUSPEND", "SLOW S", "SUSPEND S"), rows)
