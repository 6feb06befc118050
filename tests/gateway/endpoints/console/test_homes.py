"""Organisations, settings and safeguards in the console (product 1, 5.5, 7.2)."""

import httpx

from tests.support.desk import Desk

HOME = "/console/o/acme"


async def test_an_organisation_is_made(browser: httpx.AsyncClient) -> None:
    made = await browser.post("/console/organisations", data={"alias": "umbrella", "name": "Umbrella"})
    assert made.headers["location"] == "/console/o/umbrella/settings"
    refused = await browser.post("/console/organisations", data={"alias": "A B"})
    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text


async def test_settings_are_what_the_form_says(desk: Desk, browser: httpx.AsyncClient) -> None:
    form = {
        "name": "Acme Ltd",
        "state": "Active",
        "user_source": "local",
        "provisioning_signal": "http449",
        "default_access": "allow",
        "backend": "default",
        "device_limit": "3",
        "legacy_versions": "on",
    }
    assert (await browser.post(f"{HOME}/settings", data=form)).is_redirect
    home = desk.services.tenants.organisation("acme")
    assert (home.name, home.device_limit, home.legacy_versions) == ("Acme Ltd", 3, True)
    wrong = await browser.post(f"{HOME}/settings", data=form | {"device_limit": "many"})
    assert wrong.status_code == 400
    assert "device_limit" in wrong.text


async def test_safeguards_freeze_and_lift(desk: Desk, browser: httpx.AsyncClient) -> None:
    form = {"approve_full_wipes": "on", "wipes_per_hour": "9", "stale_days": "30"}
    assert (await browser.post(f"{HOME}/safeguards", data=form)).is_redirect
    assert desk.services.tenants.organisation("acme").safeguards.wipes_per_hour == 9
    assert (await browser.post(f"{HOME}/freeze", data={"reason": "looked odd"})).is_redirect
    assert "looked odd" in (await browser.get(f"{HOME}/settings")).text
    assert (await browser.post(f"{HOME}/lift", data={"reason": "it was us"})).is_redirect
    assert desk.services.tenants.organisation("acme").safeguards.frozen == ""


async def test_an_organisation_goes_only_by_its_name(browser: httpx.AsyncClient) -> None:
    assert (await browser.post(f"{HOME}/remove", data={"alias": "globex"})).status_code == 400
    assert (await browser.post(f"{HOME}/remove", data={"alias": "acme"})).is_redirect
    assert (await browser.get(f"{HOME}/settings")).status_code == 404
