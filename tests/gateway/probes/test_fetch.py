"""Requests to a stranger's server: what came, or why nothing did (product 2.5, 2.6)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from autodiscover.observation import Outcome
from certs.errors import CertificateError
from gateway.probes.answers import Fetched, Reason, Unreachable
from gateway.probes.dns import Resolver
from gateway.probes.fetch import LARGEST_BODY, fetch
from tests.support import ports
from tests.support.dns_server import Misfit, zone
from tests.support.stranger import (
    CHALLENGE,
    Identity,
    answer,
    expired,
    incomplete,
    self_signed,
    sound,
    stranger,
    trusted,
    untrusted,
)

NAME = "mail.acme.test"


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    records = zone(f"{NAME} 60 A 127.0.0.1", "two.acme.test 60 A 127.0.0.9", "two.acme.test 60 A 127.0.0.1")
    with Misfit(records) as names:
        yield Resolver([names.server], timeout_s=10)


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    return trusted(tmp_path)


async def test_an_answer_over_tls_with_all_that_is_known_of_it(resolver: Resolver, ca: Path) -> None:
    identity = sound(NAME)
    said = answer("200 OK", "Content-Type: text/xml", "X-Twice: 1", "X-Twice: 2", body=b"<here/>")
    async with stranger(said, identity) as server:
        url = f"https://{NAME}:{server.port}/autodiscover?x=%2f"
        seen = await fetch(resolver, url, method="POST", headers={"X-A": "b"}, body=b"hello", ca=ca)
    assert isinstance(seen, Fetched)
    assert (seen.status, seen.body, seen.cut, seen.peer) == (200, b"<here/>", False, "127.0.0.1")
    assert (seen.header("content-type"), seen.all("x-twice")) == ("text/xml", ("1", "2"))
    assert seen.header("X-Missing") == ""
    assert seen.chain == identity.chain
    assert 0 < seen.timings.resolved <= seen.timings.secured <= seen.timings.total
    (visit,) = server.visits
    assert (visit.method, visit.target, visit.body) == ("POST", "/autodiscover?x=%2f", b"hello")
    assert visit.headers["host"] == f"{NAME}:{server.port}"
    assert visit.headers["x-a"] == "b"


async def test_plain_http_and_no_redirect_is_followed(resolver: Resolver) -> None:
    async with stranger(answer("302 Found", "Location: https://elsewhere.test/")) as server:
        seen = await fetch(resolver, f"http://{NAME}:{server.port}/")
    assert isinstance(seen, Fetched)
    assert (seen.status, seen.header("Location"), seen.chain) == (302, "https://elsewhere.test/", ())
    assert len(server.visits) == 1


async def test_a_body_has_an_end_for_us(resolver: Resolver) -> None:
    async with stranger(answer("200 OK", body=bytes(LARGEST_BODY + 1))) as server:
        seen = await fetch(resolver, f"http://{NAME}:{server.port}/")
    assert isinstance(seen, Fetched)
    assert (len(seen.body), seen.cut) == (LARGEST_BODY, True)


@pytest.mark.parametrize(
    ("identity", "reason", "word"),
    [
        (sound("other.acme.test"), Reason.TLS_NAME, "is for other.acme.test, not for mail.acme.test"),
        (expired(NAME), Reason.TLS_EXPIRED, "expired on"),
        (incomplete(NAME), Reason.TLS_INCOMPLETE, "is missing"),
        (untrusted(NAME), Reason.TLS_UNTRUSTED, "not among the trusted roots"),
        (self_signed(NAME), Reason.TLS_SELF_SIGNED, "self-signed"),
    ],
    ids=["name", "expired", "incomplete", "untrusted", "self-signed"],
)
async def test_each_fault_of_a_certificate_has_its_reason_and_nothing_is_sent(
    resolver: Resolver, ca: Path, identity: Identity, reason: Reason, word: str
) -> None:
    async with stranger(CHALLENGE, identity) as server:
        seen = await fetch(resolver, f"https://{NAME}:{server.port}/", headers={"Authorization": "x"}, ca=ca)
    assert isinstance(seen, Unreachable)
    assert (seen.reason, seen.chain, seen.peer) == (reason, identity.chain, "127.0.0.1")
    assert word in seen.detail
    assert server.visits == []


async def test_the_authorities_of_this_machine_know_no_private_root(resolver: Resolver) -> None:
    async with stranger(CHALLENGE, sound(NAME)) as server:
        seen = await fetch(resolver, f"https://{NAME}:{server.port}/")
    assert isinstance(seen, Unreachable)
    assert seen.reason is Reason.TLS_UNTRUSTED


async def test_the_next_address_is_tried(resolver: Resolver, ca: Path) -> None:
    async with stranger(CHALLENGE, sound("two.acme.test")) as server:
        secure = await fetch(resolver, f"https://two.acme.test:{server.port}/", ca=ca)
    async with stranger() as server:
        plain = await fetch(resolver, f"http://two.acme.test:{server.port}/")
    for seen in (secure, plain):
        assert isinstance(seen, Fetched)
        assert seen.peer == "127.0.0.1"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_that_swallows_everything_leaves_time_for_the_next(ca: Path, scheme: str) -> None:
    """A full backlog looks like a firewall that drops: connections to it wait for ever."""
    identity = sound(NAME) if scheme == "https" else None
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(3):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.2", port))
        records = zone(f"{NAME} 60 A 127.0.0.2", f"{NAME} 60 A 127.0.0.9")
        with Misfit(records) as names:
            resolver = Resolver([names.server], timeout_s=10)
            async with stranger(CHALLENGE, identity, address="127.0.0.9", port=port):
                seen = await fetch(resolver, f"{scheme}://{NAME}:{port}/", ca=ca, timeout_s=12)
    assert isinstance(seen, Fetched)
    assert seen.peer == "127.0.0.9"


async def test_plain_http_where_tls_is_asked_for(resolver: Resolver, ca: Path) -> None:
    async with stranger(lambda _: answer("400 Bad")) as server:
        seen = await fetch(resolver, f"https://{NAME}:{server.port}/", ca=ca, timeout_s=2)
    assert isinstance(seen, Unreachable)
    assert seen.reason in (Reason.NOT_TLS, Reason.TIMEOUT)


async def _greeting(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.acme.test ESMTP\r\n")


async def test_another_protocol_where_tls_is_asked_for(resolver: Resolver, ca: Path) -> None:
    async with await asyncio.start_server(_greeting, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        seen = await fetch(resolver, f"https://{NAME}:{port}/", ca=ca)
    assert isinstance(seen, Unreachable)
    assert (seen.reason, seen.detail) == (Reason.NOT_TLS, "the server does not speak TLS 1.2 or later")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_nobody_listens(resolver: Resolver, ca: Path, scheme: str) -> None:
    (port,) = ports.free(1)
    seen = await fetch(resolver, f"{scheme}://{NAME}:{port}/", ca=ca)
    assert isinstance(seen, Unreachable)
    assert (seen.reason, seen.detail) == (Reason.REFUSED, "the connection was refused")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_host_that_says_nothing(resolver: Resolver, ca: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"{scheme}://{NAME}:{mute.getsockname()[1]}/"
        seen = await fetch(resolver, url, ca=ca, timeout_s=0.3)
    assert isinstance(seen, Unreachable)
    assert seen.reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, Reason.RESET),
        (b"220 I am no web server\r\n", Reason.NOT_HTTP),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Reason.RESET),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Reason.NOT_HTTP),
    ],
    ids=["closes", "no-http", "half-a-body", "broken-head"],
)
async def test_answers_that_are_none(resolver: Resolver, said: bytes | None, reason: Reason) -> None:
    async with stranger(said) as server:
        seen = await fetch(resolver, f"http://{NAME}:{server.port}/")
    assert isinstance(seen, Unreachable)
    assert seen.reason is reason


async def test_a_name_without_an_address(resolver: Resolver) -> None:
    seen = await fetch(resolver, "https://gone.acme.test/")
    assert isinstance(seen, Unreachable)
    assert (seen.reason, seen.detail) == (Reason.NO_ADDRESS, "no address: the name does not exist")
    assert seen.resolved is not None
    assert seen.resolved.outcome is Outcome.NXDOMAIN


async def test_an_address_needs_no_resolver() -> None:
    async with stranger() as server:
        seen = await fetch(Resolver([], timeout_s=0.1), f"http://127.0.0.1:{server.port}/")
    assert isinstance(seen, Fetched)


@pytest.mark.parametrize("url", ["ftp://acme.test/", "//acme.test/", "https:///x"])
async def test_what_is_no_url_is_the_callers_fault(resolver: Resolver, url: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        await fetch(resolver, url)


async def test_authorities_that_cannot_be_read(resolver: Resolver, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        await fetch(resolver, f"https://{NAME}/", ca=tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(CertificateError):
        await fetch(resolver, f"https://{NAME}/", ca=tmp_path / "empty.pem")


async def test_a_password_is_not_shown_by_a_value(resolver: Resolver) -> None:
    secret: Callable[[object], bytes] = lambda _: answer("200 OK", body=b"secret")  # noqa: E731
    async with stranger(secret) as server:
        assert "secret" not in repr(await fetch(resolver, f"http://{NAME}:{server.port}/"))
