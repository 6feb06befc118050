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
