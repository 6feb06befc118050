"""What is done at a mail server besides carrying; the whole of it is in tests/flows and tests/attacks."""

import asyncio
from pathlib import Path

import pytest

from gateway.config import BackendKind
from gateway.endpoints.errands import key_of
from gateway.endpoints.handshakes import SOON
from gateway.records import BackendKey, UserState
from gateway.services.snapshots import Known, OrganisationView
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel
from mdm.policy import DEFAULT
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.exchange_like import ExchangeLike, granted
from tests.support.gateway import serving, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import HIERARCHY, command_of
from tests.support.stores import ACME, device, user


def test_the_key_is_the_backends_and_none_is_none() -> None:
    one = device()
    view = OrganisationView(ACME, DEFAULT)
    assert key_of(Known(one, user(), view)) is None
    peer = BackendKey(one.key, "exchange")
    assert key_of(Known(one, user(), view, peer=peer)) is None
    assert key_of(Known(one, user(), view, peer=BackendKey(one.key, "exchange", policy_key=7))) == 7


async def test_a_request_is_repeated_whole(tmp_path: Path) -> None:
    server = ExchangeLike()
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        body = p.folder_sync()
        answer = await gateway.post(phone, Command.FOLDER_SYNC, body, {"User-Agent": "Odd/1"})
        assert (answer.http, answer.body) == (200, HIERARCHY)
        first, last = backend.seen[0], backend.seen[-1]
        assert first.body == last.body
        assert first.target == last.target
        assert first.header("x-ms-policykey") is None
        assert last.header("x-ms-policykey") == str(server.phone().final)
        others = {name for name, _ in last.headers} - {"X-MS-PolicyKey"}
        assert others == {name for name, _ in first.headers}
        assert {seen.header("user-agent") for seen in backend.seen} == {"Odd/1"}


async def test_an_order_that_makes_no_sense_is_told_nobody(tmp_path: Path) -> None:
    torn = b"\x03\x01\x6a\x03abc" + bytes(80)
    async with RecordingBackend(reply(200, torn)) as backend, serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled()
        answer = await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync())
        assert (answer.http, answer.body) == (503, b"")
        assert len(backend.seen) == 1


async def test_while_nothing_may_be_begun_an_upload_is_told_so(tmp_path: Path) -> None:
    server = ExchangeLike()
    server.acts[1] = reply(449)
    mail, headers = bytes(300_000), {"Content-Type": "message/rfc822"}
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        phone = await gateway.enrolled(version=Version.V12_1)
        first = await gateway.post(phone, Command.SEND_MAIL, mail, headers)
        assert first.headers["retry-after"] == dict(SOON.headers)["Retry-After"]
        handshakes = gateway.app._app._app._activesync._rooms.passage._errands._handshakes
        await until(lambda: handshakes.pause((gateway.key(), "default")) is not None, 10.0)
        second = await gateway.post(phone, Command.SEND_MAIL, mail, headers)
        assert int(second.headers["retry-after"]) > 1


LOST = {
    "blocked": lambda g: g.made.devices.set_access(ADMIN, g.key(), AccessLevel.BLOCK, "in a test"),
    "held": lambda g: g.made.devices.set_access(ADMIN, g.key(), AccessLevel.QUARANTINE, "in a test"),
    "to be wiped": lambda g: g.wipe(),
    "disabled": lambda g: g.made.users.set_state(ADMIN, g.key().user, UserState.DISABLED),
}


@pytest.mark.parametrize("name", LOST)
async def test_nothing_is_repeated_for_who_was_shut_out_while_the_backend_provisioned(
    tmp_path: Path, name: str
) -> None:
    """T29: the handshake takes seconds, and the request after it is a new one to the mail server."""
    server = ExchangeLike()
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:

        async def meanwhile(exchange: Exchange) -> None:
            async with gateway.hears():
                LOST[name](gateway)
            await reply(200, encode(granted(7)))(exchange)

        server.acts[2] = meanwhile
        phone = await gateway.enrolled()
        answer = await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync())
        assert answer.http == 503 and not answer.body
        assert server.commands() == ["FolderSync", "Provision", "Provision"]


async def test_nor_does_a_ping_park_that_was_shut_out_while_the_backend_was_informed(tmp_path: Path) -> None:
    server = ExchangeLike(lenient=True, discovers=True)
    async with (
        RecordingBackend(server) as backend,
        serving(tmp_path, backend, asked={"kind": BackendKind.EXCHANGE}) as gateway,
    ):

        async def meanwhile(exchange: Exchange) -> None:
            if command_of(exchange.seen.target) == "Settings":
                async with gateway.hears():
                    gateway.wipe()
            await server(exchange)

        backend.script = meanwhile
        phone = await gateway.enrolled()
        async with asyncio.timeout(30):
            answer, _ = await phone.ping(600, [])
        assert answer.http == 503
        assert server.commands() == ["Settings"]
