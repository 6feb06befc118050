"""Carrying an admitted request: rebuilt, its waits counted and limited (product 3.3 to 3.6; T14, T16)."""

import asyncio
import base64
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.config import Credentials, Limits, UserMapping
from gateway.endpoints.passage import LEGACY, commands, offered
from gateway.phone.identity import QueryForm
from gateway.phone.reading import awakening
from gateway.records import UserSource
from gateway.services.tenants import Settings
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.device import AccessLevel
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, chunked, reply
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN, INBOX, mail_server, of, posts

TRICKS = {
    "X-BEResource": "elsewhere~1",
    "X-Original-URL": "/owa/",
    "X-Rewrite-URL": "/owa/",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-User": "bob@acme.example",
    "X-Forwarded-For": "198.51.100.9",
    "Forwarded": "for=198.51.100.9",
    "msExchPrincipal": "bob",
    "x-webobjects-remote-user": "bob",
    "X-User": "bob",
    "SSL_CLIENT_S_DN": "CN=bob",
    "X-MS-Proxy": "1",
    "X-Usher-Proof": "x",
    "Cookie": "X-BEResource=elsewhere",
    "Range": "bytes=0-1",
    "If-None-Match": "x",
    "Accept-Encoding": "gzip",
    "Referer": "https://evil.example",
    "X-HTTP-Method-Override": "GET",
}


@pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_what_reaches_the_backend_is_written_anew(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = await gateway.enrolled(version=version, form=form)
    body = p.folder_sync()
    answer = await phone.command(Command.FOLDER_SYNC, body, key=phone.policy_key)
    assert answer.status == 1
    (seen,) = backend.seen
    path, _, query = seen.target.partition("?")
    assert path == "/Microsoft-Server-ActiveSync"
    assert dict(parse_qsl(query)) == {
        "Cmd": "FolderSync",
        "User": f"ann@{DOMAIN}",
        "DeviceId": "PHONE1",
        "DeviceType": "UsherPhone",
    }
    assert {name.lower() for name, _ in seen.headers} == {
        "host",
        "ms-asprotocolversion",
        "user-agent",
        "content-type",
        "content-length",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
        "authorization",
    }
    assert seen.header("ms-asprotocolversion") == version.text
    assert seen.header("content-type") == WBXML_TYPE
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert str(phone.policy_key).encode() not in seen.raw


async def test_nothing_that_steers_a_backend_gets_through(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    answer = await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync(), TRICKS)
    assert answer.status == 1
    (seen,) = backend.seen
    for name, value in TRICKS.items():
        assert value not in seen.values(name), name
    assert b"evil" not in seen.raw
    assert b"bob" not in seen.raw


async def test_the_user_of_the_query_is_not_believed(gateway: Gateway, backend: RecordingBackend) -> None:
    """T16: who signed in is who the backend is told, whatever the query says."""
    phone = await gateway.enrolled()
    line = "Cmd=FolderSync&User=bob&DeviceId=PHONE1&DeviceType=UsherPhone"
    answer = await gateway.phones.ask(
        "POST",
        f"{gateway.url}?{line}",
        headers=[
            ("Authorization", "Basic " + base64.b64encode(f"ann@{DOMAIN}:{PASSWORD}".encode()).decode()),
            ("MS-ASProtocolVersion", "16.1"),
            ("X-MS-PolicyKey", str(phone.policy_key)),
            ("Content-Type", WBXML_TYPE),
        ],
        body=b"\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00\x01\x01",
    )
    assert answer.status == 1
    assert dict(parse_qsl(urlsplit(backend.seen[-1].target).query))["User"] == f"ann@{DOMAIN}"
    assert b"bob" not in backend.seen[-1].raw


async def test_extra_parameters_do_not_reach_the_backend(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    for more in ("&Foo=bar", "&X-BEResource=x", "&CollectionId=7"):
        await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync(), more=more)
    for seen in backend.seen:
        assert {name for name, _ in parse_qsl(urlsplit(seen.target).query)} <= {
            "Cmd",
            "User",
            "DeviceId",
            "DeviceType",
            "CollectionId",
        }


@pytest.mark.parametrize(
    ("mapping", "name"),
    [
        (UserMapping.AS_TYPED, "ANN"),
        (UserMapping.ADDRESS, f"ann@{DOMAIN}"),
        (UserMapping.LOCAL_PART, "ann"),
        (UserMapping.DOMAIN_USER, "CORP\\ann"),
    ],
)
async def test_the_name_that_the_backend_knows(
    tmp_path: Path, backend: RecordingBackend, mapping: UserMapping, name: str
) -> None:
    async with serving(tmp_path, backend, asked={"user_mapping": mapping, "nt_domain": "CORP"}) as gateway:
        phone = gateway.phone(login="ANN")
        await provisioned(phone)
        await phone.folder_sync()
    token = base64.b64decode((backend.seen[-1].header("authorization") or "").removeprefix("Basic "))
    assert token.decode() == f"{name}:{PASSWORD}"
    assert dict(parse_qsl(urlsplit(backend.seen[-1].target).query))["User"] == name


async def test_a_trusted_backend_is_not_shown_the_password(tmp_path: Path, backend: RecordingBackend) -> None:
    (tmp_path / "secret").write_text("shared\n")
    asked = {
        "credentials": Credentials.TRUSTED,
        "secret_file": tmp_path / "secret",
        "user_mapping": UserMapping.ADDRESS,
    }
    backend.script = reply(200)
    async with serving(tmp_path, backend, asked=asked) as gateway:
        phone = gateway.phone()
        await provisioned(phone)
        assert (await phone.folder_sync()).http == 200
    seen = backend.seen[-1]
    assert (seen.header("x-forwarded-user"), seen.header("x-usher-proof")) == (f"ann@{DOMAIN}", "shared")
    assert seen.header("authorization") is None


async def test_x_ms_rp_is_told_once_for_each_device(gateway: Gateway, backend: RecordingBackend) -> None:
    first, second = await gateway.enrolled(), await gateway.enrolled(device_id="PHONE2")
    await first.options()
    told = [await first.folder_sync() for _ in range(2)]
    assert "x-ms-rp" not in told[1].headers
    assert told[0].headers["x-ms-rp"] == told[0].headers["ms-asprotocolversions"]
    assert "Provision" in told[0].headers["ms-asprotocolcommands"].split(",")
    assert "2.5" not in told[0].headers["ms-asprotocolversions"]
    first.folder_key = "0"
    assert "x-ms-rp" not in (await first.folder_sync()).headers
    assert "x-ms-rp" in (await second.folder_sync()).headers


async def test_x_ms_rp_waits_until_the_backend_was_asked(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    assert "x-ms-rp" not in (await phone.folder_sync()).headers
    await phone.options()
    phone.folder_key = "0"
    assert "x-ms-rp" in (await phone.folder_sync()).headers


def test_what_is_offered() -> None:
    everything = tuple(Version)
    assert offered(everything, legacy=True) == everything
    assert offered(everything, legacy=False) == tuple(one for one in Version if one not in LEGACY)
    assert commands(("Sync",)) == ("Sync", "Provision")
    assert commands(("Provision", "Sync")) == ("Provision", "Sync")


async def test_the_long_poll_budget_of_a_backend(tmp_path: Path, backend: RecordingBackend) -> None:
    async with serving(tmp_path, backend, asked={"long_polls": 1}) as gateway:
        first, second = await gateway.enrolled(), await gateway.enrolled("bob", "PHONE2")
        waiting = await gateway.parked(first, backend)
        answer, _ = await second.ping(600, [INBOX])
        assert (answer.http, answer.headers["retry-after"]) == (503, "30")
        assert (await second.folder_sync()).status == 1
        assert not waiting.done()
        waiting.cancel()
        await until(lambda: len(gateway.app.polls) == 0)
        waiting = await gateway.parked(second, backend)
        assert not waiting.done()
        waiting.cancel()


async def test_a_newer_wait_replaces_the_older(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    older = await gateway.parked(phone, backend)
    newer = await gateway.parked(phone, backend)
    answer = await asyncio.wait_for(older, 15)
    assert answer.document is not None
    assert (answer.http, awakening(answer.document).status) == (200, 1)
    assert (len(gateway.app.polls), newer.done()) == (1, False)
    sync = await gateway.parked_sync(phone, backend)
    assert (len(gateway.app.polls), newer.done(), sync.done()) == (2, False, False)
    again = await gateway.parked_sync(phone, backend)
    old = await asyncio.wait_for(sync, 15)
    assert (old.http, old.body) == (200, b"")
    for one in (newer, again):
        one.cancel()
    await until(lambda: len(gateway.app.polls) == 0)


async def test_a_client_that_leaves_frees_the_backend(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    waiting = await gateway.parked(phone, backend)
    assert backend.open == 1
    waiting.cancel()
    await until(lambda: backend.open == 0)


async def test_a_slow_backend_is_504_in_its_time(tmp_path: Path, backend: RecordingBackend) -> None:
    async with serving(tmp_path, backend, asked={"answer_timeout_s": 0.3}) as gateway:
        phone = await gateway.enrolled()

        async def never(exchange: Exchange) -> None:
            await exchange.read()
            await exchange.gone()

        backend.script = never
        answer = await asyncio.wait_for(phone.folder_sync(), 15)
        assert (answer.http, answer.headers["retry-after"]) == (504, "30")


async def test_a_wait_has_its_heartbeat_and_a_little_more(tmp_path: Path, backend: RecordingBackend) -> None:
    limits = Limits(heartbeat_slack_s=1)
    async with serving(tmp_path, backend, asked={"answer_timeout_s": 0.2}, limits=limits) as gateway:
        phone = await gateway.enrolled()
        answer, _ = await phone.ping(1, [INBOX])
        assert answer.http == 504
        assert 1.9 < answer.seconds < 15


async def test_a_backend_that_is_not_configured_is_503(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    gateway.app._upstreams.pop("default")
    answer = await phone.folder_sync()
    assert (answer.http, answer.headers["retry-after"]) == (503, "30")


async def test_a_backend_that_nobody_listens_for(tmp_path: Path) -> None:
    async with serving(tmp_path, "http://127.0.0.1:1/Microsoft-Server-ActiveSync") as gateway:
        phone = await gateway.enrolled()
        for _ in range(8):
            assert (await phone.folder_sync()).http == 503


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_a_403_of_the_backend_is_told_in_the_command_s_own_form(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = await gateway.enrolled(version=version)
    backend.script = reply(403, b"<html>no</html>", Content_Type="text/html")
    answer = await phone.folder_sync()
    assert (answer.http, answer.status) == ((200, 129) if version >= Version.V14_0 else (403, None))


async def test_a_password_that_the_backend_refuses_is_verified_again(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    backend.script = of(mail_server, ann=PASSWORD)
    settings = Settings(user_source=UserSource.BACKEND)
    async with serving(tmp_path, backend, settings=settings) as gateway:
        phone = await gateway.enrolled()
        assert (await phone.folder_sync()).status == 1
        backend.script = of(mail_server, ann="Other-Horse-22")
        assert (await phone.folder_sync()).http == 401
        fresh = gateway.stranger(phone, "Other-Horse-22")
        assert (await fresh.folder_sync()).status == 1


@pytest.mark.parametrize("size", [10, 70_000, 3_000_000])
async def test_a_body_of_any_size_arrives_octet_by_octet(
    gateway: Gateway, backend: RecordingBackend, size: int
) -> None:
    phone = await gateway.enrolled(version=Version.V12_1)
    mail = b"Subject: x\r\n\r\n" + bytes(65 + at % 26 for at in range(size))
    answer = await phone.command(Command.SEND_MAIL, mail, parameters=[("SaveInSent", "T")])
    assert (answer.http, answer.body) == (200, b"")
    assert backend.seen[-1].body == mail
    assert backend.seen[-1].header("content-type") == "message/rfc822"
    assert backend.seen[-1].header("content-length") == str(len(mail))
    assert "SaveInSent=T" in backend.seen[-1].target


async def test_a_chunked_answer_gets_its_length(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    backend.script = chunked(b"\x03\x01\x6a\x00\x00\x07", b"\x56\x4c\x03\x31\x00\x01\x01")
    answer = await phone.folder_sync()
    assert (answer.status, answer.headers["content-length"]) == (1, "13")


async def test_a_quarantined_device_reaches_no_backend(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.QUARANTINE, "new model")
    answer = await phone.folder_sync()
    assert (answer.status, phone.folders) == (1, {})
    assert (await phone.report()).http == 200
    assert (await phone.sync([INBOX]))[0].status == 129
    await phone.ping(60, [INBOX])
    assert posts(backend) == []
