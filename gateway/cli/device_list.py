"""``usher device list`` (product 5.1; docs/device-list.md): any filter, any order, as a table, JSON or CSV.

Most of what it prints is what strangers' devices report of themselves: on a terminal and in CSV no control
character is left, and no cell of a CSV is a formula (T22, T23).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import cell, table
from gateway.endpoints.api.device_views import DeviceList, counts_view, view
from gateway.records.inventory import BY_RULE, FIELDS
from gateway.services.inventory import Question
from mdm.device import Device, WipeProgress

PAGE = 1000
HEADINGS = ("ADDRESS", "DEVICEID", "TYPE", "MODEL", "PROTOCOL", "STATE", "ACCESS", "LAST SEEN")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\\")
"""What makes a spreadsheet read a cell as a formula, or hides such a character behind it."""

_AFTER_SEPARATOR = re.compile(r"(?<=;)(?=\s*[=+@\-＝＋＠－])")
"""Where a formula would begin in a spreadsheet whose language separates columns by semicolons."""

Column = Callable[[Device, str], object]
COLUMNS: Mapping[str, Column] = {
    "address": lambda _, address: address,
    "device_id": lambda each, _: each.key.device_id,
    "alias": lambda each, _: each.alias,
    "type": lambda each, _: each.device_type,
    "family": lambda each, _: each.family,
    "model": lambda each, _: each.information.model,
    "friendly_name": lambda each, _: each.information.friendly_name,
    "os": lambda each, _: each.information.os,
    "os_language": lambda each, _: each.information.os_language,
    "imei": lambda each, _: each.information.imei,
    "phone_number": lambda each, _: each.information.phone_number,
    "operator": lambda each, _: each.information.mobile_operator,
    "enable_outbound_sms": lambda each, _: each.information.enable_outbound_sms,
    "user_agent": lambda each, _: each.user_agent,
    "protocol": lambda each, _: each.protocol_version,
    "state": lambda each, _: each.state,
    "wipe": lambda each, _: each.wipe.progress if each.wipe else WipeProgress.NONE,
    "access": lambda each, _: each.access or BY_RULE,
    "access_reason": lambda each, _: each.access_reason,
    "held": lambda each, _: each.held_since,
    "suspended": lambda each, _: each.suspended_until,
    "diagnosis": lambda each, _: each.diagnosis,
    "conflict": lambda each, _: each.conflict,
    "policy": lambda each, _: each.policy_digest,
    "first_seen": lambda each, _: each.first_seen,
    "last_seen": lambda each, _: each.last_seen,
    "last_sync": lambda each, _: each.last_sync,
    "last_ip": lambda each, _: each.last_ip,
}
"""Of a CSV, by the names under which they can be asked for."""


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
    question = _question(work, {name: text for name, text in asked.items() if text is not None})
    if count:
        _count(work, question)
    elif as_csv:
        click.echo(csv_text(found(work, question, limit)), nl=False)
    else:
        show_all(work, list(found(work, question, limit)))


def _question(work: Work, asked: Mapping[str, str]) -> Question:
    home, person = asked.get("organisation"), asked.get("owner")
    return Question(
        organisation=work.services.tenants.organisation(home).id if home else None,
        user=work.services.users.get(person).id if person else None,
        fields={name: text for name, text in asked.items() if name in FIELDS},
        search=asked.get("search", ""),
        sort=asked.get("sort", ""),
    )


def found(work: Work, question: Question, limit: int | None = None) -> Iterator[tuple[Device, str]]:
    """Devices with their users' addresses, page by page, up to ``limit``."""
    left, after = limit, None
    while left is None or left > 0:
        page = work.services.inventory.find(
            question, after=after, limit=PAGE if left is None else min(left, PAGE)
        )
        yield from ((each, page.addresses.get(each.key.user, "")) for each in page.devices)
        after = page.next
        if after is None:
            return
        left = None if left is None else left - len(page.devices)


def show_all(work: Work, devices: list[tuple[Device, str]]) -> None:
    """Print a list as a table, or as the document that the REST API answers."""
    items = [view(each, address) for each, address in devices]
    work.show(DeviceList(items=items, next=None), lambda: as_table(devices))


def as_table(devices: Iterable[tuple[Device, str]]) -> str:
    """The columns that fit a terminal."""
    shown = ("address", "device_id", "type", "model", "protocol", "state")
    rows = (
        (*(COLUMNS[name](each, address) for name in shown), each.access, each.last_seen)
        for each, address in devices
    )
    return table(HEADINGS, rows)


def csv_text(devices: Iterable[tuple[Device, str]]) -> str:
    """All columns, comma-separated, one device a line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each, address in devices:
        writer.writerow(harmless(column(each, address)) for column in COLUMNS.values())
    return text.getvalue()


def harmless(value: object) -> str:
    """A cell that no spreadsheet reads as a formula: an apostrophe stands before what looks like one."""
    text = _AFTER_SEPARATOR.sub("'", "" if value is None else cell(value))
    plain = unicodedata.normalize("NFKC", text).lstrip()  # some spreadsheets read full-width signs as well
    return f"'{text}" if plain.startswith(FORMULA) else text


def _count(work: Work, question: Question) -> None:
    counts = counts_view(work.services.inventory.counts(question))
    limit = "" if counts.exact else " (of the first ones looked at)"

    def told() -> str:
        lines = [("all", counts.total), *counts.states.items(), *counts.families.items()]
        return table(("WHAT", "DEVICES" + limit), lines)

    work.show(counts, told)
