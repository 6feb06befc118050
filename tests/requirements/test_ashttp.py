"""Microsoft's MS-ASHTTP interop cases that the gateway decides, over real HTTP (spec/eas-testsuites.md 2.2).

The client is the suites' own default: base64 first, locale 1033, device ``TestSuite`` of type ``SP``.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.app import redirect
from gateway.config import Backend, Limits
from gateway.phone.discovery import basic
from gateway.phone.identity import QueryForm
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, backend, gateway, provisioned
from tests.support.inhabited import configured
from tests.support.mail_server import posts
from tests.support.raw import Raw
from tests.support.serving import exchange, ours, post

__all__ = ["backend", "gateway"]

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
each_form = pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
BODY = encode(p.folder_sync())


SUITE: Mapping[str, Any] = {"device_id": "TestSuite", "device_type": "SP"}


@pytest.mark.requirement(176, 177, 188)
@each_version
async def test_s02_tc01_verify_400_status_code(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    blob = bytes((191, 9, 9, 4)) + b"\x09TestSuite\x00\x02SP"
    line = base64.b64encode(blob).decode()
    sent = [
        ("Authorization", basic(gateway.phone().identity)),
        ("Content-Type", WBXML_TYPE),
        ("MS-ASProtocolVersion", version.text),
    ]
    for _ in range(2):
        answer = await gateway.phones.ask("POST", f"{gateway.url}?{line}", headers=sent, body=BODY)
        assert (answer.http, answer.body) == (400, b"")
    assert backend.seen == []


@pytest.mark.requirement(178, 523)
@each_version
@each_form
async def test_s02_tc02_verify_401_status_code(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    wrong = gateway.phone(version=version, form=form, password="Wrong-Horse-1", **SUITE)
    answer = await wrong.folder_sync()
    assert answer.http == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    missing = await gateway.post(wrong, Command.FOLDER_SYNC, BODY, {"Authorization": None})
    assert missing.http == 401
    assert backend.seen == []


@pytest.mark.requirement(180)
@each_version
async def test_s02_tc03_verify_403_status_code(tmp_path: Path, version: Version) -> None:
    """Plain HTTP: the listener of port 80 knows nothing of ActiveSync but that it is forbidden there."""
    config = configured(tmp_path, Backend("default", "https://mail.example/"), Limits())
    async with ours(redirect(config)) as port:
        for line in (
            b"?Cmd=FolderSync&User=a&DeviceId=TestSuite&DeviceType=SP",
            b"?jAkJBAlUZXN0U3VpdGUAAlNQ",
        ):
            head = (f"MS-ASProtocolVersion: {version.text}".encode(), b"Authorization: Basic YTpi")
            request = post(b"/Microsoft-Server-ActiveSync" + line, BODY, *head)
            assert Raw(await exchange(port, request)).statuses == [403]


@pytest.mark.requirement(182, 441)
async def test_s02_tc04_verify_404_status_code(gateway: Gateway, backend: RecordingBackend) -> None:
    for path in ("/Microsoft-Server-ActiveSync1", "/x/Microsoft-Server-ActiveSync", "/Microsoft-Server"):
        target = f"http://127.0.0.1:{gateway.port}{path}?Cmd=FolderSync"
        sent = [("Authorization", basic(gateway.phone().identity)), ("Content-Type", WBXML_TYPE)]
        assert (await gateway.phones.ask("POST", target, headers=sent, body=BODY)).http == 404
    assert backend.seen == []


@pytest.mark.requirement(186, 465)
@each_version
async def test_s02_tc05_verify_501_status_code(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = gateway.phone(version=version, **SUITE)
    await provisioned(phone)
    assert (await gateway.post(phone, "InvalidCommand", BODY)).http == 501
    blob = bytes((version.code, 200, 9, 4)) + b"\x09TestSuite\x00\x02SP"
    sent = [("Authorization", basic(phone.identity)), ("Content-Type", WBXML_TYPE)]
    line = base64.b64encode(blob).decode()
    answer = await gateway.phones.ask("POST", f"{gateway.url}?{line}", headers=sent, body=BODY)
    assert answer.http == 501
    assert backend.seen == []


@each_version
@each_form
async def test_s03_tc02_set_user_agent_request_header(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    phone = gateway.phone(version=version, form=form, **SUITE)
    await provisioned(phone)
    for agent in ("ASOM", "Apple-iPhone9C1/1603.100", "Android-SAMSUNG-SM-G900F/101.800", ""):
        answer = await gateway.post(phone, Command.FOLDER_SYNC, BODY, {"User-Agent": agent})
        assert (answer.http, answer.status) == (200, 1)
        assert (backend.seen[-1].header("user-agent") or "") == agent


@each_version
@each_form
async def test_s03_tc03_set_policy_key_request_header(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    """The header of the plain form, the field of the base64 form, and the header beside an empty field."""
    phone = gateway.phone(version=version, form=form, **SUITE)
    await provisioned(phone)
    assert (await phone.folder_sync()).status == 1
    if form is QueryForm.BASE64:
        blob = bytes((version.code, 9, 9, 4)) + b"\x09TestSuite\x00\x02SP"
        sent = [
            ("Authorization", basic(phone.identity)),
            ("Content-Type", WBXML_TYPE),
            ("X-MS-PolicyKey", str(phone.policy_key)),
        ]
        line = base64.b64encode(blob).decode()
        answer = await gateway.phones.ask("POST", f"{gateway.url}?{line}", headers=sent, body=BODY)
        assert answer.status == 1
    assert set(posts(backend)) == {"FolderSync"}


@pytest.mark.requirement(1201, 12011)
async def test_s04_tc01_http_options(gateway: Gateway) -> None:
    phone = gateway.phone()
    sent = [("Authorization", basic(phone.identity))]
    answer = await gateway.phones.ask("OPTIONS", gateway.url, headers=sent)
    assert answer.http == 200
    assert answer.headers["ms-asprotocolversions"] == "12.1,14.0,14.1,16.0,16.1"
    assert {"Sync", "FolderSync", "Ping", "Provision"} <= set(
        answer.headers["ms-asprotocolcommands"].split(",")
    )
    assert answer.headers["public"] == "OPTIONS,POST"
