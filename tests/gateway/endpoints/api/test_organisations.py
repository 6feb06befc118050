"""Organisations over REST (product 1, 7.3)."""

import httpx

from gateway.records.authority import Appointment, Role
from gateway.services.tenants import Settings
from tests.support.accounts import arrived
from tests.support.desk import Desk
from tests.support.world import ADMIN

ALL = "/api/v1/organisations"
ACME = f"{ALL}/acme"


async def test_an_organisation_from_beginning_to_end(client: httpx.AsyncClient) -> None:
    body = {"alias": "initech", "name": "Initech", "device_limit": 3, "provisioning_signal": "http449"}
    made = await client.post(ALL, json=body)
    assert made.status_code == 201
    assert made.json() | body == made.json()
    changed = await client.patch(f"{ALL}/initech", json={"state": "Inactive", "backend": "other"})
    assert (changed.status_code, changed.json()["state"]) == (200, "Inactive")
    by_id = await client.get(f"{ALL}/{made.json()['id']}")
    assert by_id.json() == changed.json()
    listed = await client.get(ALL)
    assert [each["alias"] for each in listed.json()["items"]] == ["acme", "globex", "initech"]
    gone = await client.delete(f"{ALL}/initech", params={"alias": "initech"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await client.get(f"{ALL}/initech")).status_code == 404


async def test_an_alias_that_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post(ALL, json={"alias": "acme"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "The alias acme is taken.")


async def test_a_backend_that_nobody_configured(client: httpx.AsyncClient) -> None:
    answer = await client.patch(ACME, json={"backend": "nowhere"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "backend")


async def test_settings_and_the_default_are_changed_together_or_not_at_all(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    before = (await client.get(ACME)).json()
    for status, wanted in (
        (409, {"name": "Acme Ltd", "default_access": "block"}),
        (400, {"default_access": "quarantine", "backend": "nowhere"}),
        (409, {"default_access": "allow", "state": "Requested"}),
    ):
        assert (await client.patch(ACME, json=wanted)).status_code == status
        assert (await client.get(ACME)).json() == before
    assert (await client.put(f"{ACME}/access/default", json={"level": "block"})).status_code == 409
    told = await client.put(f"{ACME}/access/default", json={"level": "block", "spare_known": True})
    assert told.status_code == 200
    both = {"name": "Acme Ltd", "default_access": "quarantine"}
    changed = (await client.patch(ACME, json=both)).json()
    assert {name: changed[name] for name in both} == both
    tags = [each.tag.value for each in desk.services.audit.query(limit=1000)]
    assert tags[-2:] == ["admin:organisation:changed", "admin:rules:default"]


async def test_another_default_takes_the_permission_for_rules(client: httpx.AsyncClient, desk: Desk) -> None:
    home = desk.services.finder.organisation("acme").id
    operator = await arrived(client, desk, "oper", Appointment(Role.OPERATOR, home))
    told = await operator("PATCH", "/organisations/acme", {"name": "Ours", "default_access": "quarantine"})
    assert (told.status_code, "rule:write" in told.text) == (403, True)
    told = await operator("PATCH", "/organisations/acme", {"name": "Ours", "default_access": "allow"})
    assert (told.status_code, told.json()["name"]) == (200, "Ours")


async def test_removing_needs_the_alias_typed(client: httpx.AsyncClient) -> None:
    for query in ({}, {"alias": "globex"}, {"alias": ""}):
        assert (await client.delete(ACME, params=query)).status_code == 400
    assert (await client.get(ACME)).status_code == 200


async def test_removing_while_a_wipe_is_pending_needs_force(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    device = desk.phone(ann)
    path = f"{ACME}/devices/{ann}/{device.key.device_id}/wipe"
    assert (await client.post(path, json={})).status_code == 202
    assert (await client.delete(ACME, params={"alias": "acme"})).status_code == 409
    assert (await client.delete(ACME, params={"alias": "acme", "force": True})).status_code == 204


async def test_every_act_stands_in_the_trail_with_its_actor(client: httpx.AsyncClient, desk: Desk) -> None:
    await client.patch(ACME, json={"name": "Acme Ltd"}, headers={"User-Agent": "curl/9"})
    record = desk.services.audit.query(limit=1000)[-1]
    assert (record.tag.value, record.actor.kind, record.actor.name) == (
        "admin:organisation:changed",
        "admin",
        "bootstrap",
    )
    assert (record.actor.address, record.actor.user_agent) == ("192.0.2.99", "curl/9")


async def test_organisations_come_in_pages(client: httpx.AsyncClient, desk: Desk) -> None:
    for alias in ("b-1", "b-2", "zeta"):
        desk.services.tenants.create_organisation(ADMIN, alias, Settings())
    found, cursor = [], ""
    while cursor is not None:
        page = (await client.get(ALL, params={"limit": 2, "cursor": cursor})).json()
        found += [each["alias"] for each in page["items"]]
        cursor = page["next"]
    assert found == ["acme", "b-1", "b-2", "globex", "zeta"]
    assert (await client.get(ALL, params={"cursor": "made up"})).status_code == 400
