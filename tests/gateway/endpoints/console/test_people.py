"""Users in the console (product 1, 7.2)."""

import httpx
import pytest

from gateway.records import UserState
from tests.support.desk import Desk

USERS = "/console/o/acme/users"


@pytest.fixture
def ann(desk: Desk) -> str:
    return f"{USERS}/{desk.services.users.get('ann@acme.example').id}"


async def test_a_user_is_made_and_a_wrong_one_is_shown_again(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(USERS, data={"address": "bob@elsewhere.example", "display_name": "Bob"})
    assert refused.status_code == 400
    assert 'value="Bob"' in refused.text
    made = await browser.post(USERS, data={"address": "bob@acme.example", "password": "Quiet-Horse-9"})
    assert "bob@acme.example" in (await browser.get(made.headers["location"])).text


async def test_names_aliases_details_and_state_are_changed_together(
    desk: Desk, browser: httpx.AsyncClient, ann: str
) -> None:
    form = {
        "display_name": "Ann Miller",
        "state": "disabled",
        "aliases": "a.miller@acme.example am@acme.example",
        "details": "",
        "details.city": "Bonn",
        "only_listed": "on",
    }
    assert (await browser.post(ann, data=form)).is_redirect
    known = desk.services.users.get("ann@acme.example")
    assert (known.display_name, known.state, known.only_listed) == ("Ann Miller", UserState.DISABLED, True)
    assert known.aliases == ("a.miller@acme.example", "am@acme.example")
    assert known.details["city"] == "Bonn"


async def test_a_password_alone_leaves_the_rest_alone(
    desk: Desk, browser: httpx.AsyncClient, ann: str
) -> None:
    before = desk.services.users.get("ann@acme.example")
    assert (await browser.post(ann, data={"password": "Quiet-Horse-9"})).is_redirect
    after = desk.services.users.get("ann@acme.example")
    assert after.password_hash != before.password_hash
    assert (after.display_name, after.aliases) == (before.display_name, before.aliases)
    weak = await browser.post(ann, data={"password": "short"})
    assert weak.status_code == 400
    assert "short" not in weak.text.replace("Short", "")


async def test_an_off_boarding_begins_at_the_users_page(browser: httpx.AsyncClient, ann: str) -> None:
    wrong = await browser.post(f"{ann}/offboard", data={"kind": "account", "days": "soon"})
    assert wrong.status_code == 400
    begun = await browser.post(f"{ann}/offboard", data={"kind": "account", "days": "2", "reason": "left"})
    assert begun.headers["location"].startswith("/console/o/acme/jobs/j-")


async def test_a_user_is_removed(browser: httpx.AsyncClient, ann: str) -> None:
    assert (await browser.post(f"{ann}/remove", data={"csrf": ""})).headers["location"] == USERS
    assert (await browser.get(ann)).status_code == 404
