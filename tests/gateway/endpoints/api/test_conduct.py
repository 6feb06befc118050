"""Devices to look at, over REST (product 5.7, 5.8; T4, T35)."""

from typing import Any

import httpx
import pytest

from gateway.records import AuditTag
from mdm.misbehaviour import DEFAULTS, Behaviour, Crossing
from tests.support.desk import Desk
from tests.support.world import ADMIN

ACME = "/api/v1/organisations/acme"
FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])


def one(owner: str, act: str, device_id: str = "PHONE1") -> str:
    return f"{ACME}/devices/{owner}/{device_id}/{act}"


async def ids(client: httpx.AsyncClient, what: str, **query: Any) -> list[str]:
    answer = await client.get(f"{ACME}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return [each["device_id"] for each in answer.json()["items"]]


async def test_a_suspension_is_seen_and_ended_by_one_action(
    client: httpx.AsyncClient, desk: Desk, ann: str, eve: str
) -> None:
    phone, foreign = desk.phone(ann), desk.phone(eve, "FOREIGN")
    for each in (phone, foreign):
        desk.services.misbehaviour.suspend(each.key, FLOOD)
    shown = (await client.get(f"{ACME}/suspended-devices")).json()["items"]
    assert [each["device_id"] for each in shown] == ["PHONE1"]
    assert "flood" in shown[0]["suspended_reason"]
    page = (await client.get(f"{ACME}/devices/{ann}/PHONE1")).json()
    assert (page["compliance"], "flood" in page["compliance_reason"]) == ("suspended", True)
    freed = await client.post(one(ann, "release"), json={"reason": "a test"})
    assert (freed.status_code, freed.json()["suspended_until"]) == (200, None)
    assert await ids(client, "suspended-devices") == []
    assert (await client.post(one(ann, "release"))).status_code == 409
    assert (await client.post(one(eve, "release", "FOREIGN"))).status_code == 404


@pytest.mark.parametrize("resolution", ["accept", "block", "forget"])
async def test_a_dispute_has_three_ends(
    client: httpx.AsyncClient, desk: Desk, ann: str, resolution: str
) -> None:
    phone = desk.phone(ann)
    desk.services.identities.dispute(phone.key, "it jumped", ADMIN)
    assert await ids(client, "disputed-devices") == ["PHONE1"]
    ended = await client.post(one(ann, "identity"), json={"resolution": resolution, "reason": "seen"})
    assert ended.status_code == 200
    device = ended.json()["device"]
    assert (device is None) is (resolution == "forget")
    if device is not None:
        assert (device["conflict"], device["access"]) == ("", "block" if resolution == "block" else None)
    assert await ids(client, "disputed-devices") == []
    again = await client.post(one(ann, "identity"), json={"resolution": resolution})
    assert again.status_code == (404 if resolution == "forget" else 409)


async def test_an_end_that_there_is_not(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    answer = await client.post(one(ann, "identity"), json={"resolution": "perhaps"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "resolution")


async def test_loops_are_listed(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    assert await ids(client, "looping-devices") == []
    phone = desk.phone(ann)
    from mdm.ashttp import Version
    from tests.support import partnership

    world = desk.world
    for _ in range(DEFAULTS[Behaviour.PROVISIONING_LOOP].slow):
        world.provision(phone.key, partnership.initial(Version.V16_1))
    assert await ids(client, "looping-devices") == ["PHONE1"]


async def test_stale_devices_have_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    for number in range(3):
        desk.phone(ann, f"PHONE{number}")
    everything = ["PHONE0", "PHONE1", "PHONE2"]
    assert await ids(client, "stale-devices", days=1) == everything
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (
            await client.get(f"{ACME}/stale-devices", params={"days": 1, "limit": 2, "cursor": cursor})
        ).json()
        seen += [each["device_id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == everything
    assert (await client.get(f"{ACME}/stale-devices", params={"days": -1})).status_code == 400


async def test_thresholds_are_read_replaced_and_refused(client: httpx.AsyncClient, desk: Desk) -> None:
    shown = (await client.get(f"{ACME}/misbehaviour")).json()["thresholds"]
    assert shown["command_flood"]["slow"] == DEFAULTS[Behaviour.COMMAND_FLOOD].slow
    assert set(shown) == {behaviour.value for behaviour in Behaviour} | {"service"}
    changed = await client.put(
        f"{ACME}/misbehaviour", json={"thresholds": {"errors": "off"}, "reason": "a broken backend"}
    )
    assert changed.json()["thresholds"]["errors"]["slow"] == 0
    wrong = await client.put(f"{ACME}/misbehaviour", json={"thresholds": {"errors": {"slow": -1}}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "errors.slow")
    home = desk.services.tenants.organisation("acme")
    assert home.safeguards.misbehaviour == {"errors": "off"}
    with desk.services.store.read() as transaction:
        tags = [record.tag for record in transaction.audit.query(limit=1000)]
    assert AuditTag.MISBEHAVIOUR_CHANGED in tags


async def test_a_service_client_is_labelled_with_what_a_wipe_does(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    shown = (await client.get(f"{ACME}/devices/{ann}/PHONE1")).json()
    assert (shown["family_label"], shown["service"]) == ("iOS and iPadOS Mail", False)
    assert "whole phone" in shown["wipe_erases"]
    assert (shown["compliance"], shown["compliance_reason"]) == (
        "compliant",
        "applied the policy, by its own word",
    )
