"""What administrators come for, from the page to what stands in the database afterwards (product 7.2)."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from gateway.chance import SystemClock
from gateway.records import Actor
from gateway.records.authority import Appointment, Role
from gateway.services.administrators import NewAdministrator
from gateway.services.safeguards import SafeguardChanges
from gateway.services.wipe_guards import Wanted
from gateway.store.tables_administrators import sessions
from mdm.access import AccessDecision
from mdm.device import AccessLevel, DeviceState, WipeKind
from tests.browser.conftest import HOME, SIGN_IN, Console
from tests.browser.hands import HANDS, KEYBOARD, Hand
from tests.support.accounts import PASSWORD, ROOT, ROOT_ACTOR, next_code
from tests.support.gateway_process import ADMINISTRATOR, ALONE, ORGANISATION
from tests.support.past import DAYS, past

HELD = AccessDecision(AccessLevel.QUARANTINE, "the default of the organisation")
FULL = Appointment(Role.OPERATOR, full_wipe=True)
CAREFUL = SafeguardChanges(approve_full_wipes=True)


def test_a_wrong_code_is_refused_without_saying_what_was_wrong(console: Console) -> None:
    with console.visitor() as page:
        page.goto(SIGN_IN)
        page.get_by_label("Name", exact=True).fill("olga")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Code", exact=True).fill("AAAA-BBBB-CCCC")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("The name, the password or the code is wrong.")
        assert page.get_by_label("Name", exact=True).input_value() == "olga"
        assert page.get_by_label("Password", exact=True).input_value() == ""


def test_devices_that_wait_are_let_in_together(console: Console, hand: Hand) -> None:
    made = console.gateway.made
    names = [f"WAITS{number}{hand.name}".upper() for number in range(3)]
    phones = [console.phone("bob", name) for name in names]
    for each in phones:
        made.quarantine.notice(each.key, HELD, ADMINISTRATOR)
    with console.olga(size=hand.size) as page:
        page.goto(f"{HOME}/quarantine")
        for name in names[:2]:
            hand.tick(page.get_by_label(f"bob, {name}"))
        hand.fill(page.get_by_label("Reason"), "their own phones")
        hand.press(page.get_by_role("button", name="Let the chosen in"))
        expect(page.get_by_label(f"bob, {names[0]}")).to_have_count(0)
        expect(page.get_by_label(f"bob, {names[2]}")).to_have_count(1)
    levels = [made.devices.get(each.key).access for each in phones]
    assert levels == [AccessLevel.ALLOW, AccessLevel.ALLOW, None]


def test_a_full_wipe_needs_a_second_administrator(console: Console, hand: Hand) -> None:
    made, name = console.gateway.made, f"STOLEN{hand.name}".upper()
    device = console.phone("ann", name)
    made.safeguards.change(ADMINISTRATOR, ORGANISATION, CAREFUL, may_loosen=True)
    try:
        henry = made.administrators.create(
            ROOT_ACTOR, ROOT, NewAdministrator(f"henry-{hand.name}", (FULL,), password=PASSWORD)
        )
        asker = Actor("admin", henry.name, person=henry.person)
        order = made.wipes.request(asker, device.key, Wanted(WipeKind.DEVICE, "stolen", name))
        assert made.devices.get(device.key).state is DeviceState.PROVISIONING_SUCCEEDED
        with console.olga(size=hand.size) as page:
            page.goto("/console/")
            hand.press(page.get_by_role("link", name="Full wipe: ann@example.com"))
            hand.press(page.get_by_role("button", name="Approve: erase the device"))
            expect(page.get_by_text("waiting for the device")).to_be_visible()
        assert made.devices.get(device.key).state is DeviceState.WIPE_REQUIRED
        assert made.wipes.get(ORGANISATION, order.id).approved_by == "olga"
    finally:
        made.safeguards.change(ADMINISTRATOR, ORGANISATION, ALONE, may_loosen=True)


def test_a_policy_says_whom_it_touches_before_it_is_saved(console: Console, hand: Hand) -> None:
    made = console.gateway.made
    console.phone("carol", f"POLICED{hand.name}".upper())
    before, length = made.policies.current(ORGANISATION), 6 + HANDS.index(hand)
    with console.olga(size=hand.size) as page:
        page.goto(f"{HOME}/policies/default")
        hand.choose(page.get_by_label("Password required"), "yes")
        hand.fill(page.get_by_label("Minimal password length"), str(length))
        hand.press(page.get_by_role("button", name="What would happen?"))
        expect(page.get_by_text("would have to fetch the policy again")).to_be_visible()
        assert made.policies.current(ORGANISATION) == before
        assert page.get_by_label("Minimal password length").input_value() == str(length)
        hand.press(page.get_by_role("button", name="Save", exact=True))
        expect(page.get_by_text("What saving would do")).to_have_count(0)
    after = made.policies.current(ORGANISATION)
    assert after is not None
    assert after.document["settings"] == {"DevicePasswordEnabled": True, "MinDevicePasswordLength": length}


def test_the_tester_says_why(console: Console, hand: Hand) -> None:
    name = f"Old ones {hand.name}"
    rule = {"name": name, "effect": "block", "conditions": [{"criterion": "os", "is": ["Android 4"]}]}
    console.gateway.made.access_rules.create(ADMINISTRATOR, ORGANISATION, rule)
    with console.olga(size=hand.size) as page:
        page.goto(f"{HOME}/rules")
        hand.fill(page.get_by_label("System"), "Android 4.4")
        hand.press(page.get_by_role("button", name="Try", exact=True))
        told = page.get_by_role("status").filter(has_text=f"old-ones-{hand.name}")
        expect(told).to_contain_text("block")
        expect(told.get_by_text("reported: Android 4.4").first).to_be_visible()


def test_a_session_that_was_confirmed_long_ago_has_to_show_it_again(console: Console) -> None:
    device, hand = console.phone("ann", "STALE"), KEYBOARD
    wipe = f"{HOME}/devices/{device.key.user}/STALE/wipe"
    with console.olga() as page:
        _confirmed_long_ago(console)
        page.goto(wipe)
        hand.fill(page.get_by_label("Reason"), "left in a taxi")
        proof = page.get_by_label("The code of your authenticator; your password where you have none")
        hand.fill(proof, PASSWORD)
        hand.press(page.get_by_role("button", name="Order the wipe"))
        expect(page.get_by_text("That was wrong, or it is missing.")).to_be_visible()
        assert console.gateway.device("STALE").state is DeviceState.PROVISIONING_SUCCEEDED
        assert page.get_by_label("Reason").input_value() == "left in a taxi"
        hand.fill(proof, next_code(console.secret))
        hand.press(page.get_by_role("button", name="Order the wipe"))
        expect(page.get_by_text("waiting for the device")).to_be_visible()
        page.goto(wipe)
        expect(proof).to_have_count(0)
    assert console.gateway.device("STALE").state is DeviceState.WIPE_REQUIRED


def _confirmed_long_ago(console: Console) -> None:
    """As after half a morning; only the database knows when somebody proved who they are."""
    with console.gateway.made.store._engine.begin() as connection:
        long_ago = SystemClock().now() - timedelta(hours=4)
        changed = connection.execute(update(sessions).values(confirmed_at=long_ago))
        assert changed.rowcount


@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Devices"), ("de-AT", "Geräte")])
def test_the_browsers_language_is_spoken(console: Console, locale: str, title: str) -> None:
    with console.olga(locale=locale) as page:
        page.goto(f"{HOME}/devices")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert page.evaluate("document.documentElement.lang") == locale[:2]


def test_language_and_theme_are_chosen_and_kept(console: Console) -> None:
    with console.olga(color_scheme="light") as page:
        page.goto("/console/me")
        page.get_by_role("button", name="Dark").click()
        page.get_by_label("Language").select_option("de")
        page.get_by_role("button", name="Use this language").click()
        expect(page.locator("html[lang=de]")).to_have_attribute("data-theme", "dark")
        page.goto("/console/")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.goto("/console/me")
        page.locator("[data-theme-choice=auto]").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_what_is_to_be_published_is_copied(console: Console, hand: Hand) -> None:
    with console.olga(size=hand.size, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{HOME}/domains/example.com")
        hand.press(page.get_by_role("button", name="Copy: _usher.example.com TXT"))
        expect(page.locator("#said")).to_have_text("Copied")
        assert str(page.evaluate("navigator.clipboard.readText()")).startswith("usher-verification=")


def test_filters_follow_what_is_typed_and_the_way_back_is_kept(console: Console) -> None:
    console.phone("ann", "FILTERA", "Quiet Otter")
    console.phone("bob", "FILTERB", "Loud Heron")
    with console.olga() as page:
        page.goto(f"{HOME}/devices")
        listed = page.locator("#list")
        expect(listed.get_by_role("link", name="Quiet Otter")).to_be_visible()
        page.get_by_label("Search", exact=True).press_sequentially("heron")
        expect(listed.get_by_role("link", name="Quiet Otter")).to_have_count(0)
        expect(listed.get_by_role("link", name="Loud Heron")).to_be_visible()
        expect(page).to_have_url(re.compile("search=heron"))
        page.go_back()
        expect(listed.get_by_role("link", name="Quiet Otter")).to_be_visible()
        assert "heron" not in page.url


def test_filters_are_saved_under_a_name_opened_renamed_and_removed(console: Console, hand: Hand) -> None:
    found, other = f"found by {hand.name}", f"of no interest to {hand.name}"
    for name, alias in (("IPHONE", found), ("OTHER", other)):
        console.phone("carol", f"{name}{hand.name}".upper(), alias)
    views = console.gateway.made.saved_views
    account = console.gateway.made.administrators.get("olga").id
    with console.olga(size=hand.size) as page:
        page.goto(f"{HOME}/devices")
        hand.fill(page.get_by_label("Search", exact=True), found)
        expect(page.get_by_text(other)).to_have_count(0)
        hand.press(page.get_by_text("Your views"))
        hand.fill(page.get_by_label("Name of a new view"), "Mine & <b>only</b> mine")
        hand.press(page.get_by_role("button", name="Save this view"))
        saved = page.get_by_role("navigation", name="Views").get_by_role(
            "link", name="Mine & <b>only</b> mine"
        )
        expect(saved).to_have_attribute("aria-current", "page")
        page.goto(f"{HOME}/devices")
        hand.press(saved)
        expect(page.get_by_text(found)).to_be_visible()
        expect(page.get_by_text(other)).to_have_count(0)
        hand.press(page.get_by_text("Your views"))
        hand.fill(page.locator("details.card").get_by_label("Name of the view"), "Found")
        hand.press(page.get_by_role("button", name="Rename"))
        expect(page.get_by_role("link", name="Found", exact=True)).to_be_visible()
        assert [(each.name, each.question) for each in views.of(account)] == [("Found", {"search": found})]
        hand.press(page.get_by_text("Your views"))
        hand.press(page.get_by_role("button", name="Remove the view Found"))
        expect(page.get_by_role("link", name="Found", exact=True)).to_have_count(0)
    assert views.of(account) == []


def test_charts_over_time_are_drawn_told_and_followed_back(console: Console) -> None:
    past(console.gateway.made, ORGANISATION)
    with console.olga(color_scheme="dark") as page:
        page.goto("/console/")
        page.get_by_role("link", name="Traffic").click()
        chart = page.get_by_role("figure", name="ActiveSync")
        expect(chart.get_by_role("img")).to_have_accessible_name(re.compile(r"Errors: \d+ to \d+"))
        first, second = (chart.locator("li path").nth(each) for each in (0, 1))
        dashes = [each.evaluate("line => getComputedStyle(line).strokeDasharray") for each in (first, second)]
        assert dashes[0] != dashes[1]
        expect(chart.get_by_role("row")).to_have_count(0)
        page.get_by_role("link", name="90 days").click()
        chart.get_by_text("The numbers").click()
        expect(chart.get_by_role("row")).to_have_count(1 + DAYS)
        page.goto(f"{HOME}/figures")
        expect(page.get_by_role("img", name="Compliance over time")).to_be_visible()
