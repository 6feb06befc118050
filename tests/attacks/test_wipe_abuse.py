"""Abuse of wipes by a stolen administrator, an insider and a thief (T7, T8, T9)."""

import ast
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import httpx
import pytest

from gateway.endpoints import principals
from gateway.errors import GatewayError
from gateway.records import AuditTag, UserState
from gateway.records.authority import MACHINE, Authority, Permission
from gateway.services.user_changes import UserChanges
from gateway.services.wipe_guards import Wanted
from mdm.device import AccessLevel, DeviceState, WipeKind
from mdm.orders import Progress
from tests.support import desk as desks
from tests.support import partnership
from tests.support.desk import Desk
from tests.support.stores import Clock
from tests.support.wipes import ROOT, SECOND, WipeWorld
from tests.support.world import ADMIN, PASSWORD

GATEWAY = Path(__file__).parents[2] / "gateway"
HOME = "/api/v1/organisations/acme"
VICTIMS = 50


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = desks.furnish(tmp_path)
    desk.services.tenants.create_organisation(ADMIN, "acme")
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.example")
    yield desk
    desk.services.store.close()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desks.browser(desk.config) as client:
        yield client


def fleet(desk: Desk, users: int) -> list[tuple[str, str]]:
    """One phone for each of many users, and none of them in the plot."""
    found = []
    for number in range(users):
        address = f"user{number}@acme.example"
        person = desk.services.users.create(ADMIN, "acme", address, password=PASSWORD)
        desk.world.phone(person, f"PHONE{number}")
        found.append((address, f"PHONE{number}"))
    return found


def open_wipes(desk: Desk) -> int:
    return len(desk.services.devices.open_wipes())


async def test_a_stolen_token_cannot_wipe_the_fleet(client: httpx.AsyncClient, desk: Desk) -> None:
    """Fifty at once: full ones wait, account ones stop at the budget, and then everything is frozen."""
    victims = fleet(desk, VICTIMS)
    for address, device_id in victims:
        body = {"kind": "device", "reason": "x", "name": device_id}
        await client.post(f"{HOME}/devices/{address}/{device_id}/wipe", json=body)
        await client.post(f"{HOME}/devices/{address}/{device_id}/wipe", json={})
    assert open_wipes(desk) <= 1, "two per cent of fifty devices"
    frozen = (await client.get(f"{HOME}/safeguards")).json()["frozen"]
    assert frozen
    waiting = (await client.get(f"{HOME}/wipes", params={"progress": "awaiting approval"})).json()["items"]
    for order in waiting:
        assert (await client.post(f"{HOME}/wipes/{order['id']}/approve")).status_code in (403, 409)
    assert open_wipes(desk) <= 1
    told = [record.tag for record in desk.services.audit.query(limit=1000)]
    assert AuditTag.WIPES_FROZEN in told
    assert AuditTag.ACT_REFUSED in told, "the attempts are on record"


async def test_off_boarding_everybody_is_no_way_around_a_budget(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    for address, _ in fleet(desk, 8):
        await client.post(f"{HOME}/users/{address}/offboard")
    for _ in range(3):
        desk.services.jobs.round()
    assert open_wipes(desk) <= 1
    users = desk.services.users.list("acme")
    assert all(user.state is UserState.ENABLED for user in users)


@pytest.mark.parametrize("gone", [Permission.DEVICE_WIPE, Permission.WIPE_FULL])
async def test_a_token_without_the_capability(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch, gone: Permission
) -> None:
    ((address, device_id),) = fleet(desk, 1)
    thief = Authority("thief", appointments=MACHINE, limits=frozenset(Permission) - {gone}, confirmed=True)
    monkeypatch.setattr(principals, "BOOTSTRAP", thief)
    body = {"kind": "device", "reason": "x", "name": device_id}
    answer = await client.post(f"{HOME}/devices/{address}/{device_id}/wipe", json=body)
    assert answer.status_code == 403
    assert not open_wipes(desk)


async def test_safeguards_cannot_be_loosened_on_the_way(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = frozenset(Permission) - {Permission.SAFEGUARDS_LOOSEN, Permission.WIPE_UNFREEZE}
    thief = Authority("thief", appointments=MACHINE, limits=limits, confirmed=True)
    monkeypatch.setattr(principals, "BOOTSTRAP", thief)
    for looser in ({"approve_full_wipes": False}, {"wipes_per_hour": 99}, {"wipes_per_day_percent": 100}):
        assert (await client.patch(f"{HOME}/safeguards", json=looser)).status_code == 403
    assert (await client.post(f"{HOME}/safeguards/lift")).status_code == 403
    assert (await client.patch(HOME, json={"safeguards": {"approve_full_wipes": False}})).status_code == 400


def test_no_surface_orders_past_the_safeguards() -> None:
    """What people and programs call reaches ``require_wipe`` through ``services.wipes`` alone."""
    offenders = [
        f"{path.relative_to(GATEWAY)}:{node.lineno}"
        for path in GATEWAY.rglob("*.py")
        if path.relative_to(GATEWAY).parts[0] != "services"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("require_wipe", "cancel_wipe")
    ]
    assert offenders == []


UNHAPPY = list(product(*[(False, True)] * 3))


@pytest.mark.parametrize(
    ("password", "disabled", "blocked"), UNHAPPY, ids=lambda value: str(value).lower()[0]
)
@pytest.mark.parametrize("kind", list(WipeKind), ids=lambda kind: kind.value)
def test_a_wipe_reaches_its_phone_whatever_was_done_before(
    desk: Desk, kind: WipeKind, password: bool, disabled: bool, blocked: bool
) -> None:
    """A changed password, a disabled user, a block, in every combination (product 5.4; wants.md 1)."""
    world = WipeWorld(desk.services.store)
    world.guard(approve_full_wipes=False)
    ann = world.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    phone = world.provisioned_phone(ann)
    if password:
        world.users.set_password(ADMIN, ann.id, "Another-Horse-2")
    if disabled:
        world.users.change(ADMIN, ann.id, UserChanges(state=UserState.DISABLED))
    if blocked:
        world.devices.set_access(ADMIN, phone.key, AccessLevel.BLOCK, "lost")
    world.wipes.request(ROOT, phone.key, Wanted(kind, "lost", "PHONE1"))
    assert world.lane.prove(phone.key, phone.proof_key ^ 1, ip="192.0.2.7") is None
    assert world.lane.prove(phone.key, None, ip="192.0.2.7") is None
    assert world.lane.prove(phone.key, phone.proof_key, ip="192.0.2.7") is not None
    world.provision(phone.key, partnership.wipe_acknowledgement(kind), unverified=True)
    assert world.orders()[0].progress is Progress.DELIVERED, "no acknowledgement before the order was seen"
    world.provision(phone.key, partnership.wipe_acknowledgement(kind), unverified=True)
    found = world.devices.get(phone.key)
    assert found is not None
    assert found.state is DeviceState.WIPE_SUCCEEDED
    assert world.orders()[0].progress is Progress.UNVERIFIED


def test_an_approval_from_a_clock_that_was_turned_back(desk: Desk) -> None:
    """Turning a node's clock back neither revives an expired order nor makes one last longer."""
    world = WipeWorld(desk.services.store, clock=Clock())
    ann = world.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    phone = world.provisioned_phone(ann)
    order = world.wipes.request(ROOT, phone.key, Wanted(WipeKind.DEVICE, "lost", "PHONE1"))
    for moved in (timedelta(hours=25), timedelta(hours=2), timedelta(days=-1)):
        world.clock.time = order.requested_at + moved
        with pytest.raises(GatewayError, match=r"in time|expired|clock"):
            world.wipes.approve(SECOND, "acme", order.id)
    assert not world.devices.open_wipes()
