"""Many people from a table that somebody pastes (product 7.2)."""

import httpx
import pytest

from gateway.endpoints.api.bulk import BULK_LIMIT
from tests.support.desk import Desk

ARRIVALS = "/console/o/acme/arrivals"
TABLE = (
    "address;display_name;password\n"
    "bob@acme.example;Bob;Quiet-Horse-9\n"
    "eve@elsewhere.example;Eve;\n"
    "not an address;<b>X</b>;\n"
)


def people(desk: Desk) -> set[str]:
    return {each.address for each in desk.services.users.list("acme")}


async def test_lines_are_looked_at_before_anybody_is_made(desk: Desk, browser: httpx.AsyncClient) -> None:
    page = await browser.post(ARRIVALS, data={"table": TABLE, "do": "try"})
    assert ("can be read" in page.text, "&lt;b&gt;" in page.text) == (True, True)
    assert "bob@acme.example" not in people(desk)


async def test_who_can_be_made_is_made_and_the_others_are_told(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    page = await browser.post(ARRIVALS, data={"table": TABLE, "do": "save"})
    assert "1 user was made." in page.text
    assert "bob@acme.example" in people(desk)
    assert page.text.count(">refused<") == 2


@pytest.mark.parametrize(
    "table", ["", "colour\nred\n", "address\n", "address\n" + "a@acme.example\n" * (BULK_LIMIT + 1)]
)
async def test_what_is_no_such_table_makes_nobody(desk: Desk, browser: httpx.AsyncClient, table: str) -> None:
    before = people(desk)
    refused = await browser.post(ARRIVALS, data={"table": table, "do": "save"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert people(desk) == before
