"""The sample server on a real socket: sign-in, methods, bodies, clients that leave."""

import asyncio
import base64

import aiohttp
import pytest

from gateway.phone import messages
from gateway.sample.application import BODY_LIMIT, PATH, SampleServer
from gateway.sample.mailbox import INBOX
from mdm.ashttp import WBXML_TYPE
from mdm.codepages import tag
from mdm.wbxml import decode, element, encode
from tests.support.serving import ours

ALICE = "alice@x.test:secret"
USERS = {"alice@x.test": "secret", "bob@x.test": "other"}
QUERY = "?Cmd={}&User=alice&DeviceId=A1&DeviceType=Phone"


class Client:
    def __init__(self, session, port, server):
        self.session, self.port, self.server = session, port, server

    async def post(
        self, command, body=b"", *, version="14.1", login="alice@x.test:secret", path=PATH, **more
    ):
        data = encode(body) if not isinstance(body, bytes) else body
        headers = {"Authorization": basic(login), "MS-ASProtocolVersion": version, "Content-Type": WBXML_TYPE}
        url = f"http://127.0.0.1:{self.port}{path}{QUERY.format(command)}{more.pop('extra', '')}"
        async with self.session.request(
            more.pop("method", "POST"), url, data=data, headers=headers
        ) as answer:
            return answer.status, await answer.read(), answer.headers


def basic(login):
    return "Basic " + base64.b64encode(login.encode()).decode()


@pytest.fixture
async def client():
    server = SampleServer(USERS)
    async with ours(server, guarded=False) as port, aiohttp.ClientSession() as session:
        yield Client(session, port, server)


@pytest.mark.parametrize("login", ["alice@x.test:secret", "ALICE@x.test:secret", "alice:secret"])
async def test_who_may_sign_in(client, login):
    status, body, _ = await client.post("FolderSync", messages.folder_sync("0"), login=login)
    assert status == 200
    assert decode(body).text_of(tag("FolderHierarchy", "Status")) == "1"


@pytest.mark.parametrize("login", ["alice@x.test:wrong", "carol:secret", "alice@x.test", ""])
async def test_who_may_not(client, login):
    status, _, headers = await client.post("FolderSync", messages.folder_sync("0"), login=login)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic")


async def test_authorization_that_is_none(client):
    for text in ("Bearer x", "Basic ???", "Basic " + base64.b64encode(b"\xff:x").decode()):
        assert client.server._mailbox(text) is None


async def test_options_lists_what_is_served(client):
    status, body, headers = await client.post("OPTIONS", method="OPTIONS")
    assert (status, body) == (200, b"")
    assert headers["MS-ASProtocolVersions"] == "12.1,14.0,14.1,16.0,16.1"
    assert headers["MS-ASProtocolCommands"] == "Sync,SendMail,FolderSync,Settings,Ping"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"path": "/elsewhere"}, 404),
        ({"method": "GET"}, 405),
        ({"version": "99"}, 400),
        ({"command": "Provision"}, 501),
        ({"body": b"x" * (BODY_LIMIT + 1)}, 413),
    ],
)
async def test_refusals(client, wanted, status):
    command = wanted.pop("command", "FolderSync")
    assert (await client.post(command, wanted.pop("body", b""), **wanted))[0] == status


async def test_bodies_that_do_not_fit(client):
    async def said(command, body, version="14.1"):
        http, answer, _ = await client.post(command, body, version=version)
        return http, decode(answer).children[0].text if answer else None

    assert await said("FolderSync", b"") == (200, "101")
    assert await said("FolderSync", b"\x03\x01") == (200, "102")
    assert await said("Ping", messages.folder_sync("0")) == (200, "103")
    assert await said("SendMail", messages.folder_sync("0")) == (200, "103")
    assert await said("FolderSync", b"", "12.1") == (400, None)


async def test_mail_in_both_forms(client):
    mime = messages.mail("alice@x.test", "bob@x.test", "S", "t")
    assert (await client.post("SendMail", mime, version="12.1", extra="&SaveInSent=T"))[:2] == (200, b"")
    assert (await client.post("SendMail", messages.send_mail(mime, "1")))[:2] == (200, b"")
    post = client.server.post.mailboxes
    assert len(post["bob@x.test"].collections[INBOX].items) == 5
    assert len(post["alice@x.test"].collections["2"].items) == 2
    assert (await client.post("SendMail", b"Subject: x\r\n\r\n", version="12.1"))[0] == 400
    _, body, _ = await client.post("SendMail", messages.send_mail(b"Subject: x\r\n\r\n", "2"))
    assert decode(body).children[0].text == "119"


async def test_settings_and_an_empty_sync(client):
    _, body, _ = await client.post("Settings", element(tag("Settings", "Settings")))
    assert decode(body).text_of(tag("Settings", "Status")) == "1"
    _, body, _ = await client.post("Sync")
    assert decode(body).text_of(tag("AirSync", "Status")) == "13"


async def test_a_phone_that_leaves_its_ping_leaves_nothing_behind(client):
    mailbox = client.server.post.mailboxes["alice@x.test"]
    folder = mailbox.collections["2"]
    document = element(
        tag("Ping", "Ping"),
        element(tag("Ping", "HeartbeatInterval"), "600"),
        element(
            tag("Ping", "Folders"),
            element(tag("Ping", "Folder"), element(tag("Ping", "Id"), folder.server_id)),
        ),
    )
    before = len(asyncio.all_tasks())
    asking = asyncio.ensure_future(client.post("Ping", document))
    await asyncio.sleep(0.2)
    assert len(asyncio.all_tasks()) > before
    asking.cancel()
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110  # a task sets no event when it is gone
            await asyncio.sleep(0.02)
