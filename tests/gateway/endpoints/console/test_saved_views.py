"""Saved views at the console's device list (product 7.2; T22)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.records.authority import MACHINE, Authority
from tests.gateway.endpoints.console.conftest import TOKEN, Sitting
from tests.support.accounts import appoint
from tests.support.desk import Desk

LIST = "/console/o/acme/devices"
VIEWS = "/console/o/acme/views"
HOSTILE = '"><script>alert(1)</script>'
SENT = {"csrf": TOKEN}
OLD = {"os": "iOS 15", "sort": "-last_seen"}


@pytest.fixture
async def browser(desk: Desk, sitting: Sitting) -> AsyncIterator[httpx.AsyncClient]:
    """Of somebody with an account: what is kept is theirs."""
    account = appoint(desk, "ann")
    ann = Authority("ann", account.id, MACHINE, confirmed=True, account=account.id, credential="s-1")
    async with sitting(ann) as client:
        yield client


def views(desk: Desk) -> list[tuple[str, dict[str, str]]]:
    account = desk.services.administrators.get("ann")
    return [(each.name, dict(each.question)) for each in desk.services.saved_views.of(account.id)]


async def test_a_view_is_saved_and_opened_by_its_link(desk: Desk, browser: httpx.AsyncClient) -> None:
    for headers in ({}, {"HX-Request": "true"}):  # the form follows the filters without being swapped itself
        page = await browser.get(LIST, params=OLD, headers=headers)
        assert '<input type="hidden" name="os" value="iOS 15">' in page.text
    answer = await browser.post(VIEWS, data={"name": "Old iPhones", **OLD})
    assert answer.status_code == 303
    assert views(desk) == [("Old iPhones", OLD)]
    opened = await browser.get(answer.headers["location"])
    assert 'aria-current="page">Old iPhones</a>' in opened.text
    everywhere = await browser.get("/console/o/globex/devices")
    assert ">Old iPhones</a>" in everywhere.text


async def test_the_same_name_replaces(desk: Desk, browser: httpx.AsyncClient) -> None:
    for question in (OLD, {"held": "yes"}):
        assert (await browser.post(VIEWS, data={"name": " Mine ", **question})).status_code == 303
    assert views(desk) == [("Mine", {"held": "yes"})]


async def test_a_view_is_renamed_and_removed(desk: Desk, browser: httpx.AsyncClient) -> None:
    for name in ("Mine", "Other"):
        await browser.post(VIEWS, data={"name": name, **OLD})
    account = desk.services.administrators.get("ann").id
    mine, other = (each.id for each in desk.services.saved_views.of(account))
    taken = await browser.post(f"{VIEWS}/{mine}", data={"name": "Other"})
    assert taken.status_code == 400
    assert 'aria-invalid="true"' in taken.text
    assert (await browser.post(f"{VIEWS}/{mine}", data={"name": "Yours"})).status_code == 303
    assert (await browser.post(f"{VIEWS}/{other}/remove", data=SENT)).status_code == 303
    assert (await browser.post(f"{VIEWS}/{other}/remove", data=SENT)).status_code == 400
    assert views(desk) == [("Yours", OLD)]


async def test_what_is_refused_keeps_what_was_typed(desk: Desk, browser: httpx.AsyncClient) -> None:
    page = await browser.post(VIEWS, data={"name": "x" * 65, "os": HOSTILE})
    assert page.status_code == 400
    assert "x" * 65 in page.text
    assert "<script>alert" not in page.text
    assert views(desk) == []


async def test_a_hostile_name_is_text(browser: httpx.AsyncClient) -> None:
    saved = await browser.post(VIEWS, data={"name": HOSTILE, "search": HOSTILE})
    page = (await browser.get(saved.headers["location"])).text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
