"""App passwords over REST: seen and taken back, never made (product 7.8)."""

import httpx

from gateway.records import AuditTag
from tests.support.app_passwords import given
from tests.support.desk import Desk

ACME = "/api/v1/organisations/acme/users"


async def test_they_are_listed_without_what_proves_them(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    given(desk, ann)
    found = (await client.get(f"{ACME}/{ann}/app-passwords")).json()
    (shown,) = found["items"]
    assert (shown["id"], shown["label"], shown["device_id"]) == ("k-1", "phone", "PHONE1")
    assert "digest" not in shown
    assert "real password" in found["obstacle"]


async def test_one_is_revoked_with_a_reason(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    given(desk, ann)
    answer = await client.delete(f"{ACME}/{ann}/app-passwords/k-1", params={"reason": "lost"})
    assert answer.status_code == 204
    assert (await client.get(f"{ACME}/{ann}/app-passwords")).json()["items"] == []
    (record,) = desk.services.audit.query(tag=AuditTag.APP_PASSWORD_REVOKED)
    assert (record.reason, record.before["label"]) == ("lost", "phone")
    assert (await client.delete(f"{ACME}/{ann}/app-passwords/k-1")).status_code == 404


async def test_nobody_makes_one_for_somebody_else(client: httpx.AsyncClient, ann: str) -> None:
    assert (await client.post(f"{ACME}/{ann}/app-passwords", json={"label": "mine"})).status_code == 405


async def test_those_of_another_organisation_are_not_found(
    client: httpx.AsyncClient, desk: Desk, ann: str, eve: str
) -> None:
    given(desk, eve)
    assert (await client.get(f"{ACME}/{eve}/app-passwords")).status_code == 404
    for owner in (ann, eve):
        assert (await client.delete(f"{ACME}/{owner}/app-passwords/k-1")).status_code == 404
