"""Devices for a spreadsheet (product 5.1; T22, T23): every column, and no cell that is a formula.

Most of what stands there is what strangers' devices report of themselves: no control character is left.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.endpoints.api.device_views import DeviceView
from gateway.records.inventory import BY_RULE
from gateway.records.texts import cell
from mdm.device import WipeProgress

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\\")
"""What makes a spreadsheet read a cell as a formula, or hides such a character behind it."""

_AFTER_SEPARATOR = re.compile(r"(?<=;)(?=\s*[=+@\-＝＋＠－])")
"""Where a formula would begin in a spreadsheet whose language separates columns by semicolons."""

Column = Callable[[DeviceView], object]
COLUMNS: Mapping[str, Column] = {
    "address": lambda each: each.address,
    "device_id": lambda each: each.device_id,
    "alias": lambda each: each.alias,
    "type": lambda each: each.device_type,
    "family": lambda each: each.family,
    "model": lambda each: each.reported.model,
    "friendly_name": lambda each: each.reported.friendly_name,
    "os": lambda each: each.reported.os,
    "os_language": lambda each: each.reported.os_language,
    "imei": lambda each: each.reported.imei,
    "phone_number": lambda each: each.reported.phone_number,
    "operator": lambda each: each.reported.mobile_operator,
    "enable_outbound_sms": lambda each: each.reported.enable_outbound_sms,
    "user_agent": lambda each: each.user_agent,
    "protocol": lambda each: each.protocol_version,
    "state": lambda each: each.state,
    "wipe": lambda each: each.wipe.progress if each.wipe else WipeProgress.NONE,
    "access": lambda each: each.access or BY_RULE,
    "access_reason": lambda each: each.access_reason,
    "held": lambda each: each.held_since,
    "suspended": lambda each: each.suspended_until,
    "diagnosis": lambda each: each.diagnosis,
    "conflict": lambda each: each.conflict,
    "policy": lambda each: each.policy_digest,
    "first_seen": lambda each: each.first_seen,
    "last_seen": lambda each: each.last_seen,
    "last_sync": lambda each: each.last_sync,
    "last_ip": lambda each: each.last_ip,
}
"""Of a CSV, by the names under which they can be asked for."""


def csv_blocks(pages: Iterable[Iterable[DeviceView]]) -> Iterator[str]:
    """All columns, comma-separated, one device a line; the heading comes with the first page."""
    heads: tuple[Iterable[str], ...] = (COLUMNS,)
    for devices in pages:
        rows = ([harmless(column(each)) for column in COLUMNS.values()] for each in devices)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows((*heads, *rows))
        yield text.getvalue()
        heads = ()


def harmless(value: object) -> str:
    """A cell that no spreadsheet reads as a formula: an apostrophe stands before what looks like one."""
    text = _AFTER_SEPARATOR.sub("'", "" if value is None else cell(value))
    plain = unicodedata.normalize("NFKC", text).lstrip()  # some spreadsheets read full-width signs as well
    return f"'{text}" if plain.startswith(FORMULA) else text
