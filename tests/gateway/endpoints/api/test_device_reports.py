"""The page for an auditor over REST (product 8)."""

import httpx

from gateway.endpoints.pages import POLICY
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
