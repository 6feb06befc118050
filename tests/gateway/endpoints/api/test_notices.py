"""Notices over REST (product 7.9)."""

import httpx
import pytest

from gateway.endpoints import principals
from gateway.records.authority import Appointment, Authority, Role
from tests.support.desk import Desk

PATH, ALL = "/api/v1/organisations/acme/notices", "/api/v1/notices"
DESK = "desk@acme.example"


@pytest.mark.parametrize("path", (PATH, ALL))
async def test_an_address_is_told_something_and_tried(client: httpx.AsyncClient, path: str) -> None:
    put = await client.put(f"{path}/{DESK}", json={"kinds": ["wipe progress", "backend impaired"]})
    assert put.json()["kinds"] == ["wipe progress", "backend impaired"]
    assert [each["address"] for each in (await client.get(path)).json()["items"]] == [DESK]
    tried = await client.post(f"{path}/test", json={"address": DESK})
    assert (tried.status_code, tried.json()["state"]) == (202, "pending")
    (letter,) = (await client.get(f"{path}/letters")).json()["items"]
    assert (letter["address"], letter["kind"]) == (DESK, "test")
    assert (await client.post(f"{path}/test", json={"address": "x@elsewhere.example"})).status_code == 404
    assert (await client.delete(f"{path}/{DESK}")).status_code == 204
    assert (await client.delete(f"{path}/{DESK}")).status_code == 404


async def test_what_is_wrong_is_named(client: httpx.AsyncClient) -> None:
    for body in ({"kinds": []}, {"kinds": ["rumours"]}, {}, {"kinds": ["wipe progress"], "more": 1}):
        assert (await client.put(f"{PATH}/{DESK}", json=body)).status_code == 400
    assert (await client.put(f"{PATH}/nobody", json={"kinds": ["wipe progress"]})).status_code == 400


async def test_the_gateways_need_the_permission_for_all(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = desk.services.finder.organisation("acme").id
    await client.put(f"{ALL}/{DESK}", json={"kinds": ["wipe progress"]})
    operator = Authority("operator", appointments=(Appointment(Role.OPERATOR, home),))
    monkeypatch.setattr(principals, "BOOTSTRAP", operator)
    assert (await client.get(ALL)).status_code == 403
    assert (await client.get(PATH)).json()["items"] == []
    assert (await client.get("/api/v1/organisations/globex/notices")).status_code == 404
