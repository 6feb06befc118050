"""Objects for Active Directory in the console (product 2.7)."""

import httpx

PLACE = "/console/active-directory"


async def test_the_objects_are_those_of_the_forest_that_was_named(browser: httpx.AsyncClient) -> None:
    asked = {"naming_context": "CN=Configuration,DC=corp,DC=example", "site": "Bonn Wien"}
    page = (await browser.get(PLACE, params=asked)).text
    assert "DC=corp,DC=example" in page
    assert ("Site=Bonn" in page, "Site=Wien" in page) == (True, True)


async def test_too_many_sites_are_refused_on_the_page(browser: httpx.AsyncClient) -> None:
    sites = " ".join(f"site{number}" for number in range(101))
    refused = await browser.get(PLACE, params={"site": sites})
    assert refused.status_code == 400
    assert "site100" in refused.text
