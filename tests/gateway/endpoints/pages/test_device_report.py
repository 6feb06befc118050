"""The printable page: every fact in it, and every hostile name visible (product 8; T22)."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gateway.endpoints.pages import POLICY
from gateway.endpoints.pages.device_report import device_report
from gateway.services.audit_verifying import AuditVerifier
from gateway.services.device_reports import DeviceReport, DeviceReports
from gateway.store import DatabaseStore
from mdm.device import DeviceInformation, WipeKind
from tests.support.stores import store, store_url
from tests.support.trails import Trail, signer
from tests.support.wipes import ROOT, WipeWorld
from tests.support.world import World

HOSTILE = "</td><script>alert('x')</script>\u202egnp.exe\u200b\"' onload=x {{7*7}} \x1b[31m"
VOID = {"meta", "br"}
__all__ = ["store", "store_url"]


@pytest.fixture
def world(store: DatabaseStore) -> World:
    return World(store)


class Page(HTMLParser):
    """Tags that are closed as they were opened, and the attributes that there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(world: World, device_id: str = "PHONE1") -> DeviceReport:
    verifier = AuditVerifier(world.store, world.clock, signer)
    return DeviceReports(world.store, world.clock, verifier).of(ROOT, "acme", "ann@acme.example", device_id)


@pytest.fixture
def wiped(world: World) -> DeviceReport:
    wipes = WipeWorld(world.store)
    wipes.organisation()
    phone = wipes.provisioned_phone(wipes.user())
    wipes.devices.require_wipe(ROOT, phone.key, WipeKind.ACCOUNT, reason=HOSTILE)
    with world.store.write() as transaction:
        device = transaction.devices.get(phone.key)
        assert device is not None
        information = DeviceInformation(model=HOSTILE, friendly_name="Ann's phone")
        transaction.devices.save(replace(device, information=information))
    Trail(world.store).checkpoint()
    return made(world)


def test_everything_is_there(wiped: DeviceReport) -> None:
    page = device_report(wiped)
    for text in ("PHONE1", "ann@acme.example", "Wipe Required", "policy acknowledged", "The trail is sound"):
        assert text in page
    assert "Ann&#39;s phone" in page
    assert all(f"<td>{record.sequence}</td>" in page for record in wiped.records)
    assert wiped.trail.checkpoint is not None and wiped.trail.checkpoint.hash in page
    assert re.search(r"Provisioning Succeeded</td><td>Wipe Required", page)


def test_hostile_names_are_shown_and_do_nothing(wiped: DeviceReport) -> None:
    text = device_report(wiped)
    assert "<script" not in text and "\u202e" not in text and "\u200b" not in text and "\x1b" not in text
    assert "&lt;script&gt;alert" in text and "<mark>\\u202e</mark>" in text and "<mark>\\x1b</mark>" in text
    page = Page(text)
    assert not {"script", "img", "iframe", "form", "link", "a"} & page.tags
    assert not {name for name in page.attributes if name.startswith("on")} | (
        {"style", "src"} & page.attributes
    )


def test_its_style_is_the_one_that_the_policy_allows(wiped: DeviceReport) -> None:
    style = re.search(r"<style>(.*?)</style>", device_report(wiped), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode("ascii")
    assert f"'sha256-{digest}'" in POLICY


def test_a_trail_that_is_not_sound_says_so(world: World, wiped: DeviceReport) -> None:
    Trail(world.store).tamper("UPDATE audit SET reason = 'x' WHERE sequence = 2")
    page = device_report(made(world))
    assert "The trail is not sound" in page and "record 2: is not what was written" in page


def test_a_device_that_is_gone(world: World, wiped: DeviceReport) -> None:
    page = device_report(replace(wiped, sheet=None, user=None))
    assert "(gone)" in page
    Page(page)
