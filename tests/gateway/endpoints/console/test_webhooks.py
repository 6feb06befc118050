"""Webhooks in the console, an organisation's and the gateway's (product 7.9)."""

import re

import httpx
import pytest

OWN, ALL = "/console/o/acme/webhooks", "/console/webhooks"
URL = "https://hooks.example.org/in"
PRESSED = {"button": "pressed"}


async def made(browser: httpx.AsyncClient, place: str) -> str:
    """The page of a new one."""
    shown = await browser.post(place, data={"url": URL, "enabled": "on", "type": "device:wipe:confirmed"})
    assert "whsec_" in shown.text, shown.text
    found = re.search(rf'href="({place}/[^"]+)"', shown.text)
    assert found
    return found[1]


@pytest.mark.parametrize("place", [OWN, ALL])
async def test_the_life_of_one(browser: httpx.AsyncClient, place: str) -> None:
    one = await made(browser, place)
    assert URL in (await browser.get(place)).text
    page = (await browser.get(one)).text
    assert "whsec_" not in page
    assert 'value="device:wipe:confirmed" checked' in page
    tested = await browser.post(f"{one}/test", data=PRESSED)
    assert tested.status_code == 303, tested.text
    assert "A webhook was tested. <" in (await browser.get(one)).text
    delivery = re.search(rf'action="({one}/deliveries/\d+)"', (await browser.get(one)).text)
    assert delivery
    assert (await browser.post(delivery[1], data=PRESSED)).headers["location"] == one
    turned = await browser.post(f"{one}/rotate", data=PRESSED)
    assert "whsec_" in turned.text
    assert "The former one signs too" in turned.text
    assert (await browser.post(f"{one}/revive", data=PRESSED)).status_code == 303
    assert (await browser.post(f"{one}/replay", data={"after": "0"})).status_code == 303
    assert (await browser.post(f"{one}/replay", data={"after": "x"})).status_code == 400
    await browser.post(one, data={"url": URL, "description": "<b>ours</b>"})
    page = (await browser.get(place)).text
    assert "&lt;b&gt;ours" in page
    assert (await browser.post(f"{one}/test", data=PRESSED)).status_code == 400  # it is switched off
    assert (await browser.post(f"{one}/remove", data=PRESSED)).headers["location"] == place
    assert URL not in (await browser.get(place)).text


async def test_what_is_no_receiver_is_a_fault_at_its_field(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(OWN, data={"url": "http://127.0.0.1/", "enabled": "on"})
    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text
    assert "http://127.0.0.1/" in refused.text


async def test_another_owners_are_not_there(browser: httpx.AsyncClient) -> None:
    one = await made(browser, OWN)
    assert (await browser.get(one.replace("/acme/", "/globex/"))).status_code == 404
    assert (await browser.get(one.replace("/o/acme", ""))).status_code == 404
