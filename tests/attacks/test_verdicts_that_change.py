"""A verdict that changes while a request is under way: nothing slips through between two looks (T29, T30)."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.config import ACTIVESYNC_PATH
from gateway.phone.discovery import basic
from gateway.phone.query import plain
from gateway.phone.reading import awakening
from mdm.ashttp import Command
from mdm.device import AccessLevel
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import WBXML, Exchange, RecordingBackend, head
from tests.support.gateway import Gateway, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import command_of, mail_server, posts


async def half_sent(
    gateway: Gateway, command: Command, body: bytes, then: Callable[[], Awaitable[None]]
) -> bytes:
    """A request of PHONE1 whose body waits until ``then`` is done; the answer's head and body."""
    phone = gateway.phone()
    phone.policy_key = gateway.device().policy_key
    lines = [
        f"POST {ACTIVESYNC_PATH}?{plain(command, phone.identity)} HTTP/1.1",
        "Host: usher.example",
        f"Authorization: {basic(phone.identity)}",
        "MS-ASProtocolVersion: 16.1",
        f"X-MS-PolicyKey: {phone.policy_key}",
        "Content-Type: application/vnd.ms-sync.wbxml",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body[:4])
    await writer.drain()
    await asyncio.sleep(0.2)
    await then()
    writer.write(body[4:])
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("level", [AccessLevel.QUARANTINE, AccessLevel.BLOCK])
async def test_quarantined_while_the_body_comes(
    gateway: Gateway, backend: RecordingBackend, level: AccessLevel
) -> None:
    await gateway.enrolled()

    async def quarantine() -> None:
        async with gateway.hears():
            gateway.made.devices.set_access(ADMIN, gateway.key(), level, "in a test")

    await half_sent(gateway, Command.FOLDER_SYNC, encode(p.folder_sync()), quarantine)
    assert posts(backend) == []


@contextmanager
def without(folder: Path, table: str) -> Iterator[None]:
    """One table is not there within this block."""
    _rename(folder, table, f"{table}_away")
    try:
        yield
    finally:
        _rename(folder, f"{table}_away", table)


def _rename(folder: Path, old: str, new: str) -> None:
    connection = sqlite3.connect(folder / "usher.db", timeout=10)
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
    connection.commit()
    connection.close()


async def test_a_wipe_cuts_although_the_database_stumbles_then(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """The change is heard once; that nothing could be read at that moment must not lose the wipe."""
    phone = await gateway.enrolled()
    ping = await gateway.parked(phone, backend)
    gateway.wipe()
    with without(gateway.config.store.directory, "devices"):
        await asyncio.sleep(0.5)
        assert not ping.done()
    async with asyncio.timeout(15):
        answer = await ping
    assert answer.document is not None
    assert awakening(answer.document).status == 7
    await until(lambda: gateway.app.snapshots.open_wipes == {"PHONE1"})


async def test_a_wipe_cuts_although_strangers_fill_the_pool(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    ping = await gateway.parked(phone, backend)
    room = gateway.app._threads._store._room
    room._under_way, busy = room._most, room._under_way
    gateway.wipe()
    await asyncio.sleep(0.5)
    room._under_way = busy
    async with asyncio.timeout(15):
        answer = await ping
    assert answer.document is not None
    assert awakening(answer.document).status == 7


async def test_a_backend_that_sends_its_head_at_once_does_not_outlast_a_wipe(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    async def early(exchange: Exchange) -> None:
        if command_of(exchange.seen.target) != "Ping":
            await mail_server(exchange)
        else:
            await exchange.read()
            await exchange.write(head(200, {"Content-Type": WBXML, "Transfer-Encoding": "chunked"}))
            await exchange.gone()

    phone = await gateway.enrolled()
    backend.script = early
    ping = await gateway.parked(phone, backend)
    await asyncio.sleep(0.2)
    gateway.wipe()
    async with asyncio.timeout(15):
        answer = await ping
    assert answer.document is not None
    assert awakening(answer.document).status == 7
