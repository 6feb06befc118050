"""What needs me now (product 7.2)."""

import re

import httpx
import pytest

from gateway.endpoints.console import overview
from gateway.services.wipe_guards import Wanted
from mdm.device import WipeKind
from tests.support.desk import Desk
from tests.support.world import ADMIN


def titles(page: str) -> list[str]:
    """Organisations of which the page tells."""
    return re.findall(r'<h2 id="org-\d+"><a href="[^"]+">([^<]+)</a></h2>', page)


async def test_nothing_to_do_is_said(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/console/")
    assert page.text.count("Nothing waits for you here.") == 2


async def test_an_approval_that_waits_stands_on_the_first_page(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    device = desk.phone("ann@acme.example")
    order = desk.services.wipes.request(
        ADMIN, device.key, Wanted(WipeKind.DEVICE, "stolen", device.key.device_id)
    )
    page = await browser.get("/console/")
    assert f"/console/o/acme/wipes/{order.id}" in page.text


async def test_the_devices_of_all_are_drawn_by_their_state(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert "<svg" not in (await browser.get("/console/")).text
    desk.phone("ann@acme.example")
    desk.phone("ann@globex.example", "PHONE2")
    page = (await browser.get("/console/")).text
    assert '<desc id="states-desc">Provisioning Succeeded: 2</desc>' in page
    assert '<th scope="row">Provisioning Succeeded</th><td class="number">2</td>' in page


async def test_more_organisations_than_a_page_holds_follow_and_are_counted(
    desk: Desk, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PAGE", 1)
    desk.phone("ann@globex.example")
    first = (await browser.get("/console/")).text
    assert titles(first) == ["Acme"]
    assert '<desc id="states-desc">Provisioning Succeeded: 1</desc>' in first
    (more,) = re.findall(r'href="\?cursor=([^"]+)">Next page', first)
    assert titles((await browser.get(f"/console/?cursor={more}")).text) == ["Globex"]
