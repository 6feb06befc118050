"""The page for an auditor over REST (product 8)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.endpoints.pages import POLICY
from gateway.records.authority import Appointment, Role
from gateway.records.chain import Link
from gateway.store.audit_chain import ChainRows
from tests.support.accounts import arrived
from tests.support.desk import Desk

AT = "/api/v1/organisations/acme/devices"


async def test_the_page_is_closed_to_everything_but_its_own_style(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    desk.services.checkpoints.round()
    answer = await client.get(f"{AT}/{ann}/PHONE1/report")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "PHONE1" in answer.text and "The trail is sound." in answer.text
    (record,) = (await client.get("/api/v1/audit", params={"tag": "admin:audit:exported"})).json()["items"]
    assert record["target"].endswith("/PHONE1")


async def test_an_auditor_of_one_organisation_does_not_verify_the_trail_again_and_again(
    client: httpx.AsyncClient, desk: Desk, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.phone(ann)
    home = desk.services.finder.organisation("acme")
    auditor = await arrived(client, desk, "aud", Appointment(Role.AUDITOR, home.id))
    passes = []
    links = ChainRows.links

    def counted(*given: Any, **more: Any) -> Iterator[Link]:
        passes.append(given)
        return links(*given, **more)

    monkeypatch.setattr(ChainRows, "links", counted)
    told = [(await auditor("GET", f"/organisations/acme/devices/{ann}/PHONE1/report")).text for _ in range(4)]
    assert len(passes) == 1
    assert "not part of that verification" not in told[0]
    assert "2 later records are not part of that verification" in told[3]
    assert (await auditor("POST", "/audit/verify")).status_code == 403


async def test_a_removed_device_of_a_removed_user_has_its_report(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    owner = desk.services.users.get(ann)
    desk.phone(ann)
    assert (await client.delete(f"{AT}/{ann}/PHONE1")).is_success
    assert (await client.delete(f"/api/v1/organisations/acme/users/{ann}")).is_success
    page = (await client.get(f"{AT}/{owner.id}/phone1/report")).text
    assert "(gone)" in page and "device removed" in page


async def test_what_never_was_has_none(client: httpx.AsyncClient, ann: str) -> None:
    for path in (
        f"{AT}/{ann}/NEVER/report",
        f"{AT}/nobody/NEVER/report",
        f"{AT}/eve@globex.example/P/report",
    ):
        assert (await client.get(path)).status_code == 404
