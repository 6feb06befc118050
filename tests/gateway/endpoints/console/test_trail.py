"""The audit trail in the console (product 8)."""

import json

import httpx

TRAIL = "/console/audit"


async def test_the_trail_is_filtered_by_what_happened(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(TRAIL, params={"tag": "admin:domain:added"})).text
    assert "acme.example" in page
    part = await browser.get(TRAIL, params={"organisation": "globex"}, headers={"HX-Request": "true"})
    assert "globex.example" in part.text
    assert ">acme.example<" not in part.text
    assert "<html" not in part.text


async def test_nothing_of_the_kind(browser: httpx.AsyncClient) -> None:
    assert "Nothing of this kind happened." in (await browser.get(TRAIL, params={"target": "nobody"})).text


async def test_a_wrong_question_says_so(browser: httpx.AsyncClient) -> None:
    assert 'role="alert"' in (await browser.get(TRAIL, params={"tag": "nonsense"})).text


async def test_what_was_asked_for_can_be_taken_along_and_that_is_recorded(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(TRAIL, params={"organisation": "globex", "cursor": ""})).text
    assert "/console/audit/export?organisation=globex" in page
    taken = await browser.get(f"{TRAIL}/export", params={"organisation": "globex"})
    assert "attachment" in taken.headers["content-disposition"]
    records = [json.loads(line) for line in taken.text.splitlines()]
    assert "globex.example" in {record["requestParameters"]["target"] for record in records}
    assert "audit:exported" in (await browser.get(TRAIL)).text
