"""One request from its head to its end, over real sockets (MS-ASHTTP, house.md 4, product 3.1 and 10)."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Limits
from gateway.phone.discovery import basic
from gateway.phone.line import Answer
from gateway.records import AuditTag
from gateway.services.tenants import Settings
from mdm.ashttp import MIME_TYPE, WBXML_TYPE, Command, Version
from mdm.device import AccessLevel
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, reply
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN, INBOX, posts
from tests.support.partnership import node
from tests.support.raw import Raw
from tests.support.serving import exchange, heard

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
FOLDER_SYNC = encode(p.folder_sync())


def said(answer: Answer) -> tuple[int, int | None]:
    return answer.http, answer.status


def refused(version: Version, status: int, http: int = 400) -> tuple[int, int | None]:
    return (200, status) if version >= Version.V14_0 else (http, None)


@each_version
async def test_the_body_rules_over_http(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    """T6, T19: what is not the command's own document never reaches the mail server."""
    phone = await gateway.enrolled(version=version)
    sync = node("AirSync:Sync", node("AirSync:Collections"))
    cases: list[tuple[Command, bytes, dict[str, str | None], tuple[int, int | None]]] = [
        (Command.FOLDER_SYNC, encode(sync), {}, refused(version, 103)),
        (Command.SYNC, FOLDER_SYNC, {}, refused(version, 103)),
        (Command.PING, encode(sync), {}, refused(version, 103)),
        (Command.ITEM_OPERATIONS, encode(p.provision_root()), {}, refused(version, 103)),
        (Command.FOLDER_SYNC, b"", {}, refused(version, 101)),
        (Command.ITEM_OPERATIONS, b"", {}, refused(version, 101)),
        (Command.FOLDER_SYNC, FOLDER_SYNC + b"x", {}, refused(version, 102)),
        (Command.FOLDER_SYNC, FOLDER_SYNC[:-1], {}, refused(version, 102)),
        (Command.FOLDER_SYNC, FOLDER_SYNC, {"Content-Type": None}, refused(version, 101)),
        (Command.FOLDER_SYNC, FOLDER_SYNC, {"Content-Type": "text/xml"}, refused(version, 101)),
        (Command.FOLDER_SYNC, FOLDER_SYNC, {"Content-Type": MIME_TYPE}, refused(version, 101)),
        (Command.FOLDER_SYNC, FOLDER_SYNC, {"Content-Encoding": "gzip"}, (415, None)),
        (Command.FOLDER_SYNC, b"<?xml version='1.0'?><x/>", {}, refused(version, 102)),
    ]
    for command, body, headers, expected in cases:
        answer = await gateway.post(phone, command, body, headers)
        assert said(answer) == expected, (command, body[:8], headers)
    assert backend.seen == []
    good = await gateway.post(phone, Command.FOLDER_SYNC, FOLDER_SYNC, {"Content-Type": f"{WBXML_TYPE}; x=y"})
    assert said(good) == (200, 1)


async def test_mail_up_to_12_1_is_mime(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled(version=Version.V12_1)
    mail = b"Subject: x\r\n\r\nx\r\n"
    for media_type, http in ((WBXML_TYPE, 400), (None, 400), (MIME_TYPE, 200)):
        assert (await gateway.post(phone, Command.SEND_MAIL, mail, {"Content-Type": media_type})).http == http
    assert posts(backend) == ["SendMail"]


@pytest.mark.parametrize("pause", [0.0, 0.01])
async def test_a_dribbled_body_is_the_same_body(
    gateway: Gateway, backend: RecordingBackend, pause: float
) -> None:
    phone = await gateway.enrolled()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        gateway.head(phone, Command.FOLDER_SYNC, f"Content-Length: {len(FOLDER_SYNC)}", "Connection: close")
    )
    for octet in FOLDER_SYNC:
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(pause)
    assert Raw(await heard(reader)).status == 200
    writer.close()
    assert backend.seen[-1].body == FOLDER_SYNC


async def test_a_chunked_body_is_the_same_body(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    chunks = b"".join(b"1\r\n%c\r\n" % octet for octet in FOLDER_SYNC) + b"0\r\n\r\n"
    head = gateway.head(phone, Command.FOLDER_SYNC, "Transfer-Encoding: chunked", "Connection: close")
    assert Raw(await exchange(gateway.port, head + chunks)).status == 200
    assert backend.seen[-1].body == FOLDER_SYNC


async def test_a_client_that_leaves_within_its_body_is_nobody(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    for command in (Command.FOLDER_SYNC, Command.PROVISION, Command.SETTINGS):
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(gateway.head(phone, command, f"Content-Length: {len(FOLDER_SYNC)}") + FOLDER_SYNC[:5])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await until(lambda: gateway.guard.active == 0)
    assert backend.seen == []
    assert said(await phone.folder_sync()) == (200, 1)


@pytest.mark.parametrize(("over", "http"), [(0, 200), (1, 413)])
async def test_the_limit_of_any_body(tmp_path: Path, backend: RecordingBackend, over: int, http: int) -> None:
    limit = 64 * 1024 + 7
    async with serving(tmp_path, backend, limits=Limits(max_body_bytes=limit)) as gateway:
        phone = await gateway.enrolled(version=Version.V12_1)
        mail = b"x" * (limit + over)
        answer = await gateway.post(phone, Command.SEND_MAIL, mail, {"Content-Type": MIME_TYPE})
        assert answer.http == http
        head = gateway.head(phone, Command.SEND_MAIL, "Transfer-Encoding: chunked", "Connection: close")
        head = head.replace(WBXML_TYPE.encode(), MIME_TYPE.encode())
        assert (
            Raw(await exchange(gateway.port, head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(mail), mail))).status
            == http
        )
    assert {len(seen.body) for seen in backend.seen} <= {limit}


MALFORMED = [
    "",
    "Cmd=FolderSync",
    "Cmd=FolderSync&User=ann",
    "Cmd=FolderSync&Cmd=Ping&User=ann&DeviceId=A&DeviceType=B",
    "Cmd=FolderSync&User=ann&DeviceId=A&DeviceId=B&DeviceType=B",
    "Cmd=FolderSync&User=an%00n&DeviceId=A&DeviceType=B",
    "Cmd=FolderSync&User=ann&DeviceId=A&DeviceType=B&%43md=Ping",
    "Cmd=FolderSync&User=ann&DeviceId=A&DeviceType=%zz",
    "AAAA",
    "!!!!",
    "jAkJBANQSE9ORTE&Cmd=Ping",
]


@pytest.mark.parametrize("line", MALFORMED)
async def test_a_malformed_query_is_refused_before_anything_else(
    gateway: Gateway, backend: RecordingBackend, line: str
) -> None:
    for credentials in ((), (("Authorization", basic(gateway.phone().identity)),)):
        sent = [("MS-ASProtocolVersion", "12.1"), ("Content-Type", WBXML_TYPE), *credentials]
        answer = await gateway.phones.ask("POST", f"{gateway.url}?{line}", headers=sent, body=FOLDER_SYNC)
        assert answer.http == 400
        assert answer.body == b""
    assert backend.seen == []


@pytest.mark.parametrize("version", ["", "1.0", "12.2", "17.0", "16.1 ", "abc", "14"])
async def test_versions(gateway: Gateway, version: str) -> None:
    answer = await gateway.post(
        gateway.phone(), Command.FOLDER_SYNC, FOLDER_SYNC, {"MS-ASProtocolVersion": version}
    )
    assert answer.http == (200 if version == "16.1 " else 400)


@pytest.mark.parametrize("version", [Version.V2_5, Version.V12_0])
async def test_old_versions_are_refused_unless_switched_on(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = gateway.phone(version=version)
    assert (await gateway.post(phone, Command.FOLDER_SYNC, FOLDER_SYNC)).http == 400
    gateway.settings(legacy_versions=True)
    await gateway.quiet()
    assert (await gateway.post(phone, Command.FOLDER_SYNC, FOLDER_SYNC)).http == 449
    if version is Version.V2_5:  # its policy is another document, which no phone of today asks for
        assert backend.seen == []
        return
    await provisioned(phone)
    assert said(await gateway.post(phone, Command.FOLDER_SYNC, FOLDER_SYNC)) == (200, 1)
    assert posts(backend) == ["FolderSync"]


@each_version
async def test_too_many_devices(tmp_path: Path, backend: RecordingBackend, version: Version) -> None:
    async with serving(tmp_path, backend, settings=Settings(device_limit=1)) as gateway:
        await gateway.enrolled()
        second = gateway.phone(device_id="PHONE2", version=version)
        status = 177 if version >= Version.V14_1 else 129
        assert said(await second.folder_sync()) == refused(version, status, 403)
        assert AuditTag.DEVICE_REFUSED in gateway.trail()
        assert said(await gateway.phone("bob", "PHONE3").folder_sync()) == (200, 142)
    assert backend.seen == []


async def test_a_device_blocked_while_its_body_comes_does_not_get_through(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    await _changed_meanwhile(gateway, gateway.wipe, b"\x03140\x00")
    assert backend.seen == []


async def test_a_device_quarantined_while_its_body_comes_sees_nothing(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """Its FolderSync was admitted; what it gets now is the empty hierarchy, not the mail server's."""
    key = gateway.made.devices

    def quarantine() -> None:
        key.set_access(ADMIN, gateway.key(), AccessLevel.QUARANTINE, "new model")

    await _changed_meanwhile(gateway, quarantine, b"\x032147483647\x00")
    assert backend.seen == []


async def _changed_meanwhile(gateway: Gateway, change: Callable[[], object], expected: bytes) -> None:
    phone = await gateway.enrolled()
    await gateway.post(phone, Command.PING, node("Ping:Ping"), {"Content-Type": "text/plain"})
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    framing = (f"Content-Length: {len(FOLDER_SYNC)}", "Connection: close")
    writer.write(gateway.head(phone, Command.FOLDER_SYNC, *framing) + FOLDER_SYNC[:6])
    await writer.drain()
    await asyncio.sleep(0.1)
    async with gateway.hears():
        change()
    writer.write(FOLDER_SYNC[6:])
    answer = await heard(reader)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert expected in answer


async def test_autodiscover_by_command_is_the_discovery_endpoint(gateway: Gateway) -> None:
    phone = gateway.phone()
    question = (
        f"<Autodiscover><Request><EMailAddress>ann@{DOMAIN}</EMailAddress><AcceptableResponseSchema>"
        "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
        "</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()
    for headers in ({"Content-Type": "text/xml"}, {"Content-Type": "text/xml", "MS-ASProtocolVersion": None}):
        answer = await gateway.post(phone, "Autodiscover", question, headers)
        assert answer.http == 200
        assert b"<Url>https://usher.example/Microsoft-Server-ActiveSync</Url>" in answer.body
    assert (await gateway.post(phone, "Autodiscover", question, {"Authorization": None})).http == 401


@each_version
async def test_every_answer_has_a_length_and_a_type_only_with_a_body(
    gateway: Gateway, version: Version
) -> None:
    phone = gateway.phone(version=version)
    answers = [await phone.folder_sync(), (await phone.request_policy())[0], (await phone.poll_wipe())[0]]
    await provisioned(phone)
    answers += [await phone.folder_sync(), (await phone.sync([INBOX]))[0]]
    answers += [
        await gateway.post(phone, command, b"") for command in (Command.FOLDER_SYNC, Command.PROVISION)
    ]
    answers += [await gateway.post(phone, "NoSuch"), await gateway.stranger(phone).folder_sync()]
    for answer in answers:
        assert answer.headers["content-length"] == str(len(answer.body))
        assert ("content-type" in answer.headers) == bool(answer.body)


async def test_an_early_refusal_does_not_wait_for_the_body(gateway: Gateway) -> None:
    phone = gateway.stranger(gateway.phone())
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(gateway.head(phone, Command.FOLDER_SYNC, "Content-Length: 1000000"))
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401")
    assert time.monotonic() - began < 15  # a body that stops is waited for twice as long
    writer.transport.abort()


async def test_what_requests_taught_is_written_behind(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    before = gateway.device()
    await phone.folder_sync()
    await gateway.app._write_behind._flush()
    after = gateway.device()
    assert after.last_seen > before.last_seen
    assert after.last_sync is not None
    assert (after.last_ip, after.user_agent) == ("127.0.0.1", phone.identity.user_agent)


async def test_a_refused_request_is_a_contact_but_no_sync(gateway: Gateway) -> None:
    phone = gateway.phone()
    await phone.folder_sync()
    await gateway.app._write_behind._flush()
    assert gateway.device().last_sync is None


async def test_an_answer_of_the_backend_that_fails_is_no_answer_of_ours(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    for status, http in ((500, 500), (302, 502), (449, 503), (451, 503), (999, 502)):
        backend.script = reply(
            status, b"<html>secret</html>", Content_Type="text/html", Location="https://x/"
        )
        answer = await phone.folder_sync()
        assert (answer.http, answer.body) == (http, b""), status
        assert "location" not in answer.headers
