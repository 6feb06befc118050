"""A client worker's application: started, drained and closed as a process does it (house.md 2)."""

import asyncio
import sqlite3
import threading
from pathlib import Path

from gateway.app import clients, services
from gateway.config import Limits
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog
from gateway.phone.reading import awakening
from mdm.device import DeviceState
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving, until
from tests.support.inhabited import configured
from tests.support.mail_server import posts
from tests.support.offering import OFFERING
from tests.support.raw import Raw
from tests.support.serving import exchange, ours


async def test_before_the_start_everything_is_503(tmp_path: Path) -> None:
    app = clients(configured(tmp_path, OFFERING, Limits()))
    async with ours(app) as port:
        answer = await exchange(port, b"OPTIONS /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert Raw(answer).status == 503


async def test_a_drain_ends_every_wait_in_its_client_s_own_way(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    ping, sync = await gateway.parked(phone, backend), await gateway.parked_sync(phone, backend)
    await gateway.app.drain()
    first, second = await asyncio.wait_for(ping, 15), await asyncio.wait_for(sync, 15)
    assert first.document is not None
    assert (first.http, awakening(first.document).status) == (200, 1)
    assert (second.http, second.body, second.headers["content-length"]) == (200, b"", "0")
    await until(lambda: backend.open == 0)
    assert len(gateway.app.polls) == 0


async def test_closing_writes_the_last_contacts_and_lets_go_of_everything(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    before = threading.active_count()
    async with serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        await phone.folder_sync()
        assert gateway.device().last_sync is None
        key, config = gateway.key(), gateway.config
    made = services(config)
    device = made.devices.get(key)
    made.store.close()
    assert device is not None
    assert device.last_sync is not None
    await until(lambda: threading.active_count() <= before)
    await until(lambda: backend.open == 0)


async def test_closing_in_an_outage_is_no_failure(tmp_path: Path, backend: RecordingBackend) -> None:
    async with serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        await phone.folder_sync()
        with sqlite3.connect(tmp_path / "usher.db") as connection:
            connection.execute("ALTER TABLE devices RENAME TO devices_away")
        connection.close()


async def test_two_processes_on_one_database_are_one_gateway(
    tmp_path: Path, backend: RecordingBackend, gateway: Gateway
) -> None:
    """What one of them grants the other honours at once; what an administrator orders holds in both."""
    other = clients(gateway.config)
    await other.start()
    try:
        guard = Guard(other, gateway.config.limits, (), AccessLog(gateway.config.log))
        async with ours(guard, guarded=False) as port:
            phone = await gateway.enrolled()
            here, there = phone.server, gateway.url.replace(str(gateway.port), str(port))
            for server in (there, here, there):
                phone.server = server
                assert (await phone.folder_sync()).status == 1
            phone.server = there
            ping = await gateway.parked(phone, backend)
            gateway.wipe()
            answer = await asyncio.wait_for(ping, 15)
            assert answer.document is not None
            assert awakening(answer.document).status == 7
            await gateway.quiet()
            for server in (here, there):
                phone.server = server
                assert (await phone.folder_sync()).status == 140
            assert (await phone.provision())[0].value == "wiped"
    finally:
        await other.close()
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    assert posts(backend) == ["FolderSync", "FolderSync", "FolderSync", "Ping"]
