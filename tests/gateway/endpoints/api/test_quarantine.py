"""``/quarantine`` of the REST API (product 6.5, 7.3)."""

import httpx
import pytest

from gateway.records import Actor
from gateway.services.tenants import Settings
from mdm.access import AccessDecision
from mdm.device import AccessLevel, DeviceInformation
from tests.support.desk import Desk
from tests.support.world import ADMIN

QUEUE = "/api/v1/organisations/acme/quarantine"


@pytest.fixture
def waiting(desk: Desk, ann: str) -> str:
    desk.services.tenants.change_organisation(ADMIN, "acme", Settings(default_access=AccessLevel.QUARANTINE))
    for number in range(3):
        device = desk.phone(ann, f"PHONE{number}")
        told = DeviceInformation(model="Pixel 8")
        desk.services.devices.learn_information(device.key, told, ADMIN)
        answer = AccessDecision(AccessLevel.QUARANTINE, "the organisation's default")
        desk.services.quarantine.notice(device.key, answer, Actor("device", "x"))
    return ann


async def names(client: httpx.AsyncClient) -> list[str]:
    found = (await client.get(QUEUE)).json()["items"]
    return sorted(each["device"]["device_id"] for each in found)


async def test_the_queue_in_pages(client: httpx.AsyncClient, waiting: str, eve: str) -> None:
    first = (await client.get(QUEUE, params={"limit": 2, "user": waiting})).json()
    assert [each["reason"] for each in first["items"]] == ["the organisation's default"] * 2
    assert first["items"][0]["device"]["reported"]["model"] == "Pixel 8"
    rest = (await client.get(QUEUE, params={"cursor": first["next"]})).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert (await client.get(QUEUE, params={"cursor": "WyJhIiwiYiIsImMiXQ"})).status_code == 400
    assert (await client.get(QUEUE, params={"user": eve})).status_code == 404


async def test_many_are_approved_or_rejected_at_once(client: httpx.AsyncClient, waiting: str) -> None:
    devices = [{"user": waiting, "device_id": name} for name in ("PHONE0", "NEVER")]
    done = (await client.post(f"{QUEUE}/approve", json={"devices": devices, "reason": "ours"})).json()
    assert [each["device"] and each["device"]["access"] for each in done["items"]] == ["allow", None]
    assert done["items"][1]["problem"]
    assert [each["title"] for each in done["items"]] == ["", "not found"]
    rejected = {"devices": [{"user": waiting, "device_id": "PHONE1"}], "reason": "not ours"}
    (one,) = (await client.post(f"{QUEUE}/reject", json=rejected)).json()["items"]
    assert (one["device"]["access"], one["device"]["access_reason"]) == ("block", "not ours")
    assert await names(client) == ["PHONE2"]
    past = {"devices": devices[:1], "until": "2000-01-01T00:00:00Z"}
    assert (await client.post(f"{QUEUE}/approve", json=past)).status_code == 400


async def test_a_model_and_a_user_are_approved(client: httpx.AsyncClient, waiting: str) -> None:
    told = (await client.post(f"{QUEUE}/approve_model", json={"model": "Pixel 8"})).json()
    assert (len(told["released"]), told["waiting"], told["rules_version"]) == (3, [], 1)
    assert await names(client) == []
    assert (await client.post(f"{QUEUE}/approve_model", json={"model": "*"})).status_code == 400
    told = (await client.post(f"{QUEUE}/approve_user", json={"user": waiting, "by_rule": True})).json()
    assert (told["released"], told["rules_version"]) == ([], 2)
    told = (await client.post(f"{QUEUE}/approve_user", json={"user": waiting})).json()
    assert told == {"released": [], "waiting": [], "rules_version": None}
