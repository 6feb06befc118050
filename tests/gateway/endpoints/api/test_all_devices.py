"""The device list over all organisations (product 5.1; T35)."""

from typing import Any

import httpx
import pytest

from gateway.endpoints.api.cursors import write_cursor
from gateway.services.inventory import Question
from tests.support.desk import Desk

DEVICES = "/api/v1/devices"


@pytest.fixture
def phones(desk: Desk, ann: str, eve: str) -> None:
    for number in range(3):
        desk.phone(ann, f"PHONE{number}")
    desk.phone(eve, "PHONE7")


async def pages(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """The DeviceIds of all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(DEVICES, params={**query, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += [each["device_id"] for each in answer.json()["items"]]
        cursor = answer.json()["next"]
    return found


@pytest.mark.usefixtures("phones")
async def test_pages_go_on_over_organisations(client: httpx.AsyncClient) -> None:
    everything = ["PHONE0", "PHONE1", "PHONE2", "PHONE7"]
    assert await pages(client, limit=1, sort="device_id") == everything
    assert sorted(await pages(client, limit=3)) == everything


@pytest.mark.usefixtures("phones")
async def test_filters_are_those_of_one_organisation(client: httpx.AsyncClient, eve: str) -> None:
    assert await pages(client, user=eve) == ["PHONE7"]
    assert await pages(client, device_id="=PHONE2") == ["PHONE2"]
    assert await pages(client, state="Wipe Required") == []
    assert (await client.get(DEVICES, params={"user": "nobody@acme.example"})).status_code == 404
    assert (await client.get(DEVICES, params={"protocol": "x"})).json()["errors"][0]["field"] == "protocol"


@pytest.mark.usefixtures("phones")
async def test_they_are_counted(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{DEVICES}/counts")).json()["total"] == 4
    counted = (await client.get(f"{DEVICES}/counts", params={"device_id": "PHONE7"})).json()
    assert counted["states"] == {"Provisioning Succeeded": 1}


async def test_a_cursor_is_bound_to_its_question(client: httpx.AsyncClient) -> None:
    mark = Question().mark()
    for cursor in ("x", write_cursor(mark, "", "o", "u"), write_cursor(mark, "", "o", "u", 1)):
        assert (await client.get(DEVICES, params={"cursor": cursor})).status_code == 400
