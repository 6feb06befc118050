"""The protocol log over REST (product 8): for a while, for who may, and of one's own organisation."""

from datetime import timedelta

import httpx
import pytest

from gateway.records import AuditTag
from gateway.records.protocol import Exchange
from tests.support.desk import Desk

ACME = "/api/v1/organisations/acme"


def place(owner: str, device_id: str = "PHONE1") -> str:
    return f"{ACME}/devices/{owner}/{device_id}/protocol-log"


async def test_on_read_and_off(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    assert (await client.get(place(ann))).json() == {
        "items": [],
        "next": "0",
        "since": None,
        "until": None,
        "ordered_by": "",
    }
    on = await client.put(place(ann), json={"minutes": 60, "reason": "it loops"})
    assert (on.status_code, on.json()["ordered_by"]) == (200, "bootstrap")
    for number in range(3):
        at = desk.world.clock.now() + timedelta(seconds=number)
        desk.services.protocol_logs.write([Exchange(phone.key, at, {"command": f"Sync{number}"})])
    first = (await client.get(place(ann), params={"limit": 2})).json()
    assert [each["exchange"]["command"] for each in first["items"]] == ["Sync0", "Sync1"]
    assert first["until"] is not None
    rest = (await client.get(place(ann), params={"cursor": first["next"]})).json()
    assert [each["exchange"]["command"] for each in rest["items"]] == ["Sync2"]
    again = (await client.get(place(ann), params={"cursor": rest["next"]})).json()
    assert (again["items"], again["next"]) == ([], rest["next"])
    assert (await client.delete(place(ann))).status_code == 204
    assert (await client.delete(place(ann))).status_code == 404
    assert len((await client.get(place(ann))).json()["items"]) == 3
    tags = [record.tag for record in desk.world.trail()]
    assert tags.count(AuditTag.PROTOCOL_LOG_ON) == tags.count(AuditTag.PROTOCOL_LOG_OFF) == 1


@pytest.mark.parametrize("minutes", [0, 1441, -5, "30", 1.5])
async def test_it_has_a_length(client: httpx.AsyncClient, desk: Desk, ann: str, minutes: object) -> None:
    desk.phone(ann)
    answer = await client.put(place(ann), json={"minutes": minutes})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "minutes")


async def test_of_what_there_is(client: httpx.AsyncClient, desk: Desk, ann: str, eve: str) -> None:
    desk.phone(eve, "FOREIGN")
    assert (await client.put(place(ann, "NONE"), json={})).status_code == 404
    assert (await client.put(place(eve, "FOREIGN"), json={})).status_code == 404
    assert (await client.get(place(eve, "FOREIGN"))).status_code == 404
    assert (await client.get(place(ann), params={"cursor": "x"})).status_code == 400
