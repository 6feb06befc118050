"""The console's own files, and no others (product 7.2)."""

import gzip
import hashlib

import httpx
import pytest

from gateway.endpoints.console.assets import assets

HTMX = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
BUDGET = 150 * 1024
"""Octets, compressed (issue 6)."""


def test_all_assets_together_are_small() -> None:
    assert sum(len(each.packed) for each in assets().values()) <= BUDGET


async def test_a_file_is_served_compressed_with_a_validator(browser: httpx.AsyncClient) -> None:
    found = await browser.get("/console/static/console.css")
    assert found.headers["content-type"].startswith("text/css")
    assert found.headers["content-encoding"] == "gzip"
    again = await browser.get("/console/static/console.css", headers={"If-None-Match": found.headers["etag"]})
    assert again.status_code == 304


async def test_without_gzip_it_is_plain(browser: httpx.AsyncClient) -> None:
    found = await browser.get("/console/static/icon.svg", headers={"Accept-Encoding": "identity"})
    assert found.content == assets()["icon.svg"].plain
    assert gzip.decompress(assets()["icon.svg"].packed) == found.content


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fpages.py", ".", "console.css%00"])
async def test_no_other_name_leads_anywhere(browser: httpx.AsyncClient, name: str) -> None:
    assert (await browser.get(f"/console/static/{name}")).status_code == 404


def test_htmx_is_as_its_package_has_it() -> None:
    assert hashlib.sha256(assets()["htmx.js"].plain).hexdigest() == HTMX
