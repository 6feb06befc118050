"""Impaired is set after three failures in a row and cleared by the first answer (product 1)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Backend
from gateway.errors import GatewayError, Kind
from gateway.health_watch import IN_A_ROW, Backends, HealthWatch
from gateway.records import Actor, AuditTag, OrganisationState
from gateway.services.tenants import Settings, Tenants
from gateway.store import DatabaseStore
from tests.support import ports
from tests.support.stores import Clock, Keys
from tests.support.stranger import CHALLENGE, answer, sound, stranger, trusted
from tests.support.world import ADMIN

ACTIVE, IMPAIRED, INACTIVE = OrganisationState.ACTIVE, OrganisationState.IMPAIRED, OrganisationState.INACTIVE


@pytest.fixture
def tenants(store: DatabaseStore) -> Tenants:
    tenants = Tenants(store, Clock(), Keys(), backends=("default", "other"))
    tenants.create_organisation(ADMIN, "acme", Settings(backend="default"))
    tenants.create_organisation(ADMIN, "globex", Settings(backend="other"))
    return tenants


class World:
    """Says which backends answer, and who was asked."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.asked: list[str] = []

    async def answers(self, name: str) -> bool:
        self.asked.append(name)
        return name not in self.down


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def watch(tenants: Tenants, world: World) -> AsyncIterator[HealthWatch]:
    yield HealthWatch(tenants, world.answers)


def states(tenants: Tenants) -> dict[str, OrganisationState]:
    return {each.alias: each.state for each in tenants.organisations()}


async def test_three_failures_in_a_row_and_the_first_answer(
    tenants: Tenants, watch: HealthWatch, world: World
) -> None:
    world.down = {"default"}
    seen = []
    for _ in range(IN_A_ROW + 1):
        await watch.round()
        seen.append(states(tenants)["acme"])
    assert seen == [ACTIVE, ACTIVE, IMPAIRED, IMPAIRED]
    assert states(tenants)["globex"] is ACTIVE
    world.down = set()
    await watch.round()
    assert states(tenants) == {"acme": ACTIVE, "globex": ACTIVE}


async def test_failures_that_are_not_in_a_row_are_forgiven(
    tenants: Tenants, watch: HealthWatch, world: World
) -> None:
    for down in ({"default"}, {"default"}, set(), {"default"}, {"default"}):
        world.down = down
        await watch.round()
    assert states(tenants)["acme"] is ACTIVE


async def test_each_backend_is_asked_once_a_round(tenants: Tenants, watch: HealthWatch, world: World) -> None:
    tenants.create_organisation(ADMIN, "third", Settings(backend="default"))
    await watch.round()
    assert world.asked == ["default", "other"]


async def test_both_stand_in_the_audit_trail(
    store: DatabaseStore, tenants: Tenants, watch: HealthWatch, world: World
) -> None:
    world.down = {"default"}
    for _ in range(IN_A_ROW):
        await watch.round()
    world.down = set()
    await watch.round()
    with store.read() as transaction:
        records = transaction.audit.query(tag=AuditTag.ORGANISATION_CHANGED)
    assert [(each.actor, each.before["state"], each.after["state"]) for each in records] == [
        (Actor("system", "health check"), "Active", "Impaired"),
        (Actor("system", "health check"), "Impaired", "Active"),
    ]


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
async def test_what_an_administrator_switched_off_stays_off(
    tenants: Tenants, watch: HealthWatch, world: World, down: bool
) -> None:
    tenants.change_organisation(ADMIN, "acme", Settings(state=INACTIVE))
    world.down = {"default"} if down else set()
    for _ in range(IN_A_ROW):
        await watch.round()
    assert states(tenants)["acme"] is INACTIVE


async def test_an_organisation_that_changed_meanwhile_is_left_alone(tenants: Tenants, world: World) -> None:
    async def answers(name: str) -> bool:
        if watch_round == IN_A_ROW - 1 and name == "default":
            tenants.change_organisation(ADMIN, "acme", Settings(state=INACTIVE))
        return False

    watch = HealthWatch(tenants, answers)
    for watch_round in range(IN_A_ROW):  # noqa: B007 - read by ``answers``
        await watch.round()
    assert states(tenants) == {"acme": INACTIVE, "globex": IMPAIRED}


async def test_an_accident_of_ours_is_no_failure_of_a_backend_and_not_the_others(
    tenants: Tenants, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def answers(name: str) -> bool:
        if name == "default":
            raise ValueError("ours")
        return await world.answers(name)

    world.down = {"other"}
    watch = HealthWatch(tenants, answers)
    for _ in range(IN_A_ROW):
        await watch.round()
    assert states(tenants) == {"acme": ACTIVE, "globex": IMPAIRED}
    assert caplog.text.count("the health check of a backend failed") == IN_A_ROW


async def test_a_database_that_is_away_is_said(world: World) -> None:
    class Away(Tenants):
        def __init__(self) -> None:
            pass

        def organisations(self) -> list[object]:  # type: ignore[override]
            raise GatewayError(Kind.UNAVAILABLE)

    with pytest.raises(GatewayError):
        await HealthWatch(Away(), world.answers).round()


def backend(url: str, **settings: object) -> Backends:
    return Backends({"default": Backend("default", url, **settings)}, patience_s=10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "there"),
    [
        (CHALLENGE, True),
        (answer("200 OK"), True),
        (answer("404 Not Found"), True),
        (answer("500 Oops"), True),
        (answer("502 Bad Gateway"), False),
        (answer("503 Away"), False),
        (answer("504 Late"), False),
        (b"220 no web server\r\n", False),
        (None, False),
    ],
    ids=["401", "200", "404", "500", "502", "503", "504", "no-http", "closes"],
)
async def test_an_answer_of_its_own_is_life(said: bytes | None, there: bool) -> None:
    async with stranger(said) as server:
        assert await backend(f"http://127.0.0.1:{server.port}/").answers("default") is there
    if said:
        assert server.visits[0].method == "OPTIONS"
        assert "authorization" not in server.visits[0].headers


async def test_nobody_listens_or_nobody_knows_the_name() -> None:
    (port,) = ports.free(1)
    assert not await backend(f"http://127.0.0.1:{port}/").answers("default")
    assert not await backend("http://127.0.0.1:1/").answers("gone")


async def test_one_that_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        asked = Backends({"default": Backend("default", url)}, patience_s=0.3)
        assert not await asyncio.wait_for(asked.answers("default"), 20)


async def test_its_certificate_counts_as_for_the_proxy(tmp_path: Path) -> None:
    async with stranger(CHALLENGE, sound("localhost", "127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert await backend(url, ca_file=trusted(tmp_path)).answers("default")
        assert await backend(url, verify=False).answers("default")
        assert not await backend(url).answers("default")
        assert not await backend(url, ca_file=tmp_path / "missing.pem").answers("default")


async def test_each_change_is_told_once_as_what_it_means(
    watch: HealthWatch, world: World, store: DatabaseStore
) -> None:
    world.down.add("default")
    for _ in range(IN_A_ROW + 2):
        await watch.round()
    world.down.clear()
    for _ in range(2):
        await watch.round()
    with store.read() as transaction:
        trail = [
            (record.tag, record.after)
            for tag in (AuditTag.BACKEND_IMPAIRED, AuditTag.BACKEND_ANSWERS)
            for record in transaction.audit.query(tag=tag)
        ]
    assert trail == [
        (AuditTag.BACKEND_IMPAIRED, {"backend": "default"}),
        (AuditTag.BACKEND_ANSWERS, {"backend": "default"}),
    ]
