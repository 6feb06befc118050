"""Waits that do not look like waits, and a stop in the middle (T20, T21; product 3.4)."""

import asyncio

import pytest

from gateway.config import ACTIVESYNC_PATH
from gateway.phone.discovery import basic
from gateway.phone.query import plain
from mdm.ashttp import Command
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.mail_server import command_of, mail_server, posts


async def hanging(exchange: Exchange) -> None:
    """Every Sync waits here, whatever it says."""
    if command_of(exchange.seen.target) == "Sync":
        await exchange.read()
        await exchange.gone()
    else:
        await mail_server(exchange)


def sync(*parts: Element, padding: int = 0) -> bytes:
    collection = p.node(
        "AirSync:Collection", p.node("AirSync:SyncKey", "1"), p.node("AirSync:CollectionId", "5")
    )
    more = [p.node("AirSync:ClientId", "x" * 1000)] * (padding // 1000)
    return encode(p.node("AirSync:Sync", *parts, p.node("AirSync:Collections", collection, *more)))


WAIT = p.node("AirSync:Wait", "30")
WAITS = {
    "as it should": sync(WAIT),
    "a decoy before it": sync(p.node("AirSync:Wait", "0"), WAIT),
    "a decoy of the other kind": sync(p.node("AirSync:HeartbeatInterval", "0"), WAIT),
    "a blank before the number": sync(p.node("AirSync:Wait", " 30")),
    "a sign before the number": sync(p.node("AirSync:HeartbeatInterval", "+900")),
    "many zeros before the number": sync(p.node("AirSync:HeartbeatInterval", "0000000900")),
    "in a long document": sync(WAIT, padding=70_000),
}


@pytest.mark.parametrize("name", WAITS)
async def test_a_sync_that_may_wait_is_cut_by_a_wipe(
    gateway: Gateway, backend: RecordingBackend, name: str
) -> None:
    phone = await gateway.enrolled()
    backend.script = hanging
    waiting = asyncio.ensure_future(gateway.post(phone, Command.SYNC, WAITS[name]))
    await until(lambda: "Sync" in posts(backend))
    await asyncio.sleep(0.1)
    gateway.wipe()
    async with asyncio.timeout(15):
        assert (await waiting).status == 140
    await until(lambda: backend.open == 0)


async def test_a_ping_that_comes_while_the_gateway_stops_does_not_park(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """Its body came after the long polls were ended: nobody would end it before the grace is over."""
    phone = await gateway.enrolled()
    body = encode(p.node("Ping:Ping", p.node("Ping:HeartbeatInterval", "600")))
    lines = [
        f"POST {ACTIVESYNC_PATH}?{plain(Command.PING, phone.identity)} HTTP/1.1",
        "Host: usher.example",
        f"Authorization: {basic(phone.identity)}",
        "MS-ASProtocolVersion: 16.1",
        "Content-Type: application/vnd.ms-sync.wbxml",
        f"Content-Length: {len(body)}",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await asyncio.sleep(0.2)
    await gateway.app.drain()
    writer.write(body)
    async with asyncio.timeout(15):
        answer = await reader.read(1000)
    writer.close()
    assert b" 503 " in answer
    assert posts(backend) == []


async def test_a_ping_is_judged_by_the_wipe_that_came_with_its_body(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """The verdict passes, the wipe is heard, then the Ping would be entered among the long polls."""
    phone = await gateway.enrolled()
    body = encode(p.node("Ping:Ping", p.node("Ping:HeartbeatInterval", "600")))
    lines = [
        f"POST {ACTIVESYNC_PATH}?{plain(Command.PING, phone.identity)} HTTP/1.1",
        "Host: usher.example",
        f"Authorization: {basic(phone.identity)}",
        "MS-ASProtocolVersion: 16.1",
        "Content-Type: application/vnd.ms-sync.wbxml",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body[:3])
    await asyncio.sleep(0.2)
    async with gateway.hears():
        gateway.wipe()
    writer.write(body[3:])
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    assert answer.endswith(encode(p.node("Ping:Ping", p.node("Ping:Status", "7"))))
    assert posts(backend) == []
