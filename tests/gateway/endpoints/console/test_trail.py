"""The audit trail in the console (product 8)."""

import json
import re

import httpx
import pytest

TRAIL = "/console/audit"


def numbers(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'<td class="number" data-label="Number">(\d+)</td>', page)]


async def test_the_trail_is_filtered_by_what_happened(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(TRAIL, params={"tag": "admin:domain:added"})).text
    assert "acme.example" in page
    part = await browser.get(TRAIL, params={"organisation": "globex"}, headers={"HX-Request": "true"})
    assert "globex.example" in part.text
    assert ">acme.example<" not in part.text
    assert "<html" not in part.text


async def test_the_newest_stands_first_unless_the_oldest_is_asked_for(browser: httpx.AsyncClient) -> None:
    newest = (await browser.get(TRAIL)).text
    assert numbers(newest) == sorted(numbers(newest), reverse=True) != []
    assert "?order=oldest" in newest
    oldest = (await browser.get(TRAIL, params={"order": "oldest"})).text
    assert numbers(oldest) == sorted(numbers(newest))


async def test_records_are_told_in_sentences_with_what_changed(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(TRAIL, headers={"Accept-Language": "de"})).text
    assert "Eine Maildomäne kam dazu." in page
    assert "admin:domain:added" in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"since": "2001-01-01", "until": "2001-01-02"}, False),
        ({"since": "2001-01-01"}, True),
        ({"actor": "nobody"}, False),
        ({"outcome": "refused"}, False),
        ({"target": "nobody"}, False),
    ],
)
async def test_filters_and_nothing_of_the_kind(
    browser: httpx.AsyncClient, asked: dict[str, str], shown: bool
) -> None:
    page = (await browser.get(TRAIL, params=asked)).text
    assert ("Nothing of this kind happened." in page) is not shown


@pytest.mark.parametrize("wrong", [{"tag": "nonsense"}, {"since": "2026-13-01"}, {"until": "yesterday"}])
async def test_a_wrong_question_says_so(browser: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    assert 'role="alert"' in (await browser.get(TRAIL, params=wrong)).text


async def test_what_was_asked_for_can_be_taken_along_and_that_is_recorded(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(TRAIL, params={"organisation": "globex", "cursor": ""})).text
    assert "/console/audit/export?organisation=globex" in page
    taken = await browser.get(f"{TRAIL}/export", params={"organisation": "globex"})
    assert "attachment" in taken.headers["content-disposition"]
    records = [json.loads(line) for line in taken.text.splitlines()]
    assert "globex.example" in {record["requestParameters"]["target"] for record in records}
    assert "audit:exported" in (await browser.get(TRAIL)).text
