"""Whoever has never seen Usher sets it up in the browser, from the overview to a phone (product 7.2)."""

from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.hands import Hand


def test_the_assistant_leads_to_a_phone(console: Console, hand: Hand) -> None:
    with console.olga(size=hand.size) as page:
        page.goto("/console/setup?step=organisation")
        hand.fill(page.get_by_label("Name", exact=True), f"New {hand.name}")
        hand.fill(page.get_by_label("Alias", exact=True), f"new-{hand.name}")
        hand.press(page.get_by_role("button", name="Make the organisation"))
        hand.fill(page.get_by_label("Add a domain"), f"{hand.name}.example")
        hand.press(page.get_by_role("button", name="Add", exact=True))
        expect(page.get_by_text(f"autodiscover.{hand.name}.example").first).to_be_visible()
        hand.press(page.get_by_role("link", name="Go on"))
        hand.press(page.get_by_role("button", name="Ask it").first)
        expect(page.get_by_role("status").filter(has_text="answer")).to_be_visible()
        hand.press(page.get_by_role("link", name="Go on"))
        expect(page.get_by_role("heading", name="Which certificates are installed?")).to_be_visible()
        hand.press(page.get_by_role("link", name="Go on"))
        expect(page.get_by_role("heading", name="Who administers this?")).to_be_visible()
        hand.press(page.get_by_role("link", name="Go on"))
        expect(page.get_by_role("heading", name="Set up a phone")).to_be_visible()
        expect(page.locator(".picture svg")).to_be_visible()
