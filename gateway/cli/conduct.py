"""``usher conduct``: devices to look at and what is done about them (product 5.7, 5.8; T4). Exit codes:
``gateway.cli.local``.

A device is named as in ``usher device``: by its user's address and its DeviceId.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.device_named import Named, because, named
from gateway.cli.found import owner
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.paging import show_pages
from gateway.cli.tables import table, visible
from gateway.endpoints.api.conduct import Settled, ThresholdsView
from gateway.endpoints.api.device_views import DeviceList, DeviceView
from gateway.services.identity import Resolution
from mdm.misbehaviour import SERVICE

HEADINGS = ("ADDRESS", "DEVICEID", "TYPE", "LAST SEEN", "WHY")


@click.group()
def conduct() -> None:
    """Misbehaving, looping, disputed and stale devices."""


@conduct.command()
@click.argument("organisation")
@on_store
def suspended(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that are suspended for misbehaviour."""
    _list(work, organisation, "suspended-devices", lambda each: each.suspended_reason)


@conduct.command()
@click.argument("organisation")
@on_store
def looping(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that provision round after round."""
    _list(work, organisation, "looping-devices", lambda each: each.diagnosis)


@conduct.command()
@click.argument("organisation")
@on_store
def disputed(work: Work, organisation: str) -> None:
    """List devices of ORGANISATION that may not be who they say."""
    _list(work, organisation, "disputed-devices", lambda each: each.conflict)


@conduct.command()
@click.argument("organisation")
@click.option("--days", type=click.IntRange(min=0), help="Without contact; by default the safeguard's.")
@on_store
def stale(work: Work, organisation: str, days: int | None) -> None:
    """List devices of ORGANISATION that were not heard of for long."""
    _list(work, organisation, "stale-devices", lambda _: "", days=days)


@conduct.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@because
@on_store
def release(work: Work, address: str, device_id: str, reason: str) -> None:
    """Let a suspended or looping device start anew."""
    place = _meant(work, address, device_id).place("release")
    _show(work, work.api.post(place, DeviceView, {"reason": reason}), "released")


@conduct.command()
@click.argument("address")
@click.argument("device_id", metavar="DEVICEID")
@click.argument("resolution", type=click.Choice([resolution.value for resolution in Resolution]))
@because
@on_store
def resolve(work: Work, address: str, device_id: str, resolution: str, reason: str) -> None:
    """End a dispute: accept it as the same device, block it, or forget it."""
    device = _meant(work, address, device_id)
    body = {"resolution": resolution, "reason": reason}
    after = work.api.post(device.place("identity"), Settled, body).device
    if after is None:
        work.show({"forgotten": device.device_id}, lambda: f"forgotten {visible(device.device_id)}")
    else:
        _show(work, after, f"{resolution}ed")


@conduct.command()
@click.argument("organisation")
@on_store
def thresholds(work: Work, organisation: str) -> None:
    """Show what counts as misbehaviour in ORGANISATION."""
    shown = work.api.get(at("organisations", organisation, "misbehaviour"), ThresholdsView)
    work.show(shown, lambda: _thresholds(shown.thresholds))


@conduct.command("set")
@click.argument("organisation")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@because
@on_store
def set_(work: Work, organisation: str, file: Path, reason: str) -> None:
    """Replace the thresholds of ORGANISATION by those of a JSON FILE; an empty object means the defaults."""
    body = {"thresholds": _document(file), "reason": reason}
    shown = work.api.put(at("organisations", organisation, "misbehaviour"), ThresholdsView, body)
    work.show(shown, lambda: _thresholds(shown.thresholds))


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        end(f"{file}: {error}", USAGE)
    if not isinstance(document, dict):
        end(f"{file}: an object is wanted", USAGE)
    return document


def _meant(work: Work, address: str, device_id: str) -> Named:
    return named(owner(work, address), device_id)


def _list(
    work: Work, organisation: str, list_of: str, why: Callable[[DeviceView], str], **query: int | None
) -> None:
    pages = work.api.pages(at("organisations", organisation, list_of), DeviceList, **query)

    def row(each: DeviceView) -> Sequence[object]:
        return each.address, each.device_id, each.device_type, each.last_seen, why(each)

    show_pages(work, pages, HEADINGS, row)


def _show(work: Work, after: DeviceView, what: str) -> None:
    work.show(after, lambda: f"{what} {visible(after.device_id)}")


def _thresholds(document: dict[str, Any]) -> str:
    rows = [(name, *measure.values()) for name, measure in document.items() if name != SERVICE]
    rows += [(f"{SERVICE}: {name}", *measure.values()) for name, measure in document[SERVICE].items()]
    return table(("BEHAVIOUR", "WINDOW S", "SLOW", "SUSPEND", "SLOW S", "SUSPEND S"), rows)
