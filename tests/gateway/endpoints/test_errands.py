"""What is done at a mail server besides carrying; the whole of it is in tests/flows and tests/attacks."""

from pathlib import Path

from gateway.endpoints.errands import key_of
from gateway.endpoints.handshakes import SOON
from gateway.records import BackendKey
from gateway.services.snapshots import Known, OrganisationView
from mdm.ashttp import Command, Version
from mdm.policy import DEFAULT
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, reply
from tests.support.exchange_like import ExchangeLike
from tests.support.gateway import serving, until
from tests.support.mail_server import HIERARCHY
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
