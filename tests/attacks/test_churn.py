"""What one user can make the gateway do without end (T21)."""

import asyncio
import contextlib

import pytest

from gateway.config import ACTIVESYNC_PATH
from gateway.phone.discovery import basic
from gateway.phone.query import plain
from gateway.records import AuditTag
from mdm.ashttp import Command
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until


async def test_refused_devices_do_not_flood_the_trail(gateway: Gateway) -> None:
    """Each made-up DeviceId is new: a record for each would let one user fill the disk."""
    gateway.settings(device_limit=1)
    await gateway.enrolled()
    for number in range(60):
        assert (await gateway.phone(device_id=f"MADEUP{number}").folder_sync()).status in (129, 177)
    assert 1 <= len(gateway.trail(AuditTag.DEVICE_REFUSED)) <= 20
    await gateway.phone("bob", "BOB1").folder_sync()
    assert (await gateway.phone("bob", "BOB2").folder_sync()).status in (129, 177)
    with gateway.made.store.read() as transaction:
        refused = [r.target for r in transaction.audit.query(tag=AuditTag.DEVICE_REFUSED, limit=1000)]
    assert any(target.endswith("/BOB2") for target in refused)


async def uploads(gateway: Gateway, user: str, device_id: str, count: int) -> list[asyncio.StreamWriter]:
    """Long Syncs whose bodies do not go on."""
    phone = gateway.phone(user, device_id)
    lines = [
        f"POST {ACTIVESYNC_PATH}?{plain(Command.SEND_MAIL, phone.identity)} HTTP/1.1",
        "Host: usher.example",
        f"Authorization: {basic(phone.identity)}",
        "MS-ASProtocolVersion: 16.1",
        f"X-MS-PolicyKey: {gateway.device(device_id, user).policy_key}",
        "Content-Type: application/vnd.ms-sync.wbxml",
        "Content-Length: 1000000",
    ]
    mail = encode(p.node("ComposeMail:SendMail", p.node("ComposeMail:ClientId", "1")))
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write("\r\n".join([*lines, "", ""]).encode() + mail)
        writers.append(writer)
    return writers


async def test_one_users_stalled_uploads_leave_room_for_others(
    tmp_path: object, gateway: Gateway, backend: RecordingBackend
) -> None:
    await gateway.enrolled()
    await gateway.enrolled("bob", "PHONE2")
    writers = await uploads(gateway, "ann", "PHONE1", 60)
    await asyncio.sleep(1.0)
    assert backend.open <= 20
    bobs = await uploads(gateway, "bob", "PHONE2", 1)
    await until(lambda: any("PHONE2" in seen.target for seen in backend.seen))
    for writer in [*writers, *bobs]:
        writer.transport.abort()
    await until(lambda: backend.open == 0)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "GET", "PUT", "DELETE", "TRACE", "PATCH"])
@pytest.mark.parametrize("path", [ACTIVESYNC_PATH, "/autodiscover/autodiscover.xml", "/nowhere"])
async def test_any_method_with_a_body_is_answered_once(gateway: Gateway, method: str, path: str) -> None:
    """HEAD has no body in its answer, and a body that nobody reads is no second request."""
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: usher.example\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(head.encode() + body)
    async with asyncio.timeout(15):
        answer = await reader.readuntil(b"\r\n\r\n")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.7):
            while part := await reader.read(10_000):
                answer += part
    writer.close()
    assert answer.count(b"HTTP/1.1 ") == 1
    if method == "HEAD":
        assert answer.endswith(b"\r\n\r\n")
    await until(lambda: gateway.guard.active == 0)


async def test_nothing_is_left_of_clients_that_leave_at_any_moment(
    gateway: Gateway, backend: RecordingBackend, caplog: pytest.LogCaptureFixture
) -> None:
    """Tasks, waits and open checks of 200 phones that go away while they are being served."""
    phone = await gateway.enrolled()
    tasks = len(asyncio.all_tasks())
    for number in range(200):
        again = asyncio.ensure_future(phone.ping(600, []) if number % 2 else phone.command(Command.SYNC))
        await asyncio.sleep(0.0005 * (number % 20))
        again.cancel()
    await until(lambda: backend.open == 0, 10)
    await until(lambda: gateway.guard.active == 0, 10)
    assert len(gateway.app.polls) == 0
    assert gateway.app.polls._open.get(Command.PING, {}) == {}
    credentials = gateway.credentials
    assert credentials._open == {}
    await until(lambda: len(asyncio.all_tasks()) <= tasks + 3, 10)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_chunked_flood_of_a_stranger_leaves_no_traceback(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """401 is said at once; the body that goes on beyond the limit ends the connection, quietly."""
    limit = gateway.config.limits.max_body_bytes
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    query = plain(Command.SYNC, gateway.phone().identity)
    writer.write(
        f"POST {ACTIVESYNC_PATH}?{query} HTTP/1.1\r\nHost: usher.example\r\nMS-ASProtocolVersion: 16.1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    try:
        for _ in range(limit // 0x10000 + 20):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    answer = await reader.read(1000)
    writer.transport.abort()
    assert b" 401 " in answer
    await until(lambda: gateway.guard.active == 0, 10)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
