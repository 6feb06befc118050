"""Each misbehaviour and each dispute on a running gateway, over real sockets (product 5.8; T4; pair 20)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.endpoints import conduct
from gateway.phone.device import Phone
from gateway.phone.line import Answer
from gateway.records import AuditTag
from gateway.services.misbehaviour import Misbehaviour
from mdm.ashttp import Command, Version
from mdm.codepages import tag
from mdm.device import DeviceKey, DeviceState, WipeKind
from mdm.misbehaviour import Behaviour, Crossing
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import mail_server, posts
from tests.support.partnership import node

APPLE, SAMSUNG = "Apple-iPhone15C2/2001.1", "SAMSUNG-SM-G991B/101.1"
PATIENCE = 10.0


def sync(key: str, collection: str = "5") -> Element:
    return node(
        "AirSync:Sync",
        node(
            "AirSync:Collections",
            node(
                "AirSync:Collection",
                node("AirSync:SyncKey", key),
                node("AirSync:CollectionId", collection),
            ),
        ),
    )


async def thresholds(gateway: Gateway, **behaviours: object) -> None:
    """Thresholds of the organisation, everything else off, heard by the gateway."""
    document: dict[str, object] = {behaviour.value: "off" for behaviour in Behaviour}
    gateway.made.misbehaviour.set_thresholds(ADMIN, gateway.organisation.id, document | behaviours)
    await gateway.quiet()


async def ask(gateway: Gateway, phone: Phone, agent: str | None = None) -> Answer:
    headers: dict[str, str | None] = {} if agent is None else {"User-Agent": agent}
    return await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync(), headers)


async def suspended(gateway: Gateway, device_id: str = "PHONE1") -> str:
    await until(lambda: gateway.device(device_id).suspended_until is not None, PATIENCE)
    return gateway.device(device_id).suspended_reason


async def test_a_phone_that_syncs_a_large_mailbox_is_never_slowed(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """Three thousand Syncs that make progress, as fast as they go, with the defaults."""
    gateway.made.misbehaviour.set_thresholds(ADMIN, gateway.organisation.id, {})
    phone = await gateway.enrolled()

    async def one(number: int) -> int:
        return (await gateway.post(phone, Command.SYNC, sync(f"{{{number}}}7"))).http

    for start in range(0, 3000, 30):
        assert set(await asyncio.gather(*(one(start + number) for number in range(30)))) == {200}
    assert posts(backend).count("Sync") == 3000
    assert gateway.trail(AuditTag.DEVICE_SLOWED, AuditTag.DEVICE_SUSPENDED) == []
    assert gateway.device().suspended_until is None


async def test_a_flood_is_slowed_then_suspended_then_released(
    gateway: Gateway, backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trail has it in this order, also where the first record takes longer than the second."""
    slowed = Misbehaviour.slowed

    def held_up(self: Misbehaviour, key: DeviceKey, crossing: Crossing) -> None:
        time.sleep(0.5)
        slowed(self, key, crossing)

    monkeypatch.setattr(Misbehaviour, "slowed", held_up)
    phone = await gateway.enrolled()
    limit = {"window_s": 600, "slow": 20, "suspend": 30, "slow_s": 300, "suspend_s": 3600}
    await thresholds(gateway, command_flood=limit)
    answers = [await ask(gateway, phone) for _ in range(45)]
    first = next(number for number, answer in enumerate(answers) if answer.http == 503)
    assert 10 <= first < 20
    assert 0 < int(answers[first].headers.get("retry-after", 0)) <= 300
    assert "flood of commands: 30 or more within 10 minutes" in await suspended(gateway)
    assert gateway.trail(AuditTag.DEVICE_SLOWED, AuditTag.DEVICE_SUSPENDED) == [
        AuditTag.DEVICE_SLOWED,
        AuditTag.DEVICE_SUSPENDED,
    ]
    before = len(posts(backend))
    assert before == first
    gateway.made.misbehaviour.release(ADMIN, gateway.key())
    await gateway.quiet()
    assert (await ask(gateway, phone)).http == 200
    assert len(posts(backend)) == before + 1


async def test_who_waits_as_told_is_served_again(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    limit = {"window_s": 1, "slow": 20, "suspend": 0, "slow_s": 1, "suspend_s": 60}
    await thresholds(gateway, command_flood=limit)
    answers = [(await ask(gateway, phone)).http for _ in range(60)]
    assert 503 in answers

    async with asyncio.timeout(PATIENCE):
        while (await ask(gateway, phone)).http != 200:  # noqa: ASYNC110 - a phone that waits as it was told
            await asyncio.sleep(2.5)
    assert gateway.device().suspended_until is None


async def test_a_service_client_has_thresholds_of_its_own(gateway: Gateway) -> None:
    """Outlook mobile: all installations of a user are one device (research/wants.md 27)."""
    phone = await gateway.enrolled()
    few = {"window_s": 600, "slow": 10, "suspend": 0, "slow_s": 300, "suspend_s": 60}
    many = {"command_flood": few | {"slow": 1000}}
    await thresholds(gateway, command_flood=few, service=many)
    outlook = Phone(
        replace(phone.identity, device_id="OUTLOOK1", user_agent="Outlook-iOS-Android/1.0"),
        phone.line,
        server=phone.server,
    )
    await provisioned(outlook)
    await gateway.quiet()
    assert {(await ask(gateway, outlook)).http for _ in range(30)} == {200}
    assert 503 in {(await ask(gateway, phone)).http for _ in range(30)}


async def test_the_same_sync_key_again_and_again(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    limit = {"window_s": 600, "slow": 10, "suspend": 15, "slow_s": 300, "suspend_s": 3600}
    await thresholds(gateway, same_sync_key=limit)
    answers = [(await gateway.post(phone, Command.SYNC, sync("41"))).http for _ in range(11)]
    assert answers == [200] * 11
    assert (await gateway.post(phone, Command.SYNC, sync("41"))).http == 503
    for _ in range(10):
        await gateway.post(phone, Command.SYNC, sync("41"))
    assert "same Sync" in await suspended(gateway)
    assert posts(backend).count("Sync") == 11


async def test_pair_20_three_user_agents_in_a_row(gateway: Gateway) -> None:
    """MS-ASHTTP R456, R457; MSASHTTP_S03_TC04: changed too often, it is blocked a while."""
    phone = await gateway.enrolled()
    limit = {"window_s": 600, "slow": 2, "suspend": 0, "slow_s": 60, "suspend_s": 60}
    await thresholds(gateway, user_agent_changes=limit)
    answers = [await ask(gateway, phone, f"Test-Agent/{number}.0") for number in range(4)]
    codes = [answer.http for answer in answers]
    assert codes == [200, 503, 503, 503], "the phone enrolled under another one: the second here is the third"
    assert answers[-1].headers["retry-after"]


async def test_a_storm_of_errors(tmp_path: Path) -> None:
    async def broken(exchange: Exchange) -> None:
        await exchange.read()
        await reply(500)(exchange)

    async with RecordingBackend(broken) as failing, serving(tmp_path, failing) as gateway:
        phone = await gateway.enrolled()
        limit = {"window_s": 600, "slow": 5, "suspend": 8, "slow_s": 300, "suspend_s": 3600}
        await thresholds(gateway, errors=limit)
        for _ in range(5):
            await ask(gateway, phone)
        assert (await ask(gateway, phone)).http == 503
        for _ in range(5):
            await ask(gateway, phone)
        assert "requests fail" in await suspended(gateway)


async def test_malformed_requests_are_errors_too(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    limit = {"window_s": 600, "slow": 5, "suspend": 0, "slow_s": 300, "suspend_s": 60}
    await thresholds(gateway, errors=limit)
    for _ in range(5):
        await gateway.post(phone, Command.FOLDER_SYNC, b"\x03\x01")
    assert (await ask(gateway, phone)).http == 503


async def test_a_backend_that_is_away_is_nobodys_fault(tmp_path: Path) -> None:
    async def away(exchange: Exchange) -> None:
        await exchange.read()
        await reply(503)(exchange)

    async with RecordingBackend(away) as failing, serving(tmp_path, failing) as gateway:
        phone = await gateway.enrolled()
        await thresholds(gateway, errors={"slow": 2, "suspend": 4})
        for _ in range(12):
            await ask(gateway, phone)
        assert gateway.trail(AuditTag.DEVICE_SLOWED, AuditTag.DEVICE_SUSPENDED) == []


async def test_wrong_passwords_are_told_and_the_right_one_goes_on(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await thresholds(gateway, authentication_failures={"slow": 3, "suspend": 0})
    assert (await ask(gateway, phone)).http == 200
    liar = gateway.stranger(phone)
    for _ in range(6):
        assert (await ask(gateway, liar)).http == 401
    await until(lambda: gateway.trail(AuditTag.DEVICE_SLOWED) == [AuditTag.DEVICE_SLOWED], PATIENCE)
    assert (await ask(gateway, phone)).http == 200


async def test_wrong_passwords_suspend_where_somebody_wants_that(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await thresholds(gateway, authentication_failures={"slow": 2, "suspend": 4})
    await ask(gateway, phone)
    for _ in range(5):
        await ask(gateway, gateway.stranger(phone))
    assert "wrong passwords" in await suspended(gateway)


async def test_a_device_that_never_acknowledges_is_sent_away(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = gateway.phone()
    await thresholds(gateway, provisioning_loop={"slow": 3, "suspend": 0, "slow_s": 300})
    for _ in range(3):
        assert (await gateway.post(phone, Command.PROVISION, p.initial(Version.V16_1))).http == 200
    await gateway.quiet()
    rows = len(gateway.trail())
    for _ in range(5):
        asked = await gateway.post(phone, Command.PROVISION, p.initial(Version.V16_1))
        challenged = await ask(gateway, phone)
        assert (asked.http, challenged.http) == (503, 503)
        assert 0 < int(asked.headers.get("retry-after", 0)) <= 300
    assert len(gateway.trail()) == rows
    assert "never acknowledges" in gateway.device().diagnosis
    assert gateway.trail(AuditTag.DEVICE_LOOPING) == [AuditTag.DEVICE_LOOPING]
    assert backend.seen == []


async def test_an_acknowledgement_is_heard_in_a_pause_and_ends_it(gateway: Gateway) -> None:
    phone = gateway.phone()
    await thresholds(gateway, provisioning_loop={"slow": 3, "suspend": 0, "slow_s": 300})
    for _ in range(3):
        await gateway.post(phone, Command.PROVISION, p.initial(Version.V16_1))
    await gateway.quiet()
    body = p.acknowledgement(gateway.device().temporary_key)
    assert (await gateway.post(phone, Command.PROVISION, body)).status == 1
    await gateway.quiet()
    phone.policy_key = gateway.device().policy_key
    assert (gateway.device().diagnosis, (await ask(gateway, phone)).http) == ("", 200)
    assert gateway.trail(AuditTag.DEVICE_RECOVERED) == [AuditTag.DEVICE_RECOVERED]


async def test_a_device_that_comes_back_without_its_key(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct, "RECOVERED", timedelta(0))
    phone = gateway.phone()
    await thresholds(gateway, provisioning_loop={"slow": 3, "suspend": 0, "slow_s": 300})
    for _ in range(3):
        await provisioned(phone)
        await gateway.quiet()
    key, phone.policy_key = phone.policy_key, 0
    assert (await ask(gateway, phone)).http == 503
    assert (await gateway.post(phone, Command.PROVISION, p.initial(Version.V16_1))).http == 503
    await asyncio.sleep(0.2)
    assert "comes back without its key" in gateway.device().diagnosis, "asking again is no recovery"
    phone.policy_key = key
    assert (await ask(gateway, phone)).http == 200
    await until(lambda: gateway.device().diagnosis == "", PATIENCE)


async def test_a_wipe_is_delivered_to_a_device_that_is_held_for_anything(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    limit = {"window_s": 600, "slow": 5, "suspend": 8, "slow_s": 300, "suspend_s": 3600}
    await thresholds(gateway, command_flood=limit)
    for _ in range(20):
        await ask(gateway, phone)
    await suspended(gateway)
    await gateway.wiped(kind=WipeKind.ACCOUNT)
    assert (await ask(gateway, phone)).status == 140
    assert (await gateway.post(phone, Command.PROVISION, node("Provision:Provision"))).http == 200
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    held = gateway.device().wipe
    assert held is not None
    assert held.delivered_at is not None


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with RecordingBackend(mail_server) as backend, serving(tmp_path, backend) as running:
        yield running


async def test_memory_is_bounded(counted: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conduct, "MAXIMUM_WATCHED", 3)
    for number in range(6):
        await ask(counted, counted.phone(device_id=f"PHONE{number}"))
    watch = counted.app._app._app._activesync._rooms.conduct  # type: ignore[attr-defined]
    assert len(watch._watched) <= 3
    assert len(watch._names) <= 3


def test_the_tag_of_the_fingerprint_is_the_wire_s() -> None:
    assert encode(sync("41")).count(b"41") == 1
    assert tag("AirSync", "SyncKey") != tag("FolderHierarchy", "SyncKey")
