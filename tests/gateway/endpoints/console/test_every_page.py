"""Every page opens on a desk that has one of everything, in both languages, and shows no error of its own."""

from html.parser import HTMLParser

import httpx
import pytest

from gateway.endpoints.console import PREFIX
from mdm.device import AccessLevel
from tests.support.accounts import appoint
from tests.support.console_pages import PAGES, one_of_everything
from tests.support.desk import Desk
from tests.support.world import ADMIN


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
    device = desk.phone("ann@acme.example")
    held = desk.phone("ann@acme.example", "PHONE2")
    desk.services.devices.set_access(ADMIN, held.key, AccessLevel.QUARANTINE, "to be looked at")
    appoint(desk, "olga")
    return one_of_everything(desk.services, ADMIN, "acme", device, "ann@acme.example")


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
