"""Tokens over REST: one's own, used, limited, revoked (product 7.6; T9, T25)."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.endpoints import principals
from gateway.records.authority import Appointment, Role
from tests.support.accounts import Visitor, appoint, arrived, soon
from tests.support.desk import Desk

HERE = ["192.0.2.0/24"]
"""Where ``tests.support.desk.browser`` comes from."""


def wanted(**values: Any) -> dict[str, Any]:
    return {"label": "ci", "expires_at": soon(), "permissions": ["user:read", "organisation:read"], **values}


async def minted(who: Visitor, **values: Any) -> dict[str, Any]:
    answer = await who("POST", "/tokens", wanted(**values))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_token_is_shown_once_and_used_within_its_limits(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    ann = await arrived(client, desk, "ann")
    made = await minted(ann)
    secret = made["token"]
    assert secret.startswith("usht_")
    assert (await ann("GET", "/organisations", bearer=secret)).status_code == 200
    assert (await ann("GET", "/administrators", bearer=secret)).status_code == 403
    listed = (await ann("GET", "/tokens")).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert listed[0]["last_used_at"] is not None
    assert secret not in str(listed)


async def test_a_revoked_token_holds_no_more(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    made = await minted(ann)
    assert (await ann("DELETE", f"/tokens/{made['id']}")).status_code == 204
    assert (await ann("GET", "/organisations", bearer=made["token"])).status_code == 401
    assert (await ann("GET", f"/tokens/{made['id']}")).json()["revoked"] is True


MINTED = (
    ({"permissions": None}, 400),
    ({"permissions": []}, 400),
    ({"permissions": ["user:fly"]}, 400),
    ({"expires_at": "2020-01-01T00:00:00Z"}, 400),
    ({"expires_at": "tomorrow"}, 400),
    ({"expires_at": soon(days=400)}, 400),
    ({"destructive": True}, 400),
    ({"networks": ["here"]}, 400),
    ({"destructive": True, "networks": HERE}, 201),
    ({"permissions": ["wipe:full"], "networks": HERE}, 403),
    ({"permissions": None, "appointments": [{"role": "viewer", "organisation": "acme"}]}, 201),
    ({"administrator": "bob"}, 400),
)


async def test_what_may_be_minted(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    for values, status in MINTED:
        assert (await ann("POST", "/tokens", wanted(**values))).status_code == status, values


async def test_a_token_never_mints_another(client: httpx.AsyncClient, desk: Desk) -> None:
    ann = await arrived(client, desk, "ann")
    made = await minted(ann, permissions=["self", "user:read"], destructive=True, networks=HERE)
    answer = await ann("POST", "/tokens", wanted(), bearer=made["token"])
    assert (answer.status_code, answer.json()["detail"][:7]) == (403, "Sign in")


async def test_minting_takes_a_confirmation(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    appoint(desk, "ann")
    monkeypatch.setattr(principals, "BOOTSTRAP", replace(principals.BOOTSTRAP, confirmed=False))
    answer = await client.post("/api/v1/tokens", json=wanted(administrator="ann"))
    assert answer.json()["title"] == "unconfirmed"


async def test_the_machine_makes_one_for_a_named_account(client: httpx.AsyncClient, desk: Desk) -> None:
    account = appoint(desk, "ann")
    made = await client.post("/api/v1/tokens", json=wanted(administrator="ann"))
    assert made.json()["administrator"] == account.id
    assert (await client.post("/api/v1/tokens", json=wanted())).status_code == 404


async def test_owners_see_and_revoke_those_of_whom_they_administer(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    home = desk.services.tenants.organisation("acme").id
    boss = await arrived(client, desk, "boss", Appointment(Role.OWNER, home))
    worker = await arrived(client, desk, "worker", Appointment(Role.OPERATOR, home))
    root = await arrived(client, desk, "root")
    theirs, roots = await minted(worker), await minted(root)
    assert (await boss("GET", "/tokens")).json()["items"] == []
    found = (await boss("GET", "/tokens?everybody=true")).json()["items"]
    assert [each["id"] for each in found] == [theirs["id"]]
    assert {each["id"] for each in (await root("GET", "/tokens?everybody=true")).json()["items"]} == {
        theirs["id"],
        roots["id"],
    }
    assert (await worker("GET", "/tokens?everybody=true")).status_code == 403
    for who, identity, status in (
        (worker, roots["id"], 404),
        (boss, roots["id"], 404),
        (worker, "t-none", 404),
        (boss, theirs["id"], 204),
    ):
        assert (await who("DELETE", f"/tokens/{identity}")).status_code == status
    assert (await worker("GET", "/organisations", bearer=theirs["token"])).status_code == 401


async def test_pages_of_everybodys(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "ann")
    for label in "abc":
        await client.post("/api/v1/tokens", json=wanted(administrator="ann", label=label))
    found, cursor = [], ""
    while cursor is not None:
        query = {"everybody": True, "limit": 2, "cursor": cursor}
        page = (await client.get("/api/v1/tokens", params=query)).json()
        found += [each["label"] for each in page["items"]]
        cursor = page["next"]
    assert sorted(found) == ["a", "b", "c"]
