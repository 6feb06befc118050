"""Which Host is answered: names that are ours, from memory, and 421 without a word for the rest (T13)."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Backend, Limits, Tls
from gateway.endpoints.hosts import ServedHosts, certified_names, folded
from gateway.errors import GatewayError, Kind
from gateway.records import Change, Scope
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.handshakes import Files
from tests.support.inhabited import ADMIN, configured
from tests.support.mail_server import DOMAIN
from tests.support.raw import Raw, send

ROOT, XML = "/Microsoft-Server-ActiveSync", "/autodiscover/autodiscover.xml"
PATHS = [ROOT, XML, "/autodiscover/autodiscover.json", "/mail/config-v1.1.xml", "/", "/nowhere"]


async def ask(port: int, *hosts: bytes, path: str = XML, method: str = "POST", version: str = "1.1") -> Raw:
    lines = [f"{method} {path} HTTP/{version}".encode(), *(b"Host: " + host for host in hosts)]
    request = b"\r\n".join([*lines, b"Content-Length: 3", b"Connection: close", b"", b"abc"])
    return await send(port, request, quiet_s=5)


class Directory:
    """Domains that are read, with a count and an outage."""

    def __init__(self, *domains: str) -> None:
        self.domains = list(domains)
        self.reads = 0
        self.away = False
        self.broken = False
        self.gate: asyncio.Event | None = None

    async def read(self) -> list[str]:
        self.reads += 1
        found = list(self.domains)
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise GatewayError(Kind.UNAVAILABLE)
        if self.broken:
            raise ValueError("nobody foresaw this")
        return found


async def known(directory: Directory, public: str = "usher.example", *extra: str) -> ServedHosts:
    hosts = ServedHosts(public, extra, {"certified.example", "*"}.__contains__, directory.read)
    await hosts.start()
    return hosts


OURS = [
    b"usher.example",
    b"usher.example:443",
    b"USHER.Example:8443",
    b"usher.example.",
    b"usher.example.:443",
    b"acme.example",
    b"autodiscover.acme.example",
    b"AutoConfig.Acme.example",
    b"ua-auto-config.acme.example:443",
    b"certified.example",
    b"proxy.internal",
    b"192.0.2.7:80",
    b"[2001:db8::1]",
    b"[2001:DB8::1]:8443",
]
FOREIGN = [
    b"",
    b"evil.example",
    b"usher.example.evil.example",
    b"evil.usher.example",
    b"mail.acme.example",
    b"xacme.example",
    b"usher.example..",
    b"192.0.2.8",
    b"[2001:db8::2]",
    b"localhost",
    b"127.0.0.1",
    b"[::1]",
    b"\xe9vil.example",
    b"usher.example@evil.example",
    b":443",
]


@pytest.mark.parametrize("host", OURS)
async def test_our_names_in_their_spellings(host: bytes) -> None:
    directory = Directory("acme.example")
    assert (await known(directory, "usher.example", "proxy.internal", "192.0.2.7", "2001:db8::1")).serves(
        host
    )


@pytest.mark.parametrize("host", FOREIGN)
async def test_foreign_names(host: bytes) -> None:
    assert not (await known(Directory("acme.example"))).serves(host)


async def test_loopback_names_are_ours_where_the_public_host_is_localhost() -> None:
    hosts = await known(Directory(), "localhost")
    assert all(hosts.serves(host) for host in (b"localhost:8443", b"127.0.0.1:8443", b"[::1]:8443"))
    assert not hosts.serves(b"127.0.0.2")


@given(st.binary(max_size=40))
def test_no_host_makes_the_comparison_fail(host: bytes) -> None:
    assert folded(host).isascii()


async def test_a_change_of_an_organisation_is_read_once_for_many_and_again_for_a_later_one() -> None:
    directory = Directory("acme.example")
    hosts = await known(directory)
    hosts.changed([Change(Scope.DEVICE, "m-1"), Change(Scope.USER, "m-1"), Change(Scope.POLICY, "m-1")])
    await asyncio.sleep(0)
    assert directory.reads == 1
    directory.gate = asyncio.Event()
    hosts.changed([Change(Scope.ORGANISATION, "m-1")])
    await until(lambda: directory.reads == 2)
    directory.domains = ["new.example"]
    for _ in range(50):
        hosts.changed([Change(Scope.ORGANISATION, "m-1")])
    directory.gate.set()
    await until(lambda: hosts.serves(b"autodiscover.new.example"))
    assert directory.reads == 3
    assert not hosts.serves(b"autodiscover.acme.example")


async def test_while_the_directory_was_never_read_every_name_passes() -> None:
    directory = Directory("acme.example")
    directory.away = True
    hosts = await known(directory)
    assert hosts.serves(b"evil.example")
    directory.away = False
    await until(lambda: not hosts.serves(b"evil.example"))
    directory.away = True
    hosts.outdated()
    await asyncio.sleep(0.01)
    assert hosts.serves(b"acme.example") and not hosts.serves(b"evil.example")
    directory.away = False


async def test_an_error_that_nobody_foresaw_does_not_leave_old_names_for_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    directory = Directory("acme.example")
    hosts = await known(directory)
    directory.broken = True
    hosts.outdated()
    await until(lambda: directory.reads == 2)
    directory.broken, directory.domains = False, ["new.example"]
    await until(lambda: hosts.serves(b"new.example"))
    assert "could not be read" in caplog.text


async def test_a_thousand_domains_are_known_at_once() -> None:
    hosts = await known(Directory(*(f"d{number}.example" for number in range(1000))))
    assert hosts.serves(b"autodiscover.d999.example") and not hosts.serves(b"autodiscover.d1000.example")


def test_certified_names_are_those_of_every_file_that_can_be_read(tmp_path: Path) -> None:
    config = configured(tmp_path, Backend("default", "https://mail.example/"), Limits())
    assert "usher.example" in certified_names(config)
    folder = tmp_path / "certs"
    folder.mkdir()
    Files(folder).put("*.a.test")
    (folder / "bad.pem").write_text("rubbish")
    (folder / "root.pem").unlink()
    names = certified_names(replace(config, tls=Tls(folder=folder)))
    assert "x.a.test" in names and "usher.example" not in names


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_foreign_host_is_421_on_every_path_with_nothing_of_it(
    gateway: Gateway, backend: RecordingBackend, path: str, method: str
) -> None:
    answer = await ask(gateway.port, b"evil.example", path=path, method=method)
    assert answer.status == 421
    head, _, body = answer.octets.partition(b"\r\n\r\n")
    assert body == b"" and b"evil" not in head and b"www-authenticate" not in head.lower()
    assert backend.seen == []


@pytest.mark.parametrize(
    ("hosts", "version", "status"),
    [
        ((), "1.1", 400),
        ((), "1.0", 421),
        ((b"usher.example", b"usher.example"), "1.1", 400),
        ((b"usher.example", b"evil.example"), "1.1", 400),
        ((b"",), "1.1", 400),
        ((b"a b",), "1.1", 400),
        ((b"usher.example/x",), "1.1", 400),
        ((b"user@usher.example",), "1.1", 400),
        ((b"192.0.2.1",), "1.1", 421),
        ((b"[::1]:443",), "1.1", 421),
        ((b"usher.example",), "1.1", 401),
        ((b"usher.example.:8443",), "1.1", 401),
        ((b"usher.example",), "1.0", 401),
    ],
)
async def test_what_is_missing_doubled_or_no_name_never_gets_in(
    gateway: Gateway, hosts: tuple[bytes, ...], version: str, status: int
) -> None:
    assert (await ask(gateway.port, *hosts, version=version)).status == status


async def test_a_connection_goes_on_after_a_421(gateway: Gateway) -> None:
    body = b"x" * 300_000
    first = b"POST /x HTTP/1.1\r\nHost: evil.example\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    second = b"OPTIONS / HTTP/1.1\r\nHost: usher.example\r\nConnection: close\r\n\r\n"
    answer = await send(gateway.port, first + second, quiet_s=10, after_s=10)
    assert answer.statuses == [421, 404]


async def test_a_domain_is_answered_as_soon_as_it_is_added_and_until_it_is_removed(gateway: Gateway) -> None:
    async def status() -> int:
        return (await ask(gateway.port, b"autodiscover.fresh.example")).status

    async def becomes(expected: int) -> None:
        async with asyncio.timeout(10):
            while await status() != expected:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)

    assert (await ask(gateway.port, f"autodiscover.{DOMAIN}".encode())).status == 401
    assert await status() == 421
    gateway.made.tenants.add_domain(ADMIN, "acme", "fresh.example")
    await becomes(401)
    gateway.made.tenants.remove_domain(ADMIN, "acme", "fresh.example")
    await becomes(421)


async def test_domains_stay_known_while_the_database_is_away(tmp_path: Path, gateway: Gateway) -> None:
    with sqlite3.connect(tmp_path / "usher.db") as connection:
        connection.execute("ALTER TABLE domains RENAME TO domains_away")
    connection.close()
    gateway.app._hosts.outdated()
    await asyncio.sleep(0.1)
    assert (await ask(gateway.port, f"autodiscover.{DOMAIN}".encode())).status == 401
    assert (await ask(gateway.port, b"evil.example")).status == 421
