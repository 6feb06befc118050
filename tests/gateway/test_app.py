"""The composition: every part in its place, started, drained and closed as a process does it (house.md 2)."""

import asyncio
import socket
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

from gateway.app import admin, clients, database_url, endpoints, prepare, redirect, services
from gateway.config import Backend, Limits, StoreConfig
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog
from gateway.phone.reading import awakening
from gateway.services.devices import DeviceService
from mdm.device import DeviceState
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving, until
from tests.support.inhabited import ADMIN, configured
from tests.support.mail_server import posts
from tests.support.raw import Raw
from tests.support.serving import exchange, ours

OFFERING = Backend(
    "default",
    "https://mail.example/",
    ews_url="https://mail.example/EWS/Exchange.asmx",
    imap="mail.example:993",
    smtp="mail.example:587",
)


def test_autodiscover_advertises_what_the_backend_serves_and_nothing_else(tmp_path: Path) -> None:
    config = configured(tmp_path, OFFERING, Limits())
    found = endpoints(config, OFFERING)
    assert found.activesync == "https://usher.example/Microsoft-Server-ActiveSync"
    assert found.ews == OFFERING.ews_url
    assert found.imap is not None
    assert found.smtp is not None
    assert (found.imap.host, found.imap.port, found.imap.encryption.value) == ("mail.example", 993, "SSL")
    assert (found.smtp.port, found.smtp.encryption.value) == (587, "TLS")
    bare = endpoints(replace(config, public_port=8443), Backend("default", "https://mail.example/"))
    assert bare.activesync == "https://usher.example:8443/Microsoft-Server-ActiveSync"
    assert (bare.ews, bare.imap, bare.smtp) == (None, None, None)


def test_a_password_file_becomes_part_of_the_url_and_of_nothing_that_is_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/w:rd\n")
    store = StoreConfig(url="postgresql://usher@db.example:5432/usher", password_file=tmp_path / "password")
    config = replace(configured(tmp_path, OFFERING, Limits()), store=store)
    assert database_url(config) == "postgresql://usher:p%40ss%2Fw%3Ard@db.example:5432/usher"
    assert "p@ss" not in str(config.redacted())
    assert database_url(replace(config, store=StoreConfig(directory=tmp_path))).startswith("sqlite:///")


def test_preparing_makes_the_schema_and_may_be_done_again(tmp_path: Path) -> None:
    config = replace(configured(tmp_path, OFFERING, Limits()), store=StoreConfig(directory=tmp_path / "new"))
    (tmp_path / "new").mkdir()
    for _ in range(2):
        prepare(config)
    made = services(config)
    assert made.tenants.organisations() == []
    assert made.devices.open_wipes() == frozenset()
    made.store.close()


async def test_before_the_start_everything_is_503(tmp_path: Path) -> None:
    app = clients(configured(tmp_path, OFFERING, Limits()))
    async with ours(app) as port:
        answer = await exchange(port, b"OPTIONS /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert Raw(answer).status == 503


async def test_a_drain_ends_every_wait_in_its_client_s_own_way(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    ping, sync = await gateway.parked(phone, backend), await gateway.parked_sync(phone, backend)
    await gateway.app.drain()
    first, second = await asyncio.wait_for(ping, 1), await asyncio.wait_for(sync, 1)
    assert first.document is not None
    assert (first.http, awakening(first.document).status) == (200, 1)
    assert (second.http, second.body, second.headers["content-length"]) == (200, b"", "0")
    await until(lambda: backend.open == 0)
    assert len(gateway.app.polls) == 0


async def test_closing_writes_the_last_contacts_and_lets_go_of_everything(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    before = threading.active_count()
    async with serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        await phone.folder_sync()
        assert gateway.device().last_sync is None
        key, config = gateway.key(), gateway.config
    made = services(config)
    device = made.devices.get(key)
    made.store.close()
    assert device is not None
    assert device.last_sync is not None
    await until(lambda: threading.active_count() <= before)
    await until(lambda: backend.open == 0)


async def test_closing_in_an_outage_is_no_failure(tmp_path: Path, backend: RecordingBackend) -> None:
    async with serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        await phone.folder_sync()
        with sqlite3.connect(tmp_path / "usher.db") as connection:
            connection.execute("ALTER TABLE devices RENAME TO devices_away")
        connection.close()


async def test_two_processes_on_one_database_are_one_gateway(
    tmp_path: Path, backend: RecordingBackend, gateway: Gateway
) -> None:
    """What one of them grants the other honours at once; what an administrator orders holds in both."""
    other = clients(gateway.config)
    await other.start()
    try:
        guard = Guard(other, gateway.config.limits, (), AccessLog(gateway.config.log))
        async with ours(guard, guarded=False) as port:
            phone = await gateway.enrolled()
            here, there = phone.server, gateway.url.replace(str(gateway.port), str(port))
            for server in (there, here, there):
                phone.server = server
                assert (await phone.folder_sync()).status == 1
            phone.server = there
            ping = await gateway.parked(phone, backend)
            gateway.wipe()
            answer = await asyncio.wait_for(ping, 1)
            assert answer.document is not None
            assert awakening(answer.document).status == 7
            await gateway.quiet()
            for server in (here, there):
                phone.server = server
                assert (await phone.folder_sync()).status == 140
            assert (await phone.provision())[0].value == "wiped"
    finally:
        await other.close()
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    assert posts(backend) == ["FolderSync", "FolderSync", "FolderSync", "Ping"]


async def test_port_80_redirects_what_the_certificate_covers(tmp_path: Path) -> None:
    app = redirect(configured(tmp_path, OFFERING, Limits()))
    await app.start()
    async with ours(app) as port:
        for host, expected in (("usher.example", "usher.example"), ("evil.example", "usher.example")):
            request = f"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
            answer = await exchange(port, request)
            assert Raw(answer).status == 302
            assert f"https://{expected}/autodiscover/autodiscover.xml".encode() in answer
        request = (
            b"POST /Microsoft-Server-ActiveSync?Cmd=Sync HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        )
        assert Raw(await exchange(port, request)).status == 403
    await app.drain()
    await app.close()


async def test_the_admin_listener_is_another_application(tmp_path: Path) -> None:
    config = configured(tmp_path, OFFERING, Limits())
    config.token_file.write_text("t" * 43)
    app = admin(config)
    await app.start()
    async with ours(app) as port:
        health = await exchange(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert Raw(health).status == 200
        for path in (b"/Microsoft-Server-ActiveSync", b"/api/v1/organisations"):
            answer = await exchange(
                port, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert Raw(answer).status in (401, 404)
    await app.close()


def test_a_new_organisation_gets_its_test_domain_below_the_base_domain(tmp_path: Path) -> None:
    made = services(replace(configured(tmp_path, OFFERING, Limits()), base_domain="usher.test"))
    made.tenants.create_organisation(ADMIN, "acme")
    assert [domain.name for domain in made.tenants.domains("acme")] == ["acme.usher.test"]
    made.store.close()


def test_services_connect_to_nothing_before_they_are_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://usher@127.0.0.1:{listener.getsockname()[1]}/usher"
        config = replace(configured(tmp_path, OFFERING, Limits()), store=StoreConfig(url=url))
        made = services(config)
        assert isinstance(made.devices, DeviceService)
        made.store.close()
        listener.settimeout(0.05)
        try:
            listener.accept()
        except TimeoutError:
            return
    raise AssertionError("somebody has connected")
