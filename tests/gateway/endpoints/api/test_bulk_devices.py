"""Acts on many devices in one call: permissions, second factor and budgets item by item (T9, T25)."""

from typing import Any

import httpx
import pytest

from gateway.endpoints import principals
from gateway.endpoints.api.bulk_devices import FROZEN, PATH
from gateway.records import AuditTag
from gateway.records.authority import MACHINE, Authority, Permission
from tests.gateway.endpoints.api.conftest import ACME
from tests.support.desk import Desk

BULK = f"{ACME}/devices/bulk"


@pytest.fixture
def phones(desk: Desk, ann: str) -> list[str]:
    names = [f"PHONE{number}" for number in range(6)]
    for name in names:
        desk.phone(ann, name)
    return names


async def send(client: httpx.AsyncClient, *items: Any) -> list[dict[str, Any]]:
    answer = await client.post(BULK, json={"items": items}, timeout=60)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["done"] + told["refused"] == len(items) == len(told["items"])
    results: list[dict[str, Any]] = told["items"]
    return results


def statuses(results: list[dict[str, Any]]) -> list[int | None]:
    return [result["problem"] and result["problem"]["status"] for result in results]


def act(action: str, device_id: str, ann: str = "ann@acme.example", **more: Any) -> dict[str, Any]:
    return {"action": action, "user": ann, "device_id": device_id} | more


async def test_every_act(client: httpx.AsyncClient, phones: list[str]) -> None:
    await client.patch(f"{ACME}/safeguards", json={"wipes_per_day_percent": 100})
    results = await send(
        client,
        act("provision", "PHONE0"),
        act("access", "PHONE1", level="block", reason="lost"),
        act("name", "PHONE2", alias="lent"),
        act("remove", "PHONE3"),
        act("wipe", "PHONE4"),
        act("wipe", "PHONE5"),
        act("cancel", "PHONE5"),
    )
    assert statuses(results) == [None] * 7
    shown = [result["device"] for result in results]
    assert shown[0]["state"] == "Provisioning Required"
    assert (shown[1]["access"], shown[1]["access_reason"]) == ("block", "lost")
    assert shown[2]["alias"] == "lent"
    assert shown[3] is None
    assert (shown[4]["state"], shown[4]["wipe"]["kind"]) == ("Wipe Required", "account")
    assert shown[6]["wipe"] is None


async def test_each_is_refused_by_itself(client: httpx.AsyncClient, phones: list[str], eve: str) -> None:
    results = await send(
        client,
        act("provision", "NOWHERE"),
        act("provision", "PHONE0", eve),
        act("erase", "PHONE0"),
        act("cancel", "PHONE0"),
        act("access", "PHONE0", level="allow", until="2030-01-01T00:00:00"),
        act("name", "PHONE0", alias="x"),
    )
    assert statuses(results) == [404, 404, 400, 409, 400, None]
    assert results[1]["device_id"] == "PHONE0"


async def test_a_whole_device_is_erased_one_by_one_only(client: httpx.AsyncClient, phones: list[str]) -> None:
    (result,) = await send(client, act("wipe", "PHONE0", kind="device", name="PHONE0"))
    assert result["problem"]["status"] == 400


async def test_each_act_takes_its_permission(
    client: httpx.AsyncClient, phones: list[str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was asked for in vain stands in the trail."""
    rest = frozenset(Permission) - {Permission.DEVICE_WIPE}
    weaker = Authority("x", appointments=MACHINE, limits=rest, confirmed=True)
    monkeypatch.setattr(principals, "BOOTSTRAP", weaker)
    acts = [act("wipe", "PHONE0"), act("cancel", "PHONE0"), act("remove", "PHONE1")]
    assert statuses(await send(client, *acts)) == [403, 403, None]
    (record,) = desk.services.audit.query(tag=AuditTag.ACT_REFUSED)
    assert (record.target, record.after["permission"]) == (f"POST {PATH}", "device:wipe")
    assert record.actor.name == "x" and record.organisation


async def test_what_destroys_takes_the_second_factor(
    client: httpx.AsyncClient, phones: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(principals, "BOOTSTRAP", Authority("x", appointments=MACHINE))
    acts = [act("wipe", "PHONE0"), act("remove", "PHONE1"), act("name", "PHONE2", alias="y")]
    results = await send(client, *acts)
    assert statuses(results) == [403, 403, None]
    assert results[0]["problem"]["title"] == "unconfirmed"


async def test_a_budget_stops_the_wipes_that_follow_and_nothing_else(
    client: httpx.AsyncClient, phones: list[str]
) -> None:
    changed = await client.patch(
        f"{ACME}/safeguards", json={"wipes_per_hour": 2, "wipes_per_day_percent": 100}
    )
    assert changed.status_code == 200
    acts = [act("wipe", name) for name in phones] + [act("name", "PHONE0", alias="z")]
    results = await send(client, *acts)
    assert statuses(results) == [None, None, 409, 409, 409, 409, None]
    details = [result["problem"]["detail"] for result in results[2:6]]
    assert details[0].startswith("Wipes are frozen from now on")
    assert details[1:] == [FROZEN] * 3
    trail = (await client.get(f"{ACME}/wipes")).json()["items"]
    assert len(trail) == 2
