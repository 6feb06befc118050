"""Pictures of every page of the console: ``python -m tests.browser.screenshots FOLDER``.

A gateway full of believable people and phones, every page light and dark, 1,440 and 390 px wide. They are
looked at by whoever changes a page; ``docs/images --best`` makes those of the documentation.
"""

import argparse
import struct
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from gateway.app import Services
from gateway.endpoints.console import PREFIX
from gateway.services.webhooks import WebhookChanges
from mdm.device import AccessLevel, Device, WipeKind
from mdm.orders import Progress
from tests.browser.conftest import Console, opened, saved_view
from tests.support import chromium
from tests.support.console_pages import PAGES, names
from tests.support.gateway_process import ORGANISATION
from tests.support.past import past
from tests.support.populous import OPERATOR, populate

SIZES = {"1440": chromium.WIDE, "390": chromium.NARROW}

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEVICE = "/o/{organisation}/devices/{user}/{device_id}"
BEST = (
    ("devices", "/o/{organisation}/devices", "light", (1200, 760)),
    ("device", DEVICE, "light", (1200, 640)),
    ("wipe", f"{DEVICE}/wipe", "light", (1200, 760)),
    ("wipe-dark", f"{DEVICE}/wipe", "dark", (1200, 760)),
    ("policy", "/o/{organisation}/policies/{policy}", "light", (1200, 640)),
    ("phone", "/o/{organisation}/quarantine", "dark", chromium.NARROW),
)
"""What the documentation shows: name, page, scheme and window."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages whose path holds this")
    parser.add_argument("--best", action="store_true", help="the documentation's own: docs/images")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with opened() as console:
        devices = populate(console.gateway.made, ORGANISATION, "example.com")
        places = things(console.gateway.made, devices, ORGANISATION, "example.com")
        if given.best:
            best(console, places, given.folder)
            return
        for size, window in SIZES.items():
            for scheme in ("light", "dark"):
                with console.olga(size=window, color_scheme=scheme) as page:
                    for path in PAGES:
                        if given.only in path:
                            take(page, path, places, given.folder / f"{name_of(path)}-{scheme}-{size}.png")


def things(made: Services, devices: list[Device], organisation: str, domain: str) -> dict[str, str]:
    """What the addresses of the pages name, in an organisation that was populated."""
    device = next(
        each for each in devices if each.key.user and "iPhone" in each.device_type and not each.wipe
    )
    home = device.key.organisation
    made.inventory.rename(OPERATOR, device.key, "Ann's work phone", "handed out with her contract")
    made.devices.set_access(OPERATOR, device.key, AccessLevel.ALLOW, "checked at the desk")
    past(made, organisation)
    saved_view(made, "iPhones with old iOS", {"os": "iOS 15", "sort": "-last_seen"})
    orders = made.wipes.list(home)
    waiting = next(each for each in orders if each.progress is Progress.AWAITING)
    assert waiting.kind is WipeKind.DEVICE
    (job, *_) = made.offboarding.list(home)
    group = made.groups.get(organisation, "Sales")
    book = made.access_rules.book(organisation)
    webhook = made.webhooks.create(
        OPERATOR, home, WebhookChanges(url="https://hooks.example.com/usher")
    ).webhook
    return names(
        device,
        organisation,
        domain,
        order=waiting.id,
        group=group.id,
        job=job.id,
        rule=str(book.rules[0]["id"]),
        webhook=webhook.id,
    )


def best(console: Console, places: dict[str, str], folder: Path) -> None:
    """The few of the documentation, as much of each as a window shows."""
    for name, path, scheme, window in BEST:
        with console.olga(size=window, color_scheme=scheme) as page:
            page.goto(PREFIX + path.format(**places))
            (folder / f"console-{name}.png").write_bytes(smaller(page.screenshot()))


def smaller(picture: bytes) -> bytes:
    """The same picture in fewer octets: Chromium compresses for speed (PNG, RFC 2083)."""
    parts, at = [], len(SIGNATURE)
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        parts.append((kind, picture[at + 8 : at + 8 + length]))
        at += length + 12
    rows = zlib.decompress(b"".join(content for kind, content in parts if kind == b"IDAT"))
    header = next(content for kind, content in parts if kind == b"IHDR")
    kept = [(b"IHDR", header), (b"IDAT", zlib.compress(_unfiltered(header, rows), 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in kept
    )


def _unfiltered(header: bytes, rows: bytes) -> bytes:
    """The rows without the differences to their neighbours, which hide that most of a page repeats itself."""
    width = struct.unpack(">I", header[:4])[0]
    deep = 4 if header[9] == 6 else 3
    above, plain = bytes(width * deep), bytearray()
    for begin in range(0, len(rows), width * deep + 1):
        row = bytearray(rows[begin + 1 : begin + 1 + width * deep])
        way = rows[begin]
        for place in range(len(row)):
            left = row[place - deep] if place >= deep else 0
            corner = above[place - deep] if place >= deep else 0
            row[place] = (row[place] + _guess(way, left, above[place], corner)) & 0xFF
        plain += b"\0" + row
        above = bytes(row)
    return bytes(plain)


def _guess(way: int, left: int, up: int, corner: int) -> int:
    """What a filter of RFC 2083 section 6 foretells of an octet."""
    if way == 4:
        return min((left, up, corner), key=lambda each: abs(left + up - corner - each))
    return (0, left, up, (left + up) // 2)[way]


def name_of(path: str) -> str:
    """A file's name for a page's path."""
    parts = [part.strip("{}") for part in path.split("/") if part and part not in ("o", "{organisation}")]
    return "-".join(parts) or "overview"


def take(page: Page, path: str, places: dict[str, Any], target: Path) -> None:
    """One picture of a whole page."""
    page.goto(PREFIX + path.format(**places))
    page.screenshot(path=target, full_page=True)


if __name__ == "__main__":
    main()
