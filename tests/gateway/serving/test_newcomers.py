"""Strangers' connections are bounded, and whoever signs in is not kept out by them (T20, T21)."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.config import Limits
from gateway.endpoints.credentials import PROVEN
from gateway.serving.newcomers import Newcomers
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving, until
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import DOMAIN, mail_server
from tests.support.serving import Receive, Scope, Send, heard, ours, post, read_body, respond, tighter


@dataclass(eq=False)
class One:
    """A connection."""

    idle: bool = True
    ended: list[None] = field(default_factory=list)

    def expire(self) -> None:
        self.ended.append(None)


def test_one_address_has_its_share_and_the_oldest_idle_makes_room() -> None:
    counted = Newcomers(tighter(newcomers_per_address=3))
    first, second, third, fourth = busy, *_ = [One(idle=False), One(), One(), One()]
    assert all(counted.admit(each, "192.0.2.1") for each in (first, second, third))
    assert not second.ended
    assert counted.admit(fourth, "192.0.2.1")
    assert [len(each.ended) for each in (busy, second, third, fourth)] == [0, 1, 0, 0]
    assert counted.admit(One(), "192.0.2.2")
    assert len(counted) == 4


def test_where_all_are_busy_the_new_one_is_turned_away() -> None:
    counted = Newcomers(tighter(newcomers_per_address=2))
    mine = [One(idle=False), One(idle=False)]
    assert all(counted.admit(each, "2001:db8::1") for each in mine)
    assert not counted.admit(One(), "2001:db8::ffff")
    assert counted.admit(One(), "2001:db8:0:1::1")
    counted.leave(mine[0])
    counted.leave(mine[0])
    assert counted.admit(One(), "2001:db8::ffff")


def test_all_addresses_together_have_a_limit() -> None:
    counted = Newcomers(tighter(newcomers=10))
    crowd = [One() for _ in range(10)]
    assert all(counted.admit(each, f"192.0.2.{number}") for number, each in enumerate(crowd))
    assert not any(each.ended for each in crowd)
    assert counted.admit(One(), "192.0.2.99")
    assert [bool(each.ended) for each in crowd] == [True, *[False] * 9]
    assert len(counted) == 10


def test_memory_is_given_back() -> None:
    counted = Newcomers(Limits())
    crowd = [One() for _ in range(100)]
    for number, each in enumerate(crowd):
        counted.admit(each, f"192.0.2.{number % 7}")
    for each in crowd:
        counted.leave(each)
    assert (len(counted), counted._of_line) == (0, {})


def test_a_front_proxy_and_a_unix_socket_are_not_counted() -> None:
    counted = Newcomers(tighter(newcomers_per_address=1), [ip_network("10.0.0.0/8")])
    assert all(counted.admit(One(idle=False), address) for address in ["10.0.0.1"] * 5 + [""] * 5)
    assert len(counted) == 0
    assert counted.admit(One(idle=False), "fe80::1%eth0")
    assert not counted.admit(One(idle=False), "fe80::1%eth0")


async def signs_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes whoever asks for /in for somebody who has signed in."""
    await read_body(receive)
    if scope["path"] == "/in" and PROVEN in scope["state"]:
        scope["state"][PROVEN]()
    await respond(send, 200, b"again" if PROVEN not in scope["state"] else b"")


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Stream]]:
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        yield streams
    finally:
        for _, writer in streams:
            writer.transport.abort()


async def asked(stream: Stream, path: bytes) -> bytes:
    reader, writer = stream
    writer.write(post(path, close=False))
    async with asyncio.timeout(10):
        return await reader.readuntil(b"\r\n\r\n")


async def test_whoever_has_signed_in_keeps_the_connection_and_gives_the_place_free() -> None:
    limits = tighter(newcomers_per_address=4)
    async with ours(signs_in, limits) as port, connected(port, 4) as signed:
        for stream in signed:
            assert (await asked(stream, b"/in")).startswith(b"HTTP/1.1 200")
        async with connected(port, 4) as fresh:
            for stream in fresh:
                assert (await asked(stream, b"/out")).startswith(b"HTTP/1.1 200")
            async with connected(port, 1) as (one_more,):
                assert (await asked(one_more, b"/out")).startswith(b"HTTP/1.1 200")
                assert b"200" not in await heard(fresh[0][0], patience=10)
                assert (await asked(fresh[1], b"/out")).startswith(b"HTTP/1.1 200")
        for stream in signed:
            assert (await asked(stream, b"/out")).startswith(b"HTTP/1.1 200")


async def over(reader: asyncio.StreamReader) -> None:
    """Until the other side has ended the connection, by an answer or without."""
    with contextlib.suppress(ConnectionError):
        await reader.read()


@pytest.fixture
async def small(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(
        tmp_path, backend, limits=tighter(newcomers=20, newcomers_per_address=20, header_timeout_s=120)
    ) as running:
        yield running


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(mail_server) as running:
        yield running


async def test_a_phone_syncs_through_a_flood_of_half_open_connections(
    small: Gateway, backend: RecordingBackend
) -> None:
    """Its own connection was there before the flood, and a new one finds a place in the middle of it."""
    phone = await small.enrolled()
    waiting = await small.parked(phone, backend)
    async with connected(small.port, 200) as flood:
        for _, writer in flood:
            with contextlib.suppress(ConnectionError):
                writer.write(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: a\r\n")
        for _ in range(5):
            token = base64.b64encode(f"ann@{DOMAIN}:{PASSWORD}".encode()).decode()
            async with connected(small.port, 1) as (stream,):
                line = b"Authorization: Basic " + token.encode()
                stream[1].write(post(b"/autodiscover/autodiscover.xml", b"<x/>", line, close=False))
                async with asyncio.timeout(10):
                    assert (await stream[0].readline()).startswith(b"HTTP/1.1 200")
        ended = [asyncio.ensure_future(over(reader)) for reader, _ in flood]
        await until(lambda: sum(each.done() for each in ended) >= 180, 15)
        assert not waiting.done()
    for each in (*ended, waiting):
        each.cancel()
