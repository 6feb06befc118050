"""Whoever has lost a phone wipes it without an administrator (product 7.8), with each hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from mdm.device import DeviceState, WipeKind
from tests.browser.conftest import PEOPLE, Console
from tests.browser.hands import Hand


@contextmanager
def owner(console: Console, hand: Hand, name: str) -> Iterator[Page]:
    """The page of somebody who signed in."""
    with console.visitor(size=hand.size) as page:
        page.goto(f"https://localhost:{console.gateway.https}/self/")
        hand.fill(page.get_by_label("Mail address"), f"{name}@example.com")
        hand.fill(page.get_by_label("Password"), PEOPLE[name])
        hand.press(page.get_by_role("button", name="Sign in"))
        page.wait_for_url("**/self/")
        yield page


def test_the_account_on_a_lost_phone_is_wiped_by_its_owner(console: Console, hand: Hand) -> None:
    mine, others = (f"{who}{hand.name}".upper() for who in ("MINE", "OTHERS"))
    console.phone("ann", mine, f"Ann's {hand.name} phone")
    console.phone("bob", others)
    with owner(console, hand, "ann") as page:
        expect(page.get_by_text(others)).to_have_count(0)
        hand.press(page.get_by_role("link", name=f"Ann's {hand.name} phone"))
        expect(page.get_by_label("The account and what it brought")).to_be_checked()
        hand.press(page.get_by_role("button", name="Erase", exact=True))
        expect(page.get_by_text("Wipe Required")).to_be_visible()
    wiped = console.gateway.device(mine)
    assert (wiped.state, wiped.wipe and wiped.wipe.kind) == (DeviceState.WIPE_REQUIRED, WipeKind.ACCOUNT)
    assert console.gateway.device(others).state is DeviceState.PROVISIONING_SUCCEEDED


def test_an_app_password_is_made_shown_once_and_taken_back(console: Console, hand: Hand) -> None:
    user = console.gateway.made.users.get("carol@example.com").id
    with owner(console, hand, "carol") as page:
        hand.press(page.get_by_role("link", name="App passwords"))
        hand.fill(page.get_by_label("What it is for"), f"{hand.name} & tablet")
        hand.press(page.get_by_role("button", name="Make it"))
        secret = page.locator("code").inner_text()
        hand.press(page.get_by_role("link", name="I have typed it"))
        expect(page.get_by_role("heading", name=f"{hand.name} & tablet")).to_be_visible()
        assert secret not in page.content()
        hand.press(page.get_by_role("button", name=f"Revoke {hand.name} & tablet"))
        expect(page.get_by_text("You have no app passwords.")).to_be_visible()
    assert console.gateway.made.app_passwords.list(user) == []
