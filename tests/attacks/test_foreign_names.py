"""Host, X-Forwarded-* and Forwarded as weapons (T13; product 2.3: no answer is ever built from Host).

Every route that the code knows is asked with names that are not ours, through the real listener; whatever
comes back must hold nothing of them.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiscover import FORMATS
from gateway.app import redirect
from gateway.config import Limits
from gateway.endpoints import profiles, wellknown
from gateway.endpoints.middleware import TRACE, Guard
from gateway.endpoints.redirect import REDIRECTED
from gateway.endpoints.routing import _SPELLINGS
from gateway.log import AccessLog
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import DOMAIN
from tests.support.raw import Raw, send
from tests.support.serving import QUIET, Receive, Scope, Send, ours, read_body, respond

MARK = "evil-marker"
NAMES = [
    f"{MARK}.example",
    f"{MARK}.example:443",
    f"usher.example.{MARK}.example",
    f"{MARK}.usher.example",
    f"{MARK}.{DOMAIN}",
    f"usher.example:{MARK}",
    f"usher.example@{MARK}.example",
    f"usher.example/{MARK}",
    f"usher.example, {MARK}.example",
    f"{MARK}.example\tusher.example",
    f"usher.example#{MARK}",
    f"usher.example\\{MARK}",
    f"[::{MARK}]",
    f"xn--{MARK}.example",
    f"{MARK}\u0130.example",
    f"{'a.' * 120}{MARK}.example",
]
STEERING = [
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Host",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-URL",
    "Forwarded",
]
BODIES = {
    "POST": b"<x/>",
    "PROPFIND": b"",
    "GET": b"",
    "OPTIONS": b"",
}


def routes() -> list[str]:
    """From the code: every format's own paths, and those of the other places."""
    found = {"/", "/nowhere", *_SPELLINGS, *profiles.PATHS, *wellknown.ROOTS, *REDIRECTED}
    for spoken in FORMATS:
        paths = {getattr(spoken, "PATH", "")} | set(getattr(spoken, "PATHS", ()))
        known = {path for path in paths if path.startswith("/")}
        assert known and all(spoken.matches(path) for path in known), spoken
        found |= known
    found.add("/autodiscover/autodiscover.json/v1.0/ann@acme.example")
    found.add(profiles.LINK_PATH + "0" * 64)
    return sorted(found)


async def ask(port: int, method: str, path: str, host: str, *headers: str) -> Raw:
    body = BODIES[method]
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return await send(port, "\r\n".join(lines).encode("utf-8") + body, quiet_s=10)


@pytest.mark.parametrize("host", NAMES, ids=range(len(NAMES)))
async def test_no_route_says_a_word_of_a_foreign_host(gateway: Gateway, host: str) -> None:
    for path in routes():
        for method in BODIES:
            answer = await ask(gateway.port, method, path, host)
            assert answer.status in (400, 421), (method, path)
            assert MARK.encode() not in answer.octets, (method, path)


@pytest.mark.parametrize("host", NAMES[:5], ids=range(5))
async def test_no_route_builds_anything_of_a_host_that_got_in(gateway: Gateway, host: str) -> None:
    """As in the moment before the directory was read; signed in and not."""
    gateway.app._hosts.serves = lambda _: True  # type: ignore[method-assign]
    basic = b64encode(f"ann@{DOMAIN}:{PASSWORD}".encode()).decode()
    for path in routes():
        for method in BODIES:
            for headers in ((), (f"Authorization: Basic {basic}", "Content-Type: text/xml")):
                answer = await ask(gateway.port, method, path, host, *headers)
                assert answer.status not in (None, 421), (method, path)
                assert MARK.encode() not in answer.octets, (method, path)


async def test_no_route_is_steered_by_a_header_beside_a_good_host(gateway: Gateway) -> None:
    forged = [f"{name}: {MARK}.example" for name in STEERING]
    for path in routes():
        for method in BODIES:
            host = "usher.example"
            plain, steered = (
                await ask(gateway.port, method, path, host),
                await ask(gateway.port, method, path, host, *forged),
            )
            assert MARK.encode() not in steered.octets, (method, path)
            assert plain.status == steered.status, (method, path)
            assert _location(plain) == _location(steered), (method, path)


def _location(answer: Raw) -> list[bytes]:
    head = answer.octets.partition(b"\r\n\r\n")[0]
    return [line for line in head.split(b"\r\n") if line.lower().startswith(b"location:")]


@pytest.fixture
async def port_80(gateway: Gateway) -> AsyncIterator[int]:
    app = redirect(gateway.config)
    async with ours(app) as port:
        yield port


@pytest.mark.parametrize("host", NAMES, ids=range(len(NAMES)))
async def test_port_80_leads_nowhere_else(port_80: int, host: str) -> None:
    for path in routes():
        for method in ("GET", "POST", "OPTIONS"):
            answer = await ask(port_80, method, path, host, f"X-Forwarded-Host: {MARK}.example")
            assert MARK.encode() not in answer.octets
            for line in _location(answer):
                assert line.startswith(b"location: https://usher.example/")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F), min_size=1, max_size=40))
def test_whatever_stands_in_host_comes_back_in_no_form(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """One connection each; the answers are compared octet for octet but for the request's own number."""
    asyncio.run(_nothing_of(text, tmp_path_factory.mktemp("host")))


async def _nothing_of(text: str, folder: Path) -> None:
    async with RecordingBackend() as backend, serving(folder, backend) as gateway:
        hostile = await ask(gateway.port, "POST", "/autodiscover/autodiscover.xml", MARK + text)
        assert hostile.status in (400, 408, 421)
        assert MARK.encode() not in hostile.octets
        assert backend.seen == []


class Spy:
    """Keeps who was named as the asker."""

    client = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.client = scope[TRACE].client
        await read_body(receive)
        await respond(send, 200)


async def named(
    *headers: str, trusted: tuple[str, ...] = ("127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32")
) -> str:
    """Whom the gateway takes for the asker, when the peer is 127.0.0.1."""
    spy = Spy()
    networks = tuple(ip_network(network) for network in trusted)
    guard = Guard(spy, Limits(), networks, AccessLog(QUIET))
    async with ours(guard, guarded=False) as port:
        await ask(port, "GET", "/x", "usher.example", *headers)
    return spy.client


FOR = "X-Forwarded-For: "


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ([FOR + "198.51.100.1"], "198.51.100.1"),
        ([FOR + "203.0.113.9, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        ([FOR + "203.0.113.9", FOR + "198.51.100.1", FOR + "10.1.1.1, 10.2.2.2"], "198.51.100.1"),
        ([FOR + "garbage, 198.51.100.1"], "198.51.100.1"),
        ([FOR + "198.51.100.1, garbage"], "127.0.0.1"),
        ([FOR + "198.51.100.1:4711"], "127.0.0.1"),
        ([FOR + "198.51.100.1,"], "127.0.0.1"),
        ([FOR + "10.0.0.1, 10.0.0.2"], "127.0.0.1"),
        ([FOR + "2001:db8::7"], "127.0.0.1"),
        ([FOR + "2001:470::1, 2001:db8::7"], "2001:470::1"),
        ([FOR + "[2001:470::1]"], "127.0.0.1"),
        ([FOR + "<script>"], "127.0.0.1"),
        (["Forwarded: for=198.51.100.1"], "127.0.0.1"),
        (["X-Real-IP: 198.51.100.1"], "127.0.0.1"),
        (["X-Client-IP: 198.51.100.1"], "127.0.0.1"),
        ([FOR + "127.0.0.1"], "127.0.0.1"),
    ],
    ids=range(16),
)
async def test_the_asker_behind_trusted_proxies(headers: list[str], client: str) -> None:
    """What stands left of the first address that is no proxy of ours is the client's own invention."""
    assert await named(*headers) == client


@pytest.mark.parametrize("header", ["198.51.100.1", "10.0.0.1", "::1", "garbage"])
async def test_nobody_else_is_believed(header: str) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert await named(f"{name}: {header}", trusted=("192.0.2.0/24",)) == "127.0.0.1"
        assert await named(f"{name}: {header}", trusted=()) == "127.0.0.1"
