"""The slow answer: the usual one in two halves, for who asks, and for nobody else."""

import asyncio

import pytest

from gateway.endpoints.drip import HEADER, drip, wants_drip
from gateway.endpoints.rendering import METHOD_NOT_ALLOWED
from gateway.proxy.asgi import Message
from tests.support.gateway import Gateway
from tests.support.serving import exchange

HEAD = b"%s /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: usher.example\r\n%sConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "headers", "wanted"),
    [
        ("GET", [(HEADER, b"1")], True),
        ("GET", [], False),
        ("POST", [(HEADER, b"1")], False),
        ("OPTIONS", [(HEADER, b"1")], False),
    ],
)
def test_who_wants_it(method: str, headers: list[tuple[bytes, bytes]], wanted: bool) -> None:
    assert wants_drip({"method": method, "headers": headers}) is wanted


async def test_it_begins_before_it_ends_and_says_no_length() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    dripping = asyncio.ensure_future(drip(send, 0.01))
    await asyncio.sleep(0)
    assert len(sent) == 2
    await dripping
    start, *parts = sent
    assert start["status"] == METHOD_NOT_ALLOWED.status
    assert b"content-length" not in dict(start["headers"])
    assert b"".join(part["body"] for part in parts) == METHOD_NOT_ALLOWED.body
    assert [part["more_body"] for part in parts] == [True, False]


async def test_the_endpoint_drips_for_who_asks(gateway: Gateway) -> None:
    usual = await exchange(gateway.port, HEAD % (b"GET", b""))
    asked = await exchange(gateway.port, HEAD % (b"GET", b"X-Usher-Drip: 1\r\n"))
    assert usual.split(b"\r\n")[0] == asked.split(b"\r\n")[0]
    assert b"transfer-encoding: chunked" in asked.lower()
    assert b"content-length" in usual.lower()
