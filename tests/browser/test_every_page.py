"""Every page in a real browser: WCAG 2.2 AA, nothing from elsewhere, nothing stopped (product 7.2)."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from gateway.endpoints.console import PREFIX
from gateway.endpoints.self_service.table import THINGS
from tests.browser.conftest import PEOPLE, Console, saved_view
from tests.support import chromium
from tests.support.console_pages import PAGES, one_of_everything
from tests.support.gateway_process import ADMINISTRATOR, ORGANISATION
from tests.support.past import past

SEALED = "/report"
"""The printable report forbids every script by its policy, axe too: it is judged as a page without one."""

DEVICE = "CAROLPHONE"
OWN = [each.path for each in THINGS if each.method == "GET" and each.does and not each.open]
"""Pages of self-service that are somebody's; the profile is a file."""

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
HOSTILE = "<img src=x onerror=alert(1)>" + "W" * 36


@pytest.fixture(scope="module")
def things(console: Console) -> dict[str, str]:
    """One of everything that a page may be about, with a hostile name where one can be given."""
    device = console.phone("carol", DEVICE, HOSTILE)
    made = console.gateway.made
    saved_view(made, HOSTILE, {"search": HOSTILE})
    past(made, ORGANISATION)
    return one_of_everything(made, ADMINISTRATOR, ORGANISATION, device, "bob@example.com")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
class TestEveryPageIsForEverybody:
    """Both schemes, a screen and a phone."""

    def test_the_console(
        self, console: Console, things: dict[str, str], size: tuple[int, int], scheme: str
    ) -> None:
        with console.olga(size=size, color_scheme=scheme) as page:
            assert [each for path in PAGES for each in faults(page, PREFIX + path.format(**things))] == []

    def test_self_service(
        self, console: Console, things: dict[str, str], size: tuple[int, int], scheme: str
    ) -> None:
        base = f"https://localhost:{console.gateway.https}"
        with console.visitor(size=size, color_scheme=scheme) as page:
            assert faults(page, f"{base}/self/sign-in") == []
            page.get_by_label("Mail address").fill("carol@example.com")
            page.get_by_label("Password").fill(PEOPLE["carol"])
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/self/")
            assert [each for path in OWN for each in faults(page, base + path.format(DEVICE))] == []
            page.goto(f"{base}/self/app-passwords")
            page.locator("input[name=label]").fill("my mail program")
            page.locator("form:has(input[name=label]) button").click()
            expect(page.locator("code")).to_be_visible()
            assert judged(page, "the new app password") == []


def faults(page: Page, place: str) -> list[str]:
    """What is wrong with the page at an address."""
    answer = page.goto(place)
    assert answer is not None
    if place.endswith(SEALED):
        text = answer.text()
        page.goto("about:blank")
        page.set_content(text)
    return [*judged(page, place), *([] if answer.ok else [f"{place}: {answer.status}"])]


def judged(page: Page, place: str) -> list[str]:
    """What is wrong with the page at hand."""
    told = Axe().run(page, options=WCAG).response["violations"]
    found = [f"{place}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in told]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
    return [*found, *([f"{place}: wider than the window"] if wide else [])]
