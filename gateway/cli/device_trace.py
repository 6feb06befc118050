"""``usher device trace``: the protocol log of one device (product 8, T28; docs/operations.md)."""

import re
import time
from typing import Any

import click

from gateway.cli.device_named import because, meant, one
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.tables import cell, json_line, visible
from gateway.endpoints.api.protocol_log import ExchangeView, ProtocolLogView, TracedView

LOOK_EVERY_S = 1.0
PAGE = 100
UNITS = {"m": 1, "h": 60}


@click.command()
@one
@click.option("--for", "length", default=None, help="Record for so long, such as 30m or 2h; at most 24h.")
@click.option("--off", is_flag=True, help="Record no more.")
@click.option("--follow", is_flag=True, help="Go on telling what comes, until recording ends.")
@because
@on_store
def trace(
    work: Work,
    address: str,
    device_id: str | None,
    length: str | None,
    off: bool,
    follow: bool,
    reason: str,
) -> None:
    """Record what a device and the gateway say to each other, and tell it.

    Without --for what was recorded is told. Passwords, policy keys and mail are never in it.
    """
    place = meant(work, address, device_id).place("protocol-log")
    if off:
        work.api.delete(place)
    if length is not None:
        body = {"minutes": _minutes(length), "reason": reason}
        traced = work.api.put(place, TracedView, body)
        if not work.as_json:
            click.echo(f"recording until {cell(traced.until)}")
    _tell(work, place, follow=follow)


def _tell(work: Work, place: str, *, follow: bool) -> None:
    cursor = ""
    while True:
        found = work.api.get(place, ProtocolLogView, limit=PAGE, cursor=cursor)
        for each in found.items:
            click.echo(json_line(each.model_dump(mode="json")) if work.as_json else _line(each))
        cursor = found.next
        if len(found.items) == PAGE:
            continue
        if not follow or found.until is None:
            return
        time.sleep(LOOK_EVERY_S)


def _line(shown: ExchangeView) -> str:
    """One exchange as two or more lines: what it was, then the documents."""
    told = shown.exchange
    status = f" Status {told['status']}" if told.get("status") else ""
    head = (
        f"{cell(shown.at)}  {told.get('command') or told.get('method')} {told.get('version')}  "
        f"{told.get('http_status')}{status}  {told.get('verdict')}  {told.get('octets_received')}/"
        f"{told.get('octets_sent')} octets  {told.get('ms')} ms"
    )
    documents = [
        f"    {arrow} {_document(told[name])}"
        for arrow, name in ((">", "request_document"), ("<", "answer_document"))
        if told.get(name)
    ]
    return "\n".join(visible(line) for line in (head, *documents))


def _document(tree: list[Any]) -> str:
    name, *children = tree
    inner = " ".join(_document(child) if isinstance(child, list) else str(child) for child in children)
    return f"{name}({inner})" if inner else str(name)


def _minutes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([mh])", text)
    if found is None:
        end("--for takes a number and m or h, such as 30m", USAGE)
    return int(found[1]) * UNITS[found[2]]
