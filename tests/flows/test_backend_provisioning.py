"""Phones in front of mail servers that provision on their own: nobody notices (product 3.5).

Versions x query forms x two servers written from the specification; keys that are missing, wrong, outdated;
policies and routes that change while phones wait.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.config import BackendKind, Provisions
from gateway.phone.device import Phone
from gateway.phone.identity import QueryForm
from gateway.records import AuditTag, BackendKey
from gateway.services.backend_keys import HANDSHAKES_PER_HOUR, BackendKeys
from gateway.services.user_changes import UserChanges
from mdm.ashttp import Command, Version
from mdm.device import WipeKind
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.exchange_like import ExchangeLike
from tests.support.gateway import Gateway, serving, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import HIERARCHY
from tests.support.stores import Clock
from tests.support.zpush_like import ZPushLike

SERVERS = {"exchange": (ExchangeLike, BackendKind.EXCHANGE), "zpush": (ZPushLike, BackendKind.GENERIC)}
FORMS = list(QueryForm)


@asynccontextmanager
async def before(
    folder: Path, server: ExchangeLike, kind: BackendKind, **asked: object
) -> AsyncIterator[Gateway]:
    async with (
        RecordingBackend(server) as backend,
        serving(folder, backend, asked={"kind": kind, **asked}) as gateway,
    ):
        yield gateway


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[tuple[Gateway, ExchangeLike]]:
    server = ExchangeLike()
    async with before(tmp_path, server, BackendKind.EXCHANGE) as gateway:
        yield gateway, server


async def synced(phone: Phone) -> None:
    """FolderSync brings the folders."""
    answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
    assert (answer.http, answer.body) == (200, HIERARCHY)


def records(gateway: Gateway, device_id: str = "PHONE1") -> list[BackendKey]:
    return list(BackendKeys(gateway.made.store, Clock()).of(gateway.key(device_id)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.value)
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
@pytest.mark.parametrize("name", SERVERS)
async def test_a_phone_knows_of_one_server_only(
    tmp_path: Path, name: str, version: Version, form: QueryForm
) -> None:
    make, kind = SERVERS[name]
    server = make()
    async with before(tmp_path, server, kind) as gateway:
        phone = await gateway.enrolled(version=version, form=form)
        own = phone.policy_key
        await synced(phone)
        await synced(phone)
        state = server.phone()
        assert state.handshakes == 1
        assert state.acknowledged == ["1"]
        assert phone.policy_key == own != state.final
        served = [asked for asked in server.asked if asked.key == state.final]
        assert [asked.command for asked in served][-2:] == ["FolderSync", "FolderSync"]
        assert own not in {asked.key for asked in server.asked}
        octets = form is QueryForm.BASE64 and kind is BackendKind.EXCHANGE
        assert {asked.base64 for asked in server.asked} == {octets}
        if version >= Version.V14_1:
            assert state.information["Model"] == phone.identity.information.model
        (record,) = records(gateway)
        assert (record.backend, record.policy_key) == ("default", state.final)
        # The server changes its policy, twice: the phone hears nothing of it.
        for generation in (1, 2):
            server.generation = generation
            await synced(phone)
            assert state.handshakes == generation + 1
        assert phone.policy_key == own
        assert gateway.trail(AuditTag.BACKEND_PROVISIONED) == [AuditTag.BACKEND_PROVISIONED] * 3


@pytest.mark.parametrize("used", [0, 1, 2**32 - 1], ids=["none", "wrong", "largest"])
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_whatever_key_we_have_the_right_one_is_fetched(
    exchange: tuple[Gateway, ExchangeLike], version: Version, used: int
) -> None:
    gateway, server = exchange
    phone = await gateway.enrolled(version=version)
    keys = BackendKeys(gateway.made.store, Clock())
    if used:
        keys.granted(gateway.key(), "default", used, "")
    async with gateway.hears():
        pass
    await synced(phone)
    assert server.asked[0].key == (used or None) or server.asked[0].command == "Settings"
    (record,) = records(gateway)
    assert record.policy_key == server.phone().final


async def test_twenty_at_once_make_one_handshake(exchange: tuple[Gateway, ExchangeLike]) -> None:
    gateway, server = exchange
    phone = await gateway.enrolled()
    await asyncio.gather(*(synced(phone) for _ in range(20)))
    assert server.phone().handshakes == 1
    server.generation += 1
    await gateway.quiet()
    await asyncio.gather(*(synced(phone) for _ in range(20)))
    assert server.phone().handshakes == 2


async def test_a_server_without_a_policy_for_us_is_asked_no_more(tmp_path: Path) -> None:
    server = ExchangeLike(lenient=True)
    async with before(tmp_path, server, BackendKind.EXCHANGE) as gateway:
        phone = await gateway.enrolled(version=Version.V14_0)
        await synced(phone)
        await synced(phone)
        assert server.commands() == ["FolderSync", "FolderSync"]
        assert {asked.key for asked in server.asked} == {None}
        assert records(gateway) == []


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_a_server_that_asks_nothing_is_told_what_the_device_is(
    tmp_path: Path, version: Version
) -> None:
    """Exchange's DeviceDiscovery: it challenges nobody and shows nothing until it knows the device."""
    server = ExchangeLike(lenient=True, discovers=True)
    async with before(tmp_path, server, BackendKind.EXCHANGE) as gateway:
        phone = await gateway.enrolled(version=version)
        if version < Version.V14_1:  # these report themselves by Settings, which passes
            await phone.report()
            await gateway.quiet()
        await synced(phone)
        await gateway.quiet()
        await synced(phone)
        assert server.phone().information["Model"] == phone.identity.information.model
        ours = [command for command in server.commands() if command == "Settings"]
        assert len(ours) <= 2


async def test_a_body_that_flowed_away_comes_again(exchange: tuple[Gateway, ExchangeLike]) -> None:
    gateway, server = exchange
    phone = await gateway.enrolled(version=Version.V12_1)
    mail = b"Subject: long\r\n\r\n" + b"x" * 300_000
    headers = {"Content-Type": "message/rfc822"}
    first = await gateway.post(phone, Command.SEND_MAIL, mail, headers)
    assert (first.http, first.headers["retry-after"]) == (503, "1")
    await until(lambda: server.phone().final != 0, 10.0)
    await until(lambda: bool(records(gateway)) and records(gateway)[0].policy_key != 0, 10.0)
    await gateway.quiet()
    assert (await gateway.post(phone, Command.SEND_MAIL, mail, headers)).http == 200
    assert server.phone().handshakes == 1


async def test_a_parked_phone_stays_parked_and_the_key_follows(
    tmp_path: Path,
) -> None:
    server = ExchangeLike()
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        await synced(phone)
        await gateway.quiet()
        parked = await gateway.parked(phone, backend)
        server.generation += 1
        await synced(phone)
        await gateway.quiet()
        assert not parked.done()
        await gateway.wiped()
        answer = await asyncio.wait_for(parked, 10)
        assert answer.http == 200
        assert server.acknowledgements == 0


async def test_a_wipe_of_ours_does_not_wait_for_their_handshake(tmp_path: Path) -> None:
    server = ExchangeLike()

    async def silent(exchange: object) -> None:
        await asyncio.sleep(3600)

    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        server.acts[1] = silent
        waiting = asyncio.ensure_future(phone.command(Command.SYNC))
        await until(lambda: "Provision" in server.commands(), 10.0)
        await gateway.wiped()
        answer = await asyncio.wait_for(waiting, 10)
        assert answer.http in (200, 449)
        assert server.phone().final == 0


async def test_keys_are_of_one_backend_each(tmp_path: Path) -> None:
    here, there = ExchangeLike(), ZPushLike(next_key=5)
    async with (
        RecordingBackend(here) as backend,
        RecordingBackend(there) as other,
        serving(tmp_path, backend, others={"other": other}) as gateway,
    ):
        phone = await gateway.enrolled()
        await synced(phone)
        for name in ("other", "", "other"):
            gateway.made.users.change(ADMIN, phone.identity.address, UserChanges(backend=name))
            await gateway.quiet()
            await synced(phone)
        assert (here.phone().handshakes, there.phone().handshakes) == (1, 1)
        assert [record.backend for record in records(gateway)] == ["default", "other"]
        assert here.phone().final not in {asked.key for asked in there.asked}


async def test_with_never_the_server_gets_its_way_and_the_device_nothing(tmp_path: Path) -> None:
    server = ExchangeLike()
    async with before(tmp_path, server, BackendKind.EXCHANGE, provisions=Provisions.NEVER) as gateway:
        phone = await gateway.enrolled()
        answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
        assert (answer.http, answer.body) == (503, b"")
        assert server.commands() == ["FolderSync"]


async def test_a_removed_device_is_new_there_as_well(exchange: tuple[Gateway, ExchangeLike]) -> None:
    gateway, server = exchange
    phone = await gateway.enrolled()
    await synced(phone)
    async with gateway.hears():
        gateway.made.devices.remove(ADMIN, gateway.key())
    again = await gateway.enrolled()
    await synced(again)
    assert server.phone().handshakes == 2


@pytest.mark.parametrize("kind", list(WipeKind), ids=lambda kind: kind.value)
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
@pytest.mark.parametrize("name", SERVERS)
async def test_their_wipe_is_shown_and_goes_no_further(
    tmp_path: Path, name: str, version: Version, kind: WipeKind
) -> None:
    make, backend_kind = SERVERS[name]
    server = make()
    async with before(tmp_path, server, backend_kind) as gateway:
        phone = await gateway.enrolled(version=version)
        await synced(phone)
        await gateway.quiet()
        server.phone().wipe = "RemoteWipe" if kind is WipeKind.DEVICE else "AccountOnlyRemoteWipe"
        for _ in range(3):
            answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
            assert (answer.http, answer.body) == (503, b"")
            assert answer.headers["retry-after"] in ("299", "300")
        (record,) = records(gateway)
        by_status = name == "exchange" and version >= Version.V14_0
        assert record.wipe_at is not None
        assert record.wipe is (None if by_status else kind)
        assert gateway.trail(AuditTag.BACKEND_WIPE_ORDERED) == [AuditTag.BACKEND_WIPE_ORDERED]
        assert gateway.device().wipe is None
        assert server.acknowledgements == 0
        # It is taken back: the device is served again, and that is said too.
        server.phone().wipe = ""
        await gateway.quiet()
        await synced(phone)
        await until(lambda: records(gateway)[0].wipe_at is None, 10.0)
        assert gateway.trail(AuditTag.BACKEND_WIPE_WITHDRAWN) == [AuditTag.BACKEND_WIPE_WITHDRAWN]


async def test_an_endless_demand_ends_with_a_diagnosis(exchange: tuple[Gateway, ExchangeLike]) -> None:
    gateway, server = exchange
    phone = await gateway.enrolled()
    server.insatiable = True
    for _ in range(HANDSHAKES_PER_HOUR + 5):
        answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
        assert (answer.http, answer.body) == (503, b"")
    assert server.phone().handshakes == HANDSHAKES_PER_HOUR
    assert "times within an hour" in records(gateway)[0].diagnosis
