"""Policy assignments over REST (product 4.2)."""

import httpx
import pytest

from tests.support.desk import Desk

HOME = "/api/v1/organisations/acme"
ASSIGNMENTS = f"{HOME}/policy_assignments"
STRICT = {"settings": {"DevicePasswordEnabled": True}}


@pytest.fixture
async def strict(client: httpx.AsyncClient, desk: Desk, ann: str) -> str:
    desk.phone(ann)
    await client.post(f"{HOME}/policies", json={"name": "strict", "document": STRICT})
    return "strict"


async def test_assign_look_and_take_away(client: httpx.AsyncClient, ann: str, strict: str) -> None:
    body = {"policy": strict, "reach": "user", "target": ann, "priority": 2}
    said = (await client.post(f"{ASSIGNMENTS}/rehearse", json=body)).json()
    assert (said["touched"], said["under"]) == (1, 1)
    done = (await client.put(ASSIGNMENTS, json=body)).json()
    assert (done["devices"], done["label"], done["priority"], done["rollout"]) == (1, ann, 2, None)
    (listed,) = (await client.get(ASSIGNMENTS)).json()["items"]
    assert (listed["policy"], listed["reach"], listed["label"]) == ("strict", "user", ann)
    assert (await client.get(f"{HOME}/policies/strict/uses")).json()["items"] == [listed]
    assert (await client.delete(f"{HOME}/policies/strict")).status_code == 409
    shown = (await client.get(f"{HOME}/devices/{ann}/PHONE1/policy")).json()
    (value,) = [each for each in shown["values"] if each["name"] == "DevicePasswordEnabled"]
    assert (shown["policies"], value["value"], value["policy"], value["reach"]) == (
        "strict@1",
        True,
        "strict",
        "user",
    )
    gone = {"policy": strict, "reach": "user", "target": ann}
    assert (await client.post(f"{ASSIGNMENTS}/rehearse", json=gone)).json()["under"] == 1
    assert (await client.post(f"{ASSIGNMENTS}/rehearse", json=gone | {"away": True})).json()["under"] == 0
    assert (await client.post(f"{ASSIGNMENTS}/remove", json=gone)).status_code == 200
    assert (await client.post(f"{ASSIGNMENTS}/remove", json=gone)).status_code == 404


async def test_a_fleet_s_assignment_is_a_rollout(client: httpx.AsyncClient, strict: str) -> None:
    body = {"policy": strict, "reach": "organisation", "minutes": 60}
    done = (await client.put(ASSIGNMENTS, json=body)).json()
    assert (done["devices"], done["rollout"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reach": "planet"}, 400),
        ({"priority": 2_000_000}, 400),
        ({"minutes": -1}, 400),
        ({"policy": "other"}, 404),
        ({"policy": "default"}, 409),
        ({"reach": "group", "target": "nobody"}, 404),
        ({"reach": "device", "device_id": "a/b"}, 400),
        ({"colour": "red"}, 400),
    ],
    ids=str,
)
async def test_what_is_refused(
    client: httpx.AsyncClient, ann: str, strict: str, change: dict[str, object], code: int
) -> None:
    body = {"policy": strict, "reach": "user", "target": ann} | change
    assert (await client.put(ASSIGNMENTS, json=body)).status_code == code


async def test_a_device_that_is_not_there(client: httpx.AsyncClient, ann: str, strict: str) -> None:
    assert (await client.get(f"{HOME}/devices/{ann}/NOTHING/policy")).status_code == 404
