"""A policy change on its way over REST (product 4.3)."""

import httpx

from tests.support.desk import Desk

HOME = "/api/v1/organisations/acme"
ROLLOUT = f"{HOME}/policy_rollout"
STRICT = {"settings": {"DevicePasswordEnabled": True}}


async def test_watch_and_steer(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    assert (await client.get(ROLLOUT)).status_code == 404
    assert (await client.post(f"{ROLLOUT}/pause")).status_code == 404
    desk.phone(ann)
    assert (await client.put(f"{HOME}/policy?minutes=60", json=STRICT)).json()["rollout"] == 1
    shown = (await client.get(ROLLOUT)).json()
    assert (shown["state"], shown["planned"], shown["waiting"], shown["moved"]) == ("running", 1, 1, 0)
    paused = (await client.post(f"{ROLLOUT}/pause", json={"reason": "lunch"})).json()
    assert paused["state"] == "paused"
    assert (await client.post(f"{ROLLOUT}/pause")).status_code == 409
    assert (await client.post(f"{ROLLOUT}/resume")).json()["state"] == "running"
    assert (await client.post(f"{ROLLOUT}/now")).json()["hastened"] is True
    cancelled = (await client.post(f"{ROLLOUT}/cancel")).json()
    assert (cancelled["state"], cancelled["waiting"], cancelled["behind"]) == ("cancelled", 0, 1)
    (told,) = (await client.get(f"{ROLLOUT}/history")).json()["items"]
    assert (told["number"], told["state"], told["cause"], told["planned"]) == (1, "cancelled", "default@1", 1)
    device = (await client.get(f"{HOME}/devices/{ann}/PHONE1")).json()
    assert device["state"] == "Provisioning Succeeded"
