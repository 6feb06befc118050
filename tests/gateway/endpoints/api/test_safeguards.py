"""Safeguards over REST (product 5.5; T9)."""

import httpx
import pytest

from gateway.endpoints import principals
from gateway.records.authority import MACHINE, Authority, Permission
from gateway.services.safeguards import RANGES

PATH = "/api/v1/organisations/acme/safeguards"


async def test_what_is_not_said_is_the_strict_default(client: httpx.AsyncClient) -> None:
    shown = (await client.get(PATH)).json()
    assert (shown["approve_full_wipes"], shown["wipes_per_hour"], shown["frozen"]) == (True, 5, "")
    assert set(RANGES) <= set(shown)


async def test_loosening_needs_its_own_permission(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Authority(
        "clerk",
        appointments=MACHINE,
        limits=frozenset(Permission) - {Permission.SAFEGUARDS_LOOSEN},
        confirmed=True,
    )
    monkeypatch.setattr(principals, "BOOTSTRAP", clerk)
    assert (await client.patch(PATH, json={"approve_full_wipes": False})).status_code == 403
    assert (await client.patch(PATH, json={"wipes_per_hour": 2})).json()["wipes_per_hour"] == 2
    assert (await client.patch(PATH, json={"wipes_per_hour": 3})).status_code == 403
    monkeypatch.undo()
    assert (await client.patch(PATH, json={"wipes_per_hour": 3})).json()["wipes_per_hour"] == 3


async def test_a_freeze_is_not_lifted_by_setting_it(client: httpx.AsyncClient) -> None:
    frozen = (await client.post(f"{PATH}/freeze", json={"reason": "odd"})).json()["frozen"]
    assert frozen == "bootstrap froze them: odd"
    assert (await client.patch(PATH, json={"frozen": ""})).status_code == 400
    assert (await client.post(f"{PATH}/lift")).json()["frozen"] == ""


async def test_every_wrong_number_is_named(client: httpx.AsyncClient) -> None:
    refused = await client.patch(PATH, json={"wipes_per_hour": 0, "stale_days": -1})
    assert {error["field"] for error in refused.json()["errors"]} == {"wipes_per_hour", "stale_days"}
