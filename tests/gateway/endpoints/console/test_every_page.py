"""Every page opens on a desk that has one of everything, in both languages, and shows no error of its own."""

from html.parser import HTMLParser

import httpx
import pytest

from gateway.endpoints.console import PREFIX, ROUTERS
from gateway.services.groups import GroupChanges
from gateway.services.webhooks import WebhookChanges
from gateway.services.wipe_guards import Wanted
from mdm.device import AccessLevel, WipeKind
from tests.support.accounts import appoint
from tests.support.desk import Desk
from tests.support.world import ADMIN

CONDITIONS = [{"criterion": "os", "is": ["Android 4"]}]
APART = {"/events/stream", "/events/moved", "/sign-in/provider/callback", "/webhooks/{webhook}"}
"""Streams, and what has no place beside the things below; each has tests of its own."""

OPENED = {route.path for router in ROUTERS for route in router.routes if "GET" in route.methods}  # type: ignore[attr-defined]
PAGES = sorted(OPENED - APART)


class Outline(HTMLParser):
    """Headings, identifiers, and what labels point to."""

    def __init__(self) -> None:
        super().__init__()
        self.headings = 0
        self.ids: list[str] = []
        self.pointed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.headings += tag == "h1"
        if named.get("id"):
            self.ids.append(str(named["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.pointed += str(named.get(name) or "").split()


@pytest.fixture
def things(desk: Desk) -> dict[str, str]:
    """One of everything that a page may be about."""
    made = desk.services
    device = desk.phone("ann@acme.example")
    held = desk.phone("ann@acme.example", "PHONE2")
    made.devices.set_access(ADMIN, held.key, AccessLevel.QUARANTINE, "to be looked at")
    order = made.wipes.request(ADMIN, device.key, Wanted(WipeKind.DEVICE, "stolen", device.key.device_id))
    group = made.groups.create(ADMIN, "acme", "staff", GroupChanges())
    made.groups.add_member(ADMIN, "acme", "staff", "ann@acme.example")
    saved = made.access_rules.create(
        ADMIN, "acme", {"name": "old", "effect": "block", "conditions": CONDITIONS}
    )
    rule = str(saved.book.rules[0]["id"])
    made.policies.set_policy(ADMIN, "acme", {"settings": {"DevicePasswordEnabled": True}})
    appoint(desk, "olga")
    job = made.offboarding.start(ADMIN, made.users.get("ann@acme.example"))
    home = made.tenants.organisation("acme").id
    webhook = made.webhooks.create(ADMIN, home, WebhookChanges(url="https://hooks.example.org/in")).webhook
    return {
        "organisation": "acme",
        "user": device.key.user,
        "device_id": device.key.device_id,
        "order": order.id,
        "group": group.id,
        "job": job.id,
        "domain": "acme.example",
        "policy": "default",
        "rule": rule,
        "administrator": "olga",
        "webhook": webhook.id,
    }


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_opens(browser: httpx.AsyncClient, things: dict[str, str], language: str) -> None:
    for path in PAGES:
        answer = await browser.get(PREFIX + path.format(**things), headers={"Accept-Language": language})
        assert answer.status_code == 200, (path, answer.text)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        outline = Outline()
        outline.feed(answer.text)
        assert outline.headings == 1, path
        assert len(outline.ids) == len(set(outline.ids)), f"{path}: an id stands twice"
        assert set(outline.pointed) <= set(outline.ids), path
