"""gateway.proxy.wire: each thing it takes for granted of aiohttp's inside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gateway.proxy import wire as module
from gateway.proxy.wire import Wire
from tests.support.backend import Exchange, RecordingBackend, Script, chunked, head, raw, reply


@asynccontextmanager
async def wired(script: Script, *, limit: int = 10) -> AsyncIterator[tuple[Wire, RecordingBackend]]:
    async with (
        RecordingBackend(script) as backend,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session,
    ):
        wire = Wire(session, f"http://127.0.0.1:{backend.port}", 5.0, True)
        wire.keeps = True
        yield wire, backend
        wire.close()


async def test_every_octet_of_the_request():
    async with wired(reply(200, b"x")) as (wire, backend):
        answer = await wire.ask("POST", "/p?q=%2F+a", [("A", "1"), ("B", "ü")], b"body")
        assert await answer.content.read() == b"x"
        assert backend.seen[0].raw == (
            f"POST /p?q=%2F+a HTTP/1.1\r\nHost: 127.0.0.1:{backend.port}\r\n".encode()
            + "A: 1\r\nB: ü\r\nContent-Length: 4\r\n\r\nbody".encode()
        )


async def test_a_connection_goes_back_when_the_answer_is_read():
    async with wired(chunked(b"a" * 70_000, b"b" * 70_000)) as (wire, backend):
        for _ in range(3):
            answer = await wire.ask("POST", "/", [], b"")
            assert not answer.closed
            assert len(await answer.content.read()) == 140_000
            assert answer.closed
        assert backend.connections == 1


async def test_a_connection_is_closed_when_the_answer_is_not_read():
    async with wired(chunked(b"a", stuck=True)) as (wire, backend):
        answer = await wire.ask("POST", "/", [], b"")
        answer.close()
        assert answer.closed
        await backend.until(lambda server: server.open == 0)


async def test_a_cancelled_question_closes_its_connection_and_frees_its_place():
    async def silent(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.gone()
        await exchange.hang_up()

    async with wired(silent, limit=1) as (wire, backend):
        asking = asyncio.get_running_loop().create_task(wire.ask("POST", "/", [], b""))
        await backend.until(lambda server: bool(server.seen))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await backend.until(lambda server: server.open == 0)
        backend.script = reply(200, b"x")
        assert (await wire.ask("POST", "/", [], b"")).status == 200


async def test_interim_answers_are_skipped():
    script = raw(head(100, {}) + head(103, {"Link": "x"}) + head(200, {"Content-Length": "1"}) + b"x")
    async with wired(script) as (wire, _):
        answer = await wire.ask("POST", "/", [], b"")
        assert (answer.status, await answer.content.read()) == (200, b"x")


async def test_an_upgrade_is_an_answer():
    async with wired(raw(head(101, {"Upgrade": "x", "Connection": "upgrade"}))) as (wire, _):
        answer = await wire.ask("POST", "/", [], b"")
        assert answer.status == 101
        answer.close()


@pytest.mark.parametrize(
    "octets", [b"", b"HTTP/1.1", b"nonsense\r\n\r\n", head(200, {"Content-Length": "x"})]
)
async def test_no_answer(octets):
    async with wired(raw(octets)) as (wire, backend):
        with pytest.raises(aiohttp.ClientError):
            await wire.ask("POST", "/", [], b"")
        await backend.until(lambda server: server.open == 0)


async def test_octets_after_an_answer_poison_no_other_request():
    poison = head(200, {"Content-Length": "1"}) + b"xHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    async with wired(raw(poison, then_close=False)) as (wire, backend):
        answer = await wire.ask("POST", "/", [], b"")
        assert await answer.content.read() == b"x"
        backend.script = reply(200, b"clean")
        answer = await wire.ask("POST", "/", [], b"")
        assert await answer.content.read() == b"clean"
        assert backend.connections == 2


@pytest.mark.parametrize("text", ["a\r\nX: 1", "a\nX", "a\rX"])
async def test_a_line_break_goes_nowhere(text):
    async with wired(reply()) as (wire, backend):
        with pytest.raises(ValueError, match="line break"):
            await wire.ask("POST", "/", [("A", text)], b"")
        with pytest.raises(ValueError, match="line break"):
            await wire.ask("POST", "/" + text, [], b"")
        assert backend.seen == []


async def closing(exchange: Exchange) -> None:
    """SOGo: the connection is closed after the answer, a moment later, and nothing announces it."""
    await exchange.read()
    await exchange.write(head(200, {"Content-Length": "1"}) + b"x")
    await asyncio.sleep(0.05)
    await exchange.hang_up()


async def test_a_server_that_closes_without_a_word_loses_no_request(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.2)
    async with wired(closing) as (wire, backend):
        wire.keeps = None
        for _ in range(20):
            answer = await wire.ask("POST", "/", [], b"")
            assert await answer.content.read() == b"x"
        await asyncio.sleep(0.3)
        assert wire.keeps is False
        for _ in range(20):
            answer = await wire.ask("POST", "/", [], b"")
            assert await answer.content.read() == b"x"
        assert backend.connections == 40


async def test_a_server_that_keeps_connections_is_found_out(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    async with wired(reply(200, b"x")) as (wire, backend):
        wire.keeps = None
        for _ in range(3):
            await (await wire.ask("POST", "/", [], b"")).content.read()
        assert backend.connections == 3
        await asyncio.sleep(0.1)
        assert wire.keeps is True
        for _ in range(3):
            await (await wire.ask("POST", "/", [], b"")).content.read()
        assert backend.connections == 3


async def test_a_lost_request_puts_it_in_doubt_again():
    async with wired(reply(200, b"x")) as (wire, backend):
        await (await wire.ask("POST", "/", [], b"")).content.read()
        backend.script = raw(b"")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await wire.ask("POST", "/", [], b"")
        assert wire.keeps is None
