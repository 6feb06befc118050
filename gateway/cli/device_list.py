"""``usher device list`` (product 5.1; docs/device-list.md): any filter, any order, as a table, JSON or CSV,
printed page by page: a fleet never sits in memory as text.

Most of what it prints is what strangers' devices report of themselves: on a terminal and in CSV no control
character is left, and no cell of a CSV is a formula (T22, T23).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import click

from gateway.cli.api import at
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.paging import show_pages, watched, write
from gateway.cli.tables import table
from gateway.endpoints.api.device_views import DeviceCounts, DeviceList, DeviceView
from gateway.endpoints.spreadsheets import COLUMNS, csv_blocks
from gateway.records.inventory import FIELDS

HEADINGS = ("ADDRESS", "DEVICEID", "TYPE", "MODEL", "PROTOCOL", "STATE", "ACCESS", "LAST SEEN")


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each field of the list."""
    for name, field in reversed(list(FIELDS.items())):
        option = click.option(
            f"--{name.replace('_', '-')}", name, help=f"{field.meaning} ({field.kind.value})."
        )
        command = option(command)
    return command


@click.command("list")
@click.option("--org", "organisation", help="Only of this organisation.")
@click.option("--user", "owner", help="Only of the user with this address.")
@click.option("--search", default="", help="A text that one of the names contains.")
@click.option("--sort", default="", help="A field; with - before it descending.")
@click.option("--limit", type=click.IntRange(min=1), help="Devices at most.")
@click.option("--csv", "as_csv", is_flag=True, help="Answer for a spreadsheet.")
@click.option("--count", is_flag=True, help="Only how many, by state and family.")
@asks
@on_store
def list_(work: Work, /, limit: int | None, as_csv: bool, count: bool, **asked: str | None) -> None:
    """List devices: any filter, any order (docs/device-list.md)."""
    place, query = _question(asked)
    if count:
        _count(work, work.api.get(f"{place}/counts", DeviceCounts, **query))
        return
    pages = work.api.pages(place, DeviceList, most=limit, **query)
    if as_csv:
        write(csv_blocks(page.items for page in watched(pages)))
    else:
        show_pages(work, pages, HEADINGS, _row)


def _question(asked: Mapping[str, str | None]) -> tuple[str, dict[str, str]]:
    """Where to ask and what. An empty text is no filter left out: whoever's variable was empty meant one."""
    given = {name: text for name, text in asked.items() if text is not None}
    for name in ("organisation", "owner", *FIELDS):
        if not given.get(name, "-").strip():
            end(f"--{_OPTIONS.get(name, name).replace('_', '-')}: something has to be asked for", USAGE)
    home, person = given.pop("organisation", None), given.pop("owner", None)
    place = at("organisations", home, "devices") if home else at("devices")
    return place, given | ({"user": person} if person else {})


_OPTIONS = {"organisation": "org", "owner": "user"}


def as_table(devices: Iterable[DeviceView]) -> str:
    """The columns that fit a terminal."""
    return table(HEADINGS, map(_row, devices))


def _row(each: DeviceView) -> Sequence[object]:
    shown = ("address", "device_id", "type", "model", "protocol", "state")
    return *(COLUMNS[name](each) for name in shown), each.access, each.last_seen


def _count(work: Work, counts: DeviceCounts) -> None:
    limit = "" if counts.exact else " (of the first ones looked at)"

    def told() -> str:
        lines = [("all", counts.total), *counts.states.items(), *counts.families.items()]
        return table(("WHAT", "DEVICES" + limit), lines)

    work.show(counts, told)
