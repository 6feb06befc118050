"""App passwords and profile links of a person, as an administrator sees them (product 2.6, 7.8)."""

import httpx
import pytest

from tests.support.app_passwords import given
from tests.support.desk import Desk


@pytest.fixture
def ann(desk: Desk) -> str:
    return f"/console/o/acme/users/{desk.services.users.get('ann@acme.example').id}"


async def test_a_link_is_shown_once_with_its_picture(
    desk: Desk, browser: httpx.AsyncClient, ann: str
) -> None:
    answer = await browser.post(f"{ann}/profile-link", data={"csrf": ""})
    assert "<svg" in answer.text
    assert "https://localhost/" in answer.text


async def test_an_app_password_is_seen_and_taken_back(
    desk: Desk, browser: httpx.AsyncClient, ann: str
) -> None:
    given(desk, "ann@acme.example", label="My <tablet>")
    assert "My &lt;tablet&gt;" in (await browser.get(ann)).text
    taken = await browser.post(f"{ann}/app-passwords/k-1/revoke", data={"reason": "lost"})
    assert taken.headers["location"] == ann
    assert "My &lt;tablet&gt;" not in (await browser.get(ann)).text


async def test_another_persons_app_password_is_none_of_this_ones(
    desk: Desk, browser: httpx.AsyncClient, ann: str
) -> None:
    given(desk, "ann@globex.example")
    assert (await browser.post(f"{ann}/app-passwords/k-1/revoke", data={"csrf": ""})).status_code == 400
    other = desk.services.users.get("ann@globex.example")
    assert len(desk.services.app_passwords.list(other.id)) == 1
