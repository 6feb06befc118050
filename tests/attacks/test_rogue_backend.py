"""A mail server that was taken over, or never was right: no device gets an order from it (T15, T36)."""

import asyncio
import gzip

import pytest

from mdm.ashttp import Command
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import WBXML, Exchange, RecordingBackend, head
from tests.support.gateway import Gateway
from tests.support.mail_server import posts

WIPE = encode(p.node("Provision:Provision", p.node("Provision:Status", "1"), p.node("Provision:RemoteWipe")))
BODY = WIPE[4:]
"""The document without its WBXML header."""

DISGUISES = {
    "as it is": ({}, (WIPE,)),
    "another type": ({"Content-Type": "application/octet-stream"}, (WIPE,)),
    "mail": ({"Content-Type": "message/rfc822"}, (WIPE,)),
    "error": ({"status": "500"}, (WIPE,)),
    "long, in two pieces": ({}, (WIPE[:1], WIPE[1:] + bytes(70_000))),
    "long, after the header": ({}, (WIPE[:4], WIPE[4:] + bytes(70_000))),
    "another WBXML version": ({}, (b"\x02\x01\x6a\x00" + BODY,)),
    "a public identifier of two octets": ({}, (b"\x03\x81\x01\x6a\x00" + BODY,)),
    "a string table": ({}, (b"\x03\x01\x6a\x03abc" + BODY,)),
    "another charset": ({}, (b"\x03\x01\x03\x00" + BODY,)),
    "the page switched twice": ({}, (b"\x03\x01\x6a\x00\x00\x00" + BODY,)),
    "the page switched for ever": ({}, (WIPE[:4] + b"\0\0" * 40 + BODY,)),
    "a root with attributes": ({}, (WIPE[:4] + b"\0\x0e\xc5\x01" + BODY[3:],)),
    "compressed": ({"Content-Encoding": "gzip"}, (gzip.compress(WIPE),)),
}


@pytest.mark.parametrize("name", DISGUISES)
async def test_a_wipe_of_the_backends_reaches_no_device(
    gateway: Gateway, backend: RecordingBackend, name: str
) -> None:
    changed, parts = DISGUISES[name]
    headers = {"Content-Type": WBXML, "Content-Length": str(sum(map(len, parts))), **changed}
    status = int(headers.pop("status", "200"))

    async def evil(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(head(status, headers))
        for part in parts:
            await exchange.write(part)
            await asyncio.sleep(0.1)

    phone = await gateway.enrolled()
    backend.script = evil
    answer = await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync())
    assert posts(backend) == ["FolderSync"]
    assert BODY[3:] not in answer.body
    assert not answer.headers.get("content-encoding")
    assert answer.http in (500, 502, 503)


async def test_an_answer_that_nobody_asked_for_is_nobodys(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """Octets that come on a kept connection between two requests are not the second one's answer."""
    ann, bob = await gateway.enrolled(), await gateway.enrolled("bob", "PHONE2")
    good = head(200, {"Content-Type": WBXML, "Content-Length": "4"})

    async def chatty(exchange: Exchange) -> None:
        await exchange.read()
        mine = b"ann!" if "PHONE1" in exchange.seen.target else b"bob!"
        await exchange.write(good + mine)
        await asyncio.sleep(1.0)
        if mine == b"ann!":
            await exchange.write(good + b"ann2")

    backend.script = chatty
    wire = gateway.app._upstreams["default"]._wire
    wire.keeps = True
    assert (await gateway.post(ann, Command.FOLDER_SYNC, p.folder_sync())).body == b"ann!"
    await asyncio.sleep(1.3)
    assert (await gateway.post(bob, Command.FOLDER_SYNC, p.folder_sync())).body == b"bob!"
