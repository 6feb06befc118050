"""gateway.proxy.upstream against a recording backend."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Backend, Credentials, UserMapping
from gateway.proxy import upstream as module
from gateway.proxy.backends import Route
from gateway.proxy.breaker import OPENS_AFTER
from gateway.proxy.race import Ending, Lost
from gateway.proxy.upstream import LoginAnswer, Upstream
from mdm.ashttp import Version
from tests.support.backend import (
    COMMANDS,
    VERSIONS,
    Exchange,
    RecordingBackend,
    Script,
    challenging,
    raw,
    reply,
)
from tests.support.certificates import server_files

ANNOUNCING = reply(200, MS_ASProtocolVersions=VERSIONS, MS_ASProtocolCommands=COMMANDS)


@asynccontextmanager
async def asking(script: Script, **config: Any) -> AsyncIterator[tuple[Upstream, RecordingBackend]]:
    async with RecordingBackend(script) as backend:
        upstream = Upstream(Route(Backend("b", backend.url, **config), secret=b"s3"))
        try:
            yield upstream, backend
        finally:
            await upstream.close()


async def test_login():
    async with asking(challenging("user1", "pässword")) as (upstream, backend):
        assert await upstream.check_login("user1", "pässword") is LoginAnswer.ACCEPTED
        assert await upstream.check_login("user1", "wrong") is LoginAnswer.REJECTED
        assert await upstream.check_login("User1", "pässword") is LoginAnswer.REJECTED
        assert [seen.method for seen in backend.seen] == ["OPTIONS"] * 4
        assert {seen.target for seen in backend.seen} == {"/Microsoft-Server-ActiveSync"}
        assert backend.seen[0].header("authorization") is None


async def test_login_maps_the_name():
    config = {"user_mapping": UserMapping.LOCAL_PART}
    async with asking(challenging("user1", "secret"), **config) as (upstream, _):
        assert await upstream.check_login("user1@example.test", "secret") is LoginAnswer.ACCEPTED
        assert await upstream.check_login("DOMAIN\\user1", "secret") is LoginAnswer.ACCEPTED


async def test_a_backend_that_challenges_nobody_vouches_for_nobody():
    async with asking(ANNOUNCING) as (upstream, backend):
        assert await upstream.check_login("user1", "anything") is LoginAnswer.UNAVAILABLE
        assert [seen.header("authorization") for seen in backend.seen] == [None]


async def test_an_answer_without_the_lists_accepts_nobody():
    """SOGo answers OPTIONS with 200 to anybody below a wrong path."""

    async def wrong_path(exchange: Exchange) -> None:
        anonymous = exchange.seen.header("authorization") is None
        await reply(401 if anonymous else 200)(exchange)

    async with asking(wrong_path) as (upstream, _):
        assert await upstream.check_login("user1", "anything") is LoginAnswer.UNAVAILABLE


async def test_a_backend_that_trusts_a_header_checks_no_password():
    async with asking(ANNOUNCING, credentials=Credentials.TRUSTED) as (upstream, backend):
        assert await upstream.check_login("user1", "anything") is LoginAnswer.UNAVAILABLE
        assert backend.seen == []


@pytest.mark.parametrize("script", [reply(500), reply(503), raw(b""), raw(b"garbage\r\n\r\n")])
async def test_a_broken_backend_rejects_nobody(script):
    async with asking(script) as (upstream, _):
        assert await upstream.check_login("user1", "x") is LoginAnswer.UNAVAILABLE


async def test_a_silent_backend_rejects_nobody(monkeypatch):
    monkeypatch.setattr(module, "PROBE_S", 0.1)

    async def silent(exchange: Exchange) -> None:
        await exchange.gone()

    async with asking(silent) as (upstream, backend):
        assert await upstream.check_login("user1", "x") is LoginAnswer.UNAVAILABLE
        await backend.until(lambda server: server.open == 0)


async def test_capabilities_are_asked_once_and_outlive_an_outage(monkeypatch):
    async with asking(challenging("user1", "secret")) as (upstream, backend):
        credentials = (("Authorization", "Basic dXNlcjE6c2VjcmV0"),)
        found, again = await asyncio.gather(
            upstream.capabilities(credentials), upstream.capabilities(credentials)
        )
        assert found is again is not None
        assert found.versions == tuple(Version)
        assert found.commands == tuple(COMMANDS.split(","))
        assert len(backend.seen) == 1
        monkeypatch.setattr("gateway.proxy.capabilities.LIFETIME_S", 0.0)
        backend.script = raw(b"")
        assert await upstream.capabilities(credentials) is found
        assert len(backend.seen) == 2


async def test_a_login_teaches_the_capabilities():
    async with asking(challenging("user1", "secret")) as (upstream, backend):
        await upstream.check_login("user1", "secret")
        asked = len(backend.seen)
        assert await upstream.capabilities(()) is not None
        assert len(backend.seen) == asked


async def test_the_breaker_opens_and_closes(monkeypatch):
    monkeypatch.setattr("gateway.proxy.breaker.OPEN_S", 0.2)
    async with asking(reply(200, b"x")) as (upstream, backend):
        await backend.__aexit__()
        for _ in range(OPENS_AFTER):
            assert not upstream.breaker.open
            with pytest.raises(Lost) as lost:
                await upstream.open("POST", "/", [], b"")
            assert lost.value.ending is Ending.DOWN
        assert upstream.breaker.open
        async with RecordingBackend(reply(200, b"x"), port=backend.port) as back:
            with pytest.raises(Lost):
                await upstream.open("POST", "/", [], b"")
            assert back.seen == []
            await asyncio.sleep(0.25)
            answer = await upstream.open("POST", "/", [], b"")
            assert await answer.content.read() == b"x"
            assert not upstream.breaker.open


async def test_a_connection_that_is_not_answered_is_down_in_time():
    """A listener whose queue is full: SYNs are dropped."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        upstream = Upstream(Route(Backend("b", f"http://127.0.0.1:{port}/x", connect_timeout_s=0.3)))
        with pytest.raises(Lost) as lost:
            async with asyncio.timeout(5):
                await upstream.open("POST", "/", [], b"")
        assert lost.value.ending is Ending.DOWN
        await upstream.close()
        for filler in fillers:
            filler.close()


async def test_tls_is_verified_unless_switched_off(tmp_path: Path):
    certificate, key = server_files(tmp_path, "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with RecordingBackend(reply(200, b"x"), tls=context) as backend:
        for name, config, well in (
            ("localhost", {"ca_file": tmp_path / "ca.pem"}, True),
            ("127.0.0.1", {"ca_file": tmp_path / "ca.pem"}, False),
            ("localhost", {}, False),
            ("127.0.0.1", {"verify": False}, True),
        ):
            upstream = Upstream(Route(Backend("b", f"https://{name}:{backend.port}/x", **config)))
            try:
                answer = await upstream.open("POST", "/x", [], b"")
                assert await answer.content.read() == b"x"
                assert well
            except Lost as lost:
                assert not well
                assert lost.ending is Ending.DOWN
            finally:
                await upstream.close()
        assert len(backend.seen) == 2


async def test_an_authority_that_is_not_there(tmp_path: Path):
    missing = Backend("b", "https://127.0.0.1:1/x", ca_file=tmp_path / "none.pem")
    with pytest.raises(FileNotFoundError):
        Upstream(Route(missing))
