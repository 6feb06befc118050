"""Tags of what is read, and writes that happen only to what was read (RFC 9110 13.1; product 7.3)."""

from datetime import timedelta

import httpx
import pytest

from gateway.endpoints.api import PREFIX, ROUTERS
from gateway.endpoints.api.preconditions import VOLATILE, is_fresh, matches, tag_of
from gateway.records import Contact
from tests.gateway.endpoints.api.conftest import ACME
from tests.support.desk import Desk
from tests.support.stores import NOON

ANN = f"{ACME}/users/ann@acme.example"
PHONE = f"{ACME}/devices/ann@acme.example/PHONE1"


async def tag(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def test_a_tag_is_of_the_whole_and_of_what_may_be_changed() -> None:
    before = tag_of(b'{"alias": "x", "last_seen": 1}', "DeviceSheet")
    after = tag_of(b'{"alias": "x", "last_seen": 2}', "DeviceSheet")
    other = tag_of(b'{"alias": "y", "last_seen": 2}', "DeviceSheet")
    assert before != after
    assert matches(before, after)
    assert not is_fresh(before, after)
    assert not matches(before, other)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ('"a"', True),
        ('"x", "a"', True),
        ("*", True),
        ('"b"', False),
        ('W/"a"', False),
        ('"A"', False),
        ('"x", W/"a"', False),
    ],
)
def test_if_match_compares_strongly(given: str, holds: bool) -> None:
    assert matches(given, '"a"') is holds


async def test_what_is_fresh_is_not_sent_again(client: httpx.AsyncClient, ann: str) -> None:
    present = await tag(client, ANN)
    again = await client.get(ANN, headers={"If-None-Match": f'"other", W/{present}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", present)
    assert "content-type" not in again.headers
    assert again.headers["cache-control"] == "no-store"
    await client.patch(ANN, json={"display_name": "Ann B"})
    assert (await client.get(ANN, headers={"If-None-Match": present})).status_code == 200


async def test_a_page_of_a_list_has_no_tag(client: httpx.AsyncClient, ann: str) -> None:
    assert "etag" not in (await client.get(f"{ACME}/users")).headers
    assert "etag" in (await client.get(f"{ACME}/policy_assignments")).headers
    assert "etag" not in (await client.get(f"{ACME}/users/nobody")).headers


async def test_a_change_on_sight_of_what_is_there(client: httpx.AsyncClient, ann: str) -> None:
    seen = await tag(client, ANN)
    first = await client.patch(ANN, json={"first_name": "Ann"}, headers={"If-Match": seen})
    assert first.status_code == 200
    late = await client.patch(ANN, json={"first_name": "Anna"}, headers={"If-Match": seen})
    assert late.status_code == 412
    assert late.json()["title"] == "changed since it was read"
    assert (await client.get(ANN)).json()["first_name"] == "Ann"
    trail = (await client.get("/api/v1/audit?tag=admin:act:refused")).json()["items"]
    assert trail == []


async def test_a_phone_that_comes_meanwhile_spoils_nothing(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    device = desk.phone(ann)
    seen = await tag(client, PHONE)
    key, seen_again = device.key, NOON + timedelta(days=400)
    contact = Contact(key.organisation, key.user, key.device_id, seen_again, "192.0.2.7", "Agent/2", "16.1")
    with desk.services.store.write() as transaction:
        transaction.devices.touch([contact])
    assert await tag(client, PHONE) != seen
    done = await client.patch(PHONE, json={"alias": "lent"}, headers={"If-Match": seen})
    assert done.status_code == 200
    assert (await client.patch(PHONE, json={"alias": "x"}, headers={"If-Match": seen})).status_code == 412


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("POST", "/provision", {}),
        ("PUT", "/access", {"level": "block"}),
        ("POST", "/wipe", {"kind": "account"}),
        ("POST", "/password/reveal", {"reason": "x"}),
        ("POST", "/release", {}),
        ("DELETE", "", None),
    ],
)
async def test_an_act_depends_on_what_it_is_an_act_on(
    client: httpx.AsyncClient, desk: Desk, ann: str, method: str, below: str, body: object
) -> None:
    desk.phone(ann)
    before = (await client.get(PHONE)).content
    answer = await client.request(method, PHONE + below, json=body, headers={"If-Match": '"old"'})
    assert answer.status_code == 412, answer.text
    assert (await client.get(PHONE)).content == before


@pytest.mark.parametrize("given", ["x", '"x', '"a" "b"', '"a",', "W/*", '"a\tb"'])
async def test_what_is_no_tag(client: httpx.AsyncClient, ann: str, given: str) -> None:
    for name, ask in (("If-Match", client.patch), ("If-None-Match", client.get)):
        answer = await client.request("PATCH" if name == "If-Match" else "GET", ANN, headers={name: given})
        assert answer.status_code == 400, (name, ask)
        assert answer.json()["errors"][0]["field"] == name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{ACME}/users"),
        ("POST", f"{ACME}/quarantine/approve"),
        ("PUT", f"{ACME}/groups/staff/members/ann"),
    ],
)
async def test_a_condition_on_nothing_is_refused_and_not_passed_over(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, json={}, headers={"If-Match": "*"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "If-Match"


async def test_if_none_match_is_for_reading(client: httpx.AsyncClient, ann: str) -> None:
    answer = await client.patch(ANN, json={}, headers={"If-None-Match": "*"})
    assert answer.status_code == 400


async def test_of_what_is_gone_nothing_matches(client: httpx.AsyncClient) -> None:
    answer = await client.patch(ANN, json={}, headers={"If-Match": "*"})
    assert answer.status_code == 412


def test_every_volatile_field_is_one_of_its_view() -> None:
    models = {
        route.response_model.__name__: route.response_model.model_fields
        for router in ROUTERS
        for route in router.routes
        if hasattr(getattr(route, "response_model", None), "model_fields")
    }
    for name, fields in VOLATILE.items():
        assert fields <= set(models[name]), f"{name} of {PREFIX}"


def test_what_is_called_last_is_volatile() -> None:
    """A new view with a last use, contact or delivery of a thing has to say so."""
    for router in ROUTERS:
        for route in router.routes:
            model = getattr(route, "response_model", None)
            fields = getattr(model, "model_fields", {})
            if "GET" in getattr(route, "methods", ()) and "next" not in fields:
                late = {name for name in fields if name.startswith("last_") and name != "last_name"}
                assert late <= VOLATILE.get(getattr(model, "__name__", ""), frozenset()), model
