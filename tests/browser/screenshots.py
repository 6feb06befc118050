"""Pictures of every page of the console: ``python -m tests.browser.screenshots FOLDER``.

A gateway full of believable people and phones, every page light and dark, 1,440 and 390 px wide. They are
looked at by whoever changes a page; the best of them are in ``docs/images``.
"""

import argparse
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from gateway.app import Services
from gateway.endpoints.console import PREFIX
from gateway.services.webhooks import WebhookChanges
from mdm.device import AccessLevel, Device, WipeKind
from mdm.orders import Progress
from tests.browser.conftest import PAGES, opened
from tests.support import chromium
from tests.support.gateway_process import ORGANISATION
from tests.support.populous import OPERATOR, populate

SIZES = {"1440": chromium.WIDE, "390": chromium.NARROW}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages whose path holds this")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with opened() as console:
        devices = populate(console.gateway.made, ORGANISATION, "example.com")
        places = things(console.gateway.made, devices)
        for size, window in SIZES.items():
            for scheme in ("light", "dark"):
                with console.olga(size=window, color_scheme=scheme) as page:
                    for path in PAGES:
                        if given.only in path:
                            take(page, path, places, given.folder / f"{name_of(path)}-{scheme}-{size}.png")


def things(made: Services, devices: list[Device]) -> dict[str, str]:
    """What the addresses of the pages name."""
    device = next(
        each for each in devices if each.key.user and "iPhone" in each.device_type and not each.wipe
    )
    home = device.key.organisation
    made.inventory.rename(OPERATOR, device.key, "Ann's work phone", "handed out with her contract")
    made.devices.set_access(OPERATOR, device.key, AccessLevel.ALLOW, "checked at the desk")
    orders = made.wipes.list(home)
    waiting = next(each for each in orders if each.progress is Progress.AWAITING)
    assert waiting.kind is WipeKind.DEVICE
    (job, *_) = made.offboarding.list(home)
    group = made.groups.get(ORGANISATION, "Sales")
    book = made.access_rules.book(ORGANISATION)
    webhook = made.webhooks.create(
        OPERATOR, home, WebhookChanges(url="https://hooks.example.com/usher")
    ).webhook
    return {
        "organisation": ORGANISATION,
        "user": device.key.user,
        "device_id": device.key.device_id,
        "order": waiting.id,
        "group": group.id,
        "job": job.id,
        "domain": "example.com",
        "policy": "default",
        "rule": str(book.rules[0]["id"]),
        "administrator": "olga",
        "webhook": webhook.id,
    }


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
