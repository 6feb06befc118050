"""The console as a whole: what it answers to what is not there (product 7.2, 10)."""

import httpx
import pytest


@pytest.mark.parametrize(
    "path", ["/console/nothing", "/console/o/nobody/devices", "/console/o/acme/wipes/w-0"]
)
async def test_what_is_not_there_is_a_page_too(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "There is no such thing here" in answer.text
    assert 'href="/console/"' in answer.text


async def test_pages_speak_the_readers_language(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/console/", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in answer.text
    assert "Zum Inhalt springen" in answer.text
