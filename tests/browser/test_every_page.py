"""Every page in a real browser: WCAG 2.2 AA, nothing from elsewhere, nothing stopped (product 7.2)."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from gateway.endpoints.console import PREFIX
from tests.browser.conftest import Console, saved_view
from tests.support import chromium
from tests.support.console_pages import PAGES, one_of_everything
from tests.support.gateway_process import ADMINISTRATOR, ORGANISATION
from tests.support.past import past

SEALED = "/report"
"""The printable report forbids every script by its policy, so that axe cannot run in it."""

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
HOSTILE = "<img src=x onerror=alert(1)>" + "W" * 36


@pytest.fixture(scope="module")
def things(console: Console) -> dict[str, str]:
    """One of everything that a page may be about, with a hostile name where one can be given."""
    device = console.phone("carol", "CAROLPHONE", HOSTILE)
    made = console.gateway.made
    saved_view(made, HOSTILE, {"search": HOSTILE})
    past(made, ORGANISATION)
    return one_of_everything(made, ADMINISTRATOR, ORGANISATION, device, "bob@example.com")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
def test_every_page_is_for_everybody(
    console: Console, things: dict[str, str], size: tuple[int, int], scheme: str
) -> None:
    found: list[str] = []
    with console.olga(size=size, color_scheme=scheme) as page:
        for path in (each for each in PAGES if not each.endswith(SEALED)):
            answer = page.goto(PREFIX + path.format(**things))
            assert answer is not None
            if not answer.ok:
                found.append(f"{path}: {answer.status}")
            told = Axe().run(page, options=WCAG).response["violations"]
            found += [f"{path}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in told]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
                found.append(f"{path}: wider than the window")
    assert found == []
