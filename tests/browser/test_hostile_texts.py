"""Whatever a device or a person writes stays text on every page: nothing runs, nothing is added to the page,
nothing turns its neighbours round, and the window stays as wide as it is (T22).
"""

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from gateway.errors import GatewayError
from gateway.services.wipe_guards import Wanted
from mdm.access import AccessDecision
from mdm.device import AccessLevel, Device, DeviceInformation, WipeKind
from tests.browser.conftest import HOME, Console
from tests.support import chromium
from tests.support.gateway_process import ADMINISTRATOR
from tests.support.hostile_texts import HOSTILE

WAITS = AccessDecision(AccessLevel.QUARANTINE, "the default of the organisation")
TURNING = "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u200b\u2060\ufeff\u2028\u2029\\u0000-\\u0008]"
LISTS = (
    "devices?sort=device_id",
    "devices?sort=device_id&state=Provisioning+Succeeded",
    "quarantine",
    "wipes",
)
LISTS_OF_ALL = ("", "audit")

LOOK = """turning => ({
  owned: window.owned === 1,
  scripts: [...document.scripts].filter(
    each => !each.src.startsWith(location.origin + "/console/static/")).length,
  added: document.querySelectorAll(
    "svg:not(.chart), img, iframe, object, math, body style, body script, base, body meta, body link"
  ).length,
  handlers: [...document.querySelectorAll("*")].filter(
    each => each.getAttributeNames().some(name => /^on|^style$|^hx-on/.test(name))).length,
  led: [...document.querySelectorAll("[href],[action],[formaction]")].filter(each =>
    ["href", "action", "formaction"].some(name => {
      const target = each.getAttribute(name);
      return target && new URL(target, location.href).origin !== location.origin;
    })).length,
  turned: new RegExp(turning).test(document.querySelector("main").innerText),
  wide: document.documentElement.scrollWidth > innerWidth + 1,
})"""
CLEAN = {"owned": False, "scripts": 0, "added": 0, "handlers": 0, "led": 0, "turned": False, "wide": False}


@pytest.fixture(scope="module")
def written(console: Console) -> list[Device]:
    """A phone for every text, which says it wherever it may say something; people and orders do as well."""
    made = console.gateway.made
    pattern = console.phone("carol", "PATTERN")
    said = [_said(pattern, number, text) for number, text in enumerate(HOSTILE)]
    with made.store.write() as transaction:
        for each in said:
            transaction.devices.add(each)
    for device, text in zip(said, HOSTILE, strict=True):
        for act in (_named, _asked_to_wipe):
            try:
                act(console, device, text)
            except GatewayError as refused:
                assert refused.faults or refused.public, text
    for device in said[:30]:
        made.quarantine.notice(device.key, WAITS, ADMINISTRATOR)
    return said


def _said(pattern: Device, number: int, text: str) -> Device:
    said = DeviceInformation(model=text, os=text, friendly_name=text, os_language=text, mobile_operator=text)
    key = replace(pattern.key, device_id=f"EVIL{number:02}")
    return replace(pattern, key=key, user_agent=text, information=said)


def _named(console: Console, device: Device, text: str) -> None:
    console.gateway.made.inventory.rename(ADMINISTRATOR, device.key, text[:64])
    console.gateway.made.users.set_display_name(ADMINISTRATOR, "bob@example.com", text)


def _asked_to_wipe(console: Console, device: Device, text: str) -> None:
    console.gateway.made.wipes.request(ADMINISTRATOR, device.key, Wanted(WipeKind.ACCOUNT, text))


@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
def test_lists_show_it_as_text(console: Console, written: list[Device], size: tuple[int, int]) -> None:
    with console.olga(size=size) as page:
        dialogs = _heard(page)
        for path in [*(f"{HOME}/{each}" for each in LISTS), *(f"/console/{each}" for each in LISTS_OF_ALL)]:
            page.goto(path)
            assert page.evaluate(LOOK, TURNING) == CLEAN, path
        assert dialogs == []


def test_pages_of_one_device_show_it_as_text(console: Console, written: list[Device]) -> None:
    with console.olga(size=chromium.NARROW) as page:
        dialogs = _heard(page)
        for device, text in zip(written, HOSTILE, strict=True):
            page.goto(
                f"{HOME}/devices/{device.key.user}/{device.key.device_id}", wait_until="domcontentloaded"
            )
            assert page.evaluate(LOOK, TURNING) == CLEAN, text
        for device in written[::6]:
            page.goto(f"{HOME}/devices/{device.key.user}/{device.key.device_id}/wipe")
            assert page.evaluate(LOOK, TURNING) == CLEAN
        assert dialogs == []


def test_what_was_searched_for_is_shown_as_text(console: Console) -> None:
    with console.olga() as page:
        dialogs = _heard(page)
        for text in HOSTILE[::4]:
            page.goto(f"{HOME}/devices")
            page.get_by_label("Search", exact=True).fill(text)
            page.get_by_role("button", name="Filter").click()
            page.wait_for_load_state("load")
            assert page.evaluate(LOOK, TURNING) == CLEAN, text
        assert dialogs == []


def _heard(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    return heard


def test_the_look_sees_what_it_looks_for(console: Console) -> None:
    evil = "<main>a\u202eb<img src=x onerror='window.owned=1'><a href='https://evil.example/'>c</a></main>"
    with console.visitor() as page:
        page.goto("about:blank")
        page.set_content(evil + "<script>window.owned=1</script><div style='width:9999px'>d</div>")
        seen = page.evaluate(LOOK, TURNING)
    assert all(seen.values()), seen
    assert seen.keys() == CLEAN.keys()


def test_there_are_sixty() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
