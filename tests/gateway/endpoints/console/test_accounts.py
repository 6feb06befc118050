"""Administrators and tokens in the console (product 7.6, 7.7; T9, T25)."""

import httpx

from gateway.records.authority import MACHINE, Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.accounts import PASSWORD, appoint
from tests.support.desk import Desk

ACCOUNTS = "/console/administrators"
NEW = {"name": "hank", "password": PASSWORD, "role": "help desk", "organisation": "acme"}


async def test_an_account_is_made_with_its_first_role(browser: httpx.AsyncClient) -> None:
    made = await browser.post(ACCOUNTS, data=NEW)
    assert made.headers["location"] == f"{ACCOUNTS}/hank"
    page = (await browser.get(made.headers["location"])).text
    assert "help desk" in page
    assert PASSWORD not in page


async def test_a_wrong_one_is_shown_again_without_its_password(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(ACCOUNTS, data=NEW | {"name": "a b", "organisation": "nowhere"})
    assert refused.status_code == 400
    assert 'value="a b"' in refused.text
    assert PASSWORD not in refused.text


async def test_roles_are_given_and_taken_and_accounts_disabled(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    appoint(desk, "hank", Appointment(Role.VIEWER))
    place = f"{ACCOUNTS}/hank"
    assert (await browser.post(f"{place}/appoint", data={"role": "approver"})).is_redirect
    assert (await browser.post(f"{place}/dismiss", data={"role": "viewer"})).is_redirect
    assert (await browser.post(place, data={"state": "disabled"})).is_redirect
    page = (await browser.get(place)).text
    assert "approver" in page
    assert "disabled" in page
    assert (await browser.post(f"{place}/password", data={"password": "weak"})).status_code == 400
    assert (await browser.post(f"{place}/remove", data={"csrf": ""})).headers["location"] == ACCOUNTS


async def test_without_the_second_factor_nobody_is_made(sitting: Sitting, desk: Desk) -> None:
    async with sitting(Authority("olga", "p", MACHINE)) as client:
        refused = await client.post(ACCOUNTS, data=NEW)
    assert refused.status_code == 400
    assert 'name="proof"' in refused.text
    assert [each.name for each in desk.services.administrators.list()] == []


async def test_two_accounts_are_one_persons_until_somebody_says_otherwise(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    for name in ("hank", "henry"):
        appoint(desk, name, Appointment(Role.VIEWER))
    place = f"{ACCOUNTS}/hank"
    refused = await browser.post(f"{place}/person", data={"same_as": "nobody"})
    assert refused.status_code == 400
    assert 'value="nobody"' in refused.text
    assert (await browser.post(f"{place}/person", data={"same_as": "henry"})).is_redirect
    assert f"{ACCOUNTS}/henry" in (await browser.get(place)).text
    assert (await browser.post(f"{place}/person/own", data={"csrf": ""})).is_redirect
    assert f"{ACCOUNTS}/henry" not in (await browser.get(place)).text
