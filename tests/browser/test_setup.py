"""Whoever has never seen Usher sets it up in the browser, from the overview to a phone (product 7.2)."""

from playwright.sync_api import expect

from tests.browser.conftest import Console


def test_the_assistant_leads_to_a_phone(console: Console) -> None:
    with console.olga() as page:
        page.goto("/console/setup?step=organisation")
        page.get_by_label("Name", exact=True).fill("New Works")
        page.get_by_label("Alias", exact=True).fill("new-works")
        page.get_by_role("button", name="Make the organisation").click()
        page.get_by_label("Add a domain").fill("works.example")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("autodiscover.works.example").first).to_be_visible()
        page.get_by_role("link", name="Go on").click()
        page.get_by_role("button", name="Ask it").first.click()
        expect(page.get_by_role("status").filter(has_text="answer")).to_be_visible()
        page.get_by_role("link", name="Go on").click()
        expect(page.get_by_role("heading", name="Which certificates are installed?")).to_be_visible()
        page.get_by_role("link", name="Go on").click()
        expect(page.get_by_role("heading", name="Who administers this?")).to_be_visible()
        page.get_by_role("link", name="Go on").click()
        expect(page.get_by_role("heading", name="Set up a phone")).to_be_visible()
        expect(page.locator(".picture svg")).to_be_visible()
