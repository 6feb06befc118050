"""Webhooks over REST (product 7.9)."""

import httpx
import pytest

from gateway.chance import SystemClock
from gateway.endpoints import principals
from gateway.records import Actor, AuditTag
from gateway.records.authority import Appointment, Authority, Role
from gateway.services.deliveries import Deliveries
from tests.support.desk import Desk

PATH, ALL = "/api/v1/organisations/acme/webhooks", "/api/v1/webhooks"
URL = "https://hooks.example.org/in"


@pytest.mark.parametrize("path", (PATH, ALL))
async def test_the_life_of_one(client: httpx.AsyncClient, path: str) -> None:
    made = await client.post(
        path, json={"url": URL, "types": ["device:wipe:confirmed"], "description": "ours"}
    )
    assert made.status_code == 201
    document = made.json()
    assert document["secret"].startswith("whsec_")
    place = f"{path}/{document['id']}"
    assert (await client.get(path)).json()["items"] == [(await client.get(place)).json()]
    shown = (await client.get(place)).text
    assert 'secret"' not in shown
    assert document["secret"] not in shown
    changed = await client.patch(place, json={"enabled": False, "description": ""})
    assert (changed.json()["enabled"], changed.json()["description"]) == (False, "")
    assert (await client.post(f"{place}/test")).status_code == 409
    await client.patch(place, json={"enabled": True})
    tested = await client.post(f"{place}/test")
    assert (tested.status_code, tested.json()["type"]) == (202, "admin:webhook:tested")
    turned = await client.post(f"{place}/rotate", json={"overlap_hours": 1})
    assert turned.json()["secret"] not in (document["secret"], "")
    assert turned.json()["both_secrets_until"] is not None
    (delivery,) = (await client.get(f"{place}/deliveries")).json()["items"]
    assert (delivery["state"], delivery["event"]) == ("pending", f"e-{delivery['sequence']}")
    one = f"{place}/deliveries/{delivery['sequence']}/replay"
    assert (await client.post(one)).json() == {"deliveries": 1}
    assert (await client.post(f"{place}/deliveries/replay")).json() == {"deliveries": 0}
    assert (await client.post(f"{place}/replay", params={"after": 0})).json()["cursor"] == 0
    assert (await client.get(f"{place}/deliveries")).json()["items"] == []
    assert (await client.delete(place)).status_code == 204
    assert (await client.get(place)).status_code == 404


async def test_what_is_no_receiver_is_refused(client: httpx.AsyncClient) -> None:
    for url in (
        "http://hooks.example.org/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "file:///etc/passwd",
    ):
        refused = await client.post(PATH, json={"url": url})
        assert refused.status_code == 400
        assert [error["field"] for error in refused.json()["errors"]] == ["url"]
    refused = await client.post(PATH, json={"url": URL, "types": ["no:such:type"]})
    assert refused.status_code == 400
    assert (await client.post(PATH, json={"url": URL, "secret": "mine"})).status_code == 400


async def test_a_private_receiver_takes_the_permission_for_all(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = {"url": "https://10.0.0.1/", "allow_private": True}
    made = await client.post(PATH, json=private)
    assert made.status_code == 201
    home = desk.services.finder.organisation("acme").id
    operator = Authority("operator", appointments=(Appointment(Role.OPERATOR, home),), confirmed=True)
    monkeypatch.setattr(principals, "BOOTSTRAP", operator)
    assert (
        await client.post(PATH, json={"url": "https://10.0.0.1/", "allow_private": True})
    ).status_code == 403
    place = f"{PATH}/{made.json()['id']}"
    assert (await client.patch(place, json={"url": "https://10.0.0.2/"})).status_code == 403
    assert (await client.post(PATH, json={"url": URL})).status_code == 201
    assert (await client.get(ALL)).status_code == 403
    assert (await client.post(ALL, json={"url": URL})).status_code == 403


async def test_those_of_another_organisation_are_not_there(client: httpx.AsyncClient) -> None:
    made = (await client.post(PATH, json={"url": URL})).json()
    for place in ("/api/v1/organisations/globex/webhooks", ALL):
        assert (await client.get(f"{place}/{made['id']}")).status_code == 404
        assert (await client.get(place)).json()["items"] == []


async def test_deliveries_come_in_pages(client: httpx.AsyncClient, desk: Desk) -> None:
    made = (await client.post(PATH, json={"url": URL, "types": ["admin:user:created"]})).json()
    for number in range(5):
        desk.services.users.create(
            actor_of(), "acme", f"user{number}@acme.example", password="Correct-Horse-1"
        )
    # The clock of the application, which delivers beside: what is old to it is dead after one attempt.
    Deliveries(desk.services.store, SystemClock(), desk.services.webhooks.secrets, lambda: 0.5).advance()
    place, seen, cursor = f"{PATH}/{made['id']}/deliveries", [], ""
    while cursor is not None:
        page = (await client.get(place, params={"limit": 2, "cursor": cursor})).json()
        seen += [each["sequence"] for each in page["items"]]
        cursor = page["next"]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert (await client.get(place, params={"state": "dead"})).json()["items"] == []
    assert (await client.get(place, params={"state": "lost"})).status_code == 400
    assert (await client.post(f"{place}/{2**70}/replay")).status_code == 404


def actor_of() -> Actor:
    return Actor("admin", "root")


async def test_the_secret_is_not_in_the_trail(client: httpx.AsyncClient, desk: Desk) -> None:
    made = (await client.post(PATH, json={"url": URL})).json()
    with desk.services.store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.WEBHOOK_CREATED)
    assert made["secret"] not in repr(record)
