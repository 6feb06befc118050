"""Off-boarding over REST (product 5.6)."""

import json
from dataclasses import replace

import httpx

from gateway.endpoints.api import create_api
from gateway.records.authority import Appointment, Authority, Role
from tests.support.desk import Desk
from tests.support.scopes import call

HOME = "/api/v1/organisations/acme"


async def test_a_user_leaves(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    begun = await client.post(f"{HOME}/users/{ann}/offboard", json={"wait_s": 3600, "reason": "left"})
    job = begun.json()
    assert (begun.status_code, job["step"], job["reason"]) == (202, "wipe", "left")
    desk.services.jobs.round()
    shown = (await client.get(f"{HOME}/jobs/{job['id']}")).json()
    assert shown["words"] == "running, step 2 of 5 (wait): waits for 1 of 1 devices"
    assert [each["id"] for each in (await client.get(f"{HOME}/jobs")).json()["items"]] == [job["id"]]
    over = await client.post(f"{HOME}/jobs/{job['id']}/cancel", json={"reason": "stays"})
    assert (over.json()["state"], "1 wipes taken back" in over.json()["words"]) == ("cancelled", True)
    assert (await client.post(f"{HOME}/jobs/{job['id']}/cancel")).status_code == 409


async def test_what_is_wrong_or_not_there(client: httpx.AsyncClient, desk: Desk, ann: str, eve: str) -> None:
    wrong = await client.post(f"{HOME}/users/{ann}/offboard", json={"wait_s": 1})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "wait_s")
    assert (await client.post(f"{HOME}/users/{eve}/offboard")).status_code == 404
    job = (await client.post(f"{HOME}/users/{ann}/offboard")).json()["id"]
    assert (await client.get(f"/api/v1/organisations/globex/jobs/{job}")).status_code == 404


async def test_off_boarding_destroys_so_it_is_confirmed(desk: Desk, ann: str) -> None:
    """Stopping one is not kept waiting for that."""
    bold = Authority("cas", appointments=(Appointment(Role.OPERATOR),), confirmed=True)
    app, path = create_api(desk.services), f"/organisations/acme/users/{ann}/offboard"
    assert (await call(app, replace(bold, confirmed=False), "POST", path, {})).status == 403
    job = json.loads((await call(app, bold, "POST", path, {})).body)["id"]
    stop = f"/organisations/acme/jobs/{job}/cancel"
    assert (await call(app, replace(bold, confirmed=False), "POST", stop, {})).status == 200
