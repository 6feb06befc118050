"""The audit trail over REST (product 8)."""

import json

import httpx
import pytest

from certs.signing import Trusted
from gateway.records import Actor
from gateway.records.chain import intact
from gateway.services.audit_export import link_of
from gateway.services.audit_files import FileInspection
from gateway.services.tenants import Settings
from tests.support.desk import Desk

ALL = "/api/v1/audit"


async def test_the_trail_of_one_device_with_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    device = desk.phone(ann)
    path = f"/api/v1/organisations/acme/devices/{ann}/PHONE1/wipe"
    await client.post(path, json={"reason": "stolen"})
    target = f"{device.key.user}/{device.key.device_id}"
    tags: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(ALL, params={"target": target, "limit": 2, "cursor": cursor})).json()
        tags += [each["tag"] for each in page["items"]]
        cursor = page["next"]
    assert tags[0] == "device:partnership:created"
    assert tags[-1] == "admin:wipe:required"
    (record,) = (await client.get(ALL, params={"tag": "admin:wipe:required"})).json()["items"]
    assert (record["actor"]["name"], record["reason"]) == ("bootstrap", "stolen")
    assert (record["actor"]["address"], record["outcome"]) == ("192.0.2.99", "done")


async def test_a_removed_organisation_keeps_its_trail(client: httpx.AsyncClient, desk: Desk) -> None:
    made = desk.services.tenants.organisation("globex")
    await client.delete("/api/v1/organisations/globex", params={"alias": "globex"})
    records = (await client.get(ALL, params={"organisation": made.id})).json()["items"]
    assert [each["tag"] for each in records][-1] == "admin:organisation:removed"
    acme = (await client.get(ALL, params={"organisation": "acme"})).json()["items"]
    assert {each["organisation"] for each in acme} == {desk.services.tenants.organisation("acme").id}


async def test_a_refused_act_is_there_too(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    await client.post(f"/api/v1/organisations/acme/devices/{ann}/PHONE1/wipe/cancel")
    await client.post(f"/api/v1/organisations/acme/devices/{ann}/GONE/wipe", json={})
    records = (await client.get(ALL, params={"tag": "admin:act:refused"})).json()["items"]
    assert [record["target"].partition("/")[2] for record in records] == ["PHONE1", "GONE"]
    assert all(record["outcome"].startswith("refused") for record in records)
    refused = (await client.get(ALL, params={"outcome": "refused"})).json()["items"]
    assert refused == records
    done = (await client.get(ALL, params={"outcome": "done"})).json()["items"]
    assert {record["outcome"] for record in done} == {"done"}


async def test_every_filter(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    owner = desk.services.users.get(ann)
    for device_id in ("PHONE1", "PHONE2"):
        desk.phone(ann, device_id)
    everything = (await client.get(ALL, params={"limit": 1000})).json()["items"]

    async def asked(**query: object) -> list[int]:
        found = (await client.get(ALL, params={"limit": 1000, **query})).json()["items"]  # type: ignore[arg-type]
        return [each["sequence"] for each in found]

    def those(where: object) -> list[int]:
        return [each["sequence"] for each in everything if where(each)]  # type: ignore[operator]

    one = f"{owner.id}/PHONE1"
    assert await asked(user=ann, device_id="phone1") == those(lambda each: each["target"] == one)
    assert await asked(user=ann) == those(lambda each: each["target"].startswith(owner.id)) != []
    assert await asked(user=owner.id) == await asked(user=ann)
    assert await asked(actor="root") == those(lambda each: each["actor"]["name"] == "root") != []
    assert await asked(after=3) == those(lambda each: each["sequence"] > 3)
    moment = sorted({each["at"] for each in everything})[2]
    assert await asked(since=moment) == those(lambda each: each["at"] >= moment) != []
    assert await asked(until=moment) == those(lambda each: each["at"] < moment) != []
    assert await asked(user="u-" + "0" * 32) == []


async def test_the_newest_first_in_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    oldest = [each["sequence"] for each in (await client.get(ALL, params={"limit": 1000})).json()["items"]]
    newest: list[int] = []
    cursor = ""
    while cursor is not None:
        query = {"newest_first": True, "limit": 3, "cursor": cursor}
        page = (await client.get(ALL, params=query)).json()
        newest += [each["sequence"] for each in page["items"]]
        cursor = page["next"]
    assert newest == oldest[::-1]


async def test_filters_are_strict(client: httpx.AsyncClient) -> None:
    query = {"tag": "nothing", "cursor": "WyJhIl0", "target": "a\x00", "sinc": "1", "outcome": "maybe"}
    answer = await client.get(ALL, params=query)
    assert {error["field"] for error in answer.json()["errors"]} == {"tag", "target", "sinc", "outcome"}
    assert (await client.get(ALL, params={"cursor": "WyJhIl0"})).status_code == 400
    assert (await client.get(ALL, params={"limit": 1001})).status_code == 400
    naive = (await client.get(ALL, params={"since": "2026-01-01T00:00:00"})).json()
    assert [error["field"] for error in naive["errors"]] == ["since"]
    alone = (await client.get(ALL, params={"device_id": "PHONE1"})).json()
    assert [error["field"] for error in alone["errors"]] == ["device_id"]


async def test_verifying(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.services.checkpoints.round()
    report = (await client.post(f"{ALL}/verify")).json()
    assert (report["sound"], report["findings"], report["first"]) == (True, [], 1)
    assert report["checkpoint"]["sequence"] == report["last"] == report["count"]
    key = (await client.get(f"{ALL}/key")).json()
    assert report["checkpoint"]["key"] == key["name"]
    with desk.services.store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_update")
        connection.exec_driver_sql("UPDATE audit SET reason = 'x' WHERE sequence = 2")
    (finding,) = (await client.post(f"{ALL}/verify")).json()["findings"]
    assert (finding["fault"], finding["first"], finding["last"]) == ("changed", 2, 2)
    assert finding["words"] == "record 2: is not what was written"


HOSTILE = "a\"b\\ \u202e\u2028\u0085\u200b=cmd|'!A0 <script> {{7*7}} \U0001f4a3"


@pytest.fixture
async def exported(client: httpx.AsyncClient, desk: Desk, ann: str) -> list[str]:
    stranger = Actor("admin", HOSTILE, "192.0.2.1", HOSTILE)
    desk.services.tenants.create_organisation(stranger, "third", Settings())
    desk.phone(ann)
    answer = await client.get(f"{ALL}/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return answer.text.split("\n")[:-1]


async def test_an_export_is_lines_in_the_layout_of_cloudtrail(
    exported: list[str], client: httpx.AsyncClient
) -> None:
    documents = [json.loads(each) for each in exported]
    assert all(each["eventVersion"] == "1.11" and each["eventSource"] == "usher" for each in documents)
    assert all(intact(link_of(each)) for each in documents)
    (hostile,) = (each for each in documents if each["userAgent"] == HOSTILE)
    assert hostile["userIdentity"]["userName"] == HOSTILE
    assert hostile["eventName"] == "CreateOrganization"
    (last,) = (await client.get(ALL, params={"tag": "admin:audit:exported"})).json()["items"]
    assert last["actor"]["name"] == "bootstrap"
    assert last["sequence"] == len(exported) + 1, "it ends where it began"


async def test_an_export_is_verified_by_itself(exported: list[str], client: httpx.AsyncClient) -> None:
    trusted = Trusted((await client.get(f"{ALL}/key")).json()["public"].encode())
    assert FileInspection(trusted).report(exported).sound
    changed = [each.replace("bootstrap", "root").replace('"acme', '"acne') for each in exported]
    assert not FileInspection(trusted).report(changed).sound


async def test_an_export_of_one_device_in_a_span_of_time(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    device = desk.phone(ann)
    desk.phone(ann, "PHONE2")
    query = {"organisation": "acme", "user": ann, "device_id": "PHONE1", "since": "2020-01-01T00:00:00Z"}
    lines = (await client.get(f"{ALL}/export", params=query)).text.splitlines()
    targets = {json.loads(each)["requestParameters"]["target"] for each in lines}
    assert targets == {f"{device.key.user}/PHONE1"}
    nothing = await client.get(f"{ALL}/export", params={**query, "until": "2020-01-01T00:00:00Z"})
    assert nothing.text == ""
