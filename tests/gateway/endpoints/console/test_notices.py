"""Mail notices in the console, an organisation's and the gateway's (product 7.9)."""

import httpx
import pytest

OWN, ALL = "/console/o/acme/notices", "/console/notices"
WHO = "olga@acme.example"


@pytest.mark.parametrize("place", [OWN, ALL])
async def test_an_address_is_told_tested_and_left_alone(browser: httpx.AsyncClient, place: str) -> None:
    assert "Nobody is told anything" in (await browser.get(place)).text
    told = await browser.post(place, data={"address": WHO, "kind": ["wipe progress", "approval needed"]})
    assert told.headers["location"] == place
    page = (await browser.get(place)).text
    assert WHO in page
    assert "How a wipe goes on" in page
    await browser.post(f"{place}/test", data={"address": WHO})
    assert f'<th scope="row">{WHO}' in (await browser.get(place)).text
    await browser.post(f"{place}/remove", data={"address": WHO})
    assert "Nobody is told anything" in (await browser.get(place)).text


async def test_what_is_no_address_is_refused_and_kept(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(OWN, data={"address": "no address", "kind": "wipe progress"})
    assert refused.status_code == 400
    assert 'value="no address"' in refused.text
