"""Policy over REST (product 4, 7.3)."""

import httpx

from mdm.ashttp import Version
from tests.support.desk import Desk

ACME = "/api/v1/organisations/acme/policy"
STRICT = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 6}}


async def test_before_anybody_sets_one_the_built_in_policy_is_shown(client: httpx.AsyncClient) -> None:
    shown = (await client.get(ACME)).json()
    assert (shown["version"], shown["created_at"]) == (0, None)
    assert "settings" in shown["document"]


async def test_set_rehearse_and_roll_back(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2", Version.V12_1)
    said = (await client.post(f"{ACME}/rehearse", json=STRICT)).json()
    assert (said["touched"], said["devices"], said["under"]) == (2, 2, 2)
    assert (await client.get(ACME)).json()["version"] == 0
    done = (await client.put(ACME, json=STRICT)).json()
    assert (done["version"], done["devices"], done["created_by"]) == (1, 2, "bootstrap")
    assert (await client.put(ACME, json=STRICT)).json()["version"] == 1
    assert (await client.put(ACME, json={})).json()["version"] == 2
    back = await client.post(f"{ACME}/roll_back", json={"version": 1})
    assert (back.status_code, back.json()["version"]) == (200, 3)
    assert back.json()["document"] == done["document"]
    versions = (await client.get(f"{ACME}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [1, 2, 3]


async def test_every_wrong_setting_is_named(client: httpx.AsyncClient) -> None:
    body = {"settings": {"MinDevicePasswordLength": 99, "Nothing": 1}, "accept_partial": 3, "wrong": 1}
    for answer in (await client.put(ACME, json=body), await client.post(f"{ACME}/rehearse", json=body)):
        assert answer.status_code == 400
        fields = {error["field"] for error in answer.json()["errors"]}
        assert fields == {"MinDevicePasswordLength", "Nothing", "accept_partial", "wrong"}


async def test_what_json_can_spell_and_nobody_can_store(client: httpx.AsyncClient) -> None:
    body = b'{"settings": {"ApprovedApplicationList": ["\\ud800"]}}'
    answer = await client.put(ACME, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


async def test_a_version_that_never_was(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{ACME}/roll_back", json={"version": 7})).status_code == 404
    assert (await client.post(f"{ACME}/roll_back", json={"version": 0})).status_code == 400
    assert (await client.post(f"{ACME}/roll_back", json={"version": "1"})).status_code == 400


async def test_an_organisation_that_is_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/organisations/nobody/policy")).status_code == 404
    assert (await client.put("/api/v1/organisations/nobody/policy", json={})).status_code == 404


POLICIES = "/api/v1/organisations/acme/policies"


async def test_a_named_policy_from_beginning_to_end(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    made = await client.post(POLICIES, json={"name": "strict", "document": STRICT})
    assert (made.status_code, made.json()["version"], made.json()["document"]) == (201, 1, STRICT)
    copied = await client.post(POLICIES, json={"name": "twin", "copy_of": "strict"})
    assert copied.json()["document"] == STRICT
    assert (await client.post(POLICIES, json={"name": "twin"})).status_code == 409
    assert (await client.post(POLICIES, json={"name": "no good"})).status_code == 400
    changed = await client.put(f"{POLICIES}/strict?minutes=30&reason=audit", json={})
    assert (changed.json()["version"], changed.json()["rollout"]) == (2, None)
    said = (await client.get(f"{POLICIES}/strict/difference?before=1&after=2")).json()["items"]
    assert [each["name"] for each in said] == ["DevicePasswordEnabled", "MinDevicePasswordLength"]
    assert (await client.post(f"{POLICIES}/strict/roll_back", json={"version": 1})).json()["version"] == 3
    assert [each["name"] for each in (await client.get(POLICIES)).json()["items"]] == ["strict", "twin"]
    assert (await client.get(f"{POLICIES}/strict")).json()["version"] == 3
    assert (await client.get(f"{POLICIES}/strict/uses")).json() == {"items": []}
    assert (await client.delete(f"{POLICIES}/twin")).status_code == 204
    assert (await client.get(f"{POLICIES}/twin")).status_code == 404
    assert (await client.delete(f"{POLICIES}/default")).status_code == 409


async def test_a_window_that_is_none(client: httpx.AsyncClient) -> None:
    for wrong in ("minutes=-1", "minutes=x", "minutes=99999", "hours=1"):
        assert (await client.put(f"{ACME}?{wrong}", json={})).status_code == 400


async def test_who_would_ignore_it_is_told(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    body = {"settings": {"RequireStorageCardEncryption": True}}
    (short,) = (await client.post(f"{ACME}/rehearse", json=body)).json()["shortcomings"]
    assert (short["family"], short["devices"], short["setting"]) == ("ios", 1, "RequireStorageCardEncryption")
