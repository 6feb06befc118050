"""One-time links over REST."""

import re

import httpx
import pytest

from gateway.records import AuditTag
from tests.support.desk import Desk

ACME = "/api/v1/organisations/acme/users"


async def test_a_link_is_made_and_recorded_without_its_token(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    made = await client.post(f"{ACME}/{ann}/profile-link")
    assert made.status_code == 201
    url = made.json()["url"]
    assert re.fullmatch(r"https://[a-z.]+(:\d+)?/mobileconfig/[0-9a-f]{64}", url)
    token = url.rpartition("/")[2]
    behind = desk.services.profiles.behind(token)
    assert behind is not None
    assert behind.address == ann
    (record,) = desk.services.audit.query(tag=AuditTag.PROFILE_LINK_CREATED)
    assert record.after["address"] == ann
    assert token not in repr(desk.services.audit.query())


@pytest.mark.parametrize("valid_s", [59, 604801, "60", None])
async def test_a_time_out_of_bounds(client: httpx.AsyncClient, ann: str, valid_s: object) -> None:
    answer = await client.post(f"{ACME}/{ann}/profile-link", json={"valid_s": valid_s})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["valid_s"]


async def test_the_user_of_another_organisation_is_not_found(client: httpx.AsyncClient, eve: str) -> None:
    assert (await client.post(f"{ACME}/{eve}/profile-link")).status_code == 404
    assert (await client.post(f"{ACME}/{eve}/profile-link", json={"valid_s": 60})).status_code == 404
