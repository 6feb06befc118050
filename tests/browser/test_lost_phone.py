"""An administrator who has never seen Usher finds a lost phone and wipes it (product 5.3, 7.2)."""

import pytest
from playwright.sync_api import Locator, Page, expect

from mdm.device import Device, DeviceState
from tests.browser.conftest import HOME, SIGN_IN, Console
from tests.browser.hands import KEYBOARD
from tests.support import chromium
from tests.support.accounts import PASSWORD
from tests.support.world import World

MOST = 6
"""Actions from the sign-in page to "ordered"."""


class Count:
    """Counts what a person does: a form that is filled in and sent is one action, and so is a click."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def send(self, button: str, **fields: str) -> None:
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).first.fill(text)
        self.page.get_by_role("button", name=button, exact=True).click()
        self.actions += 1

    def search(self, text: str) -> None:
        box = self.page.get_by_role("search").get_by_role("searchbox")
        box.fill(text)
        box.press("Enter")
        self.actions += 1

    def click(self, found: Locator) -> None:
        found.click()
        self.actions += 1


@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
def test_six_actions_are_enough(console: Console, size: tuple[int, int]) -> None:
    name = "Wide" if size == chromium.WIDE else "Narrow"
    device = console.phone("ann", f"LOST{name}".upper(), f"{name} phone of Ann")
    with console.visitor(size=size) as page:
        page.goto(SIGN_IN)
        hand = Count(page)
        hand.send("Sign in", Name="olga", Password=PASSWORD, Code=console.codes.pop())
        hand.search(f"{name} phone")
        hand.click(page.get_by_role("link", name=f"{name} phone of Ann"))
        hand.click(page.get_by_role("link", name="Wipe …"))
        hand.send("Order the wipe", Reason="left in a taxi")
        expect(page.get_by_text("waiting for the device")).to_be_visible()
    assert hand.actions <= MOST
    assert console.gateway.device(device.key.device_id).state is DeviceState.WIPE_REQUIRED


def test_progress_is_told_until_the_phone_has_obeyed(console: Console, lost: Device) -> None:
    with console.olga() as page:
        page.goto(f"{HOME}/devices/{lost.key.user}/{lost.key.device_id}/wipe")
        page.get_by_label("Reason").fill("left in a taxi")
        page.get_by_role("button", name="Order the wipe").click()
        expect(page.get_by_text("waiting for the device")).to_be_visible()
        World(console.gateway.made.store).obey(lost.key)
        expect(page.locator(".lead")).to_contain_text("acknowledged")


def test_the_keyboard_alone_is_enough(console: Console) -> None:
    device = console.phone("bob", "BOBPHONE", "Bob's phone")
    with console.olga() as page:
        page.goto("/console/")
        KEYBOARD.fill(page.get_by_role("search").get_by_role("searchbox"), "Bob's")
        page.keyboard.press("Enter")
        KEYBOARD.press(page.get_by_role("link", name="Bob's phone"))
        KEYBOARD.press(page.get_by_role("link", name="Wipe …"))
        KEYBOARD.fill(page.get_by_label("Reason"), "left in a taxi")
        KEYBOARD.press(page.get_by_role("button", name="Order the wipe"))
        expect(page.get_by_text("waiting for the device")).to_be_visible()
    assert console.gateway.device(device.key.device_id).state is DeviceState.WIPE_REQUIRED
