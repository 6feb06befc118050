"""gateway.proxy.provisioner against servers that provision, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.config import Backend, BackendKind
from gateway.proxy.backends import Identity, Route
from gateway.proxy.provisioner import Asker, inform, provision
from gateway.proxy.upstream import Upstream
from mdm.ashttp import Command, Version
from mdm.device import DeviceInformation
from mdm.handshake import Granted, NotNeeded, Ordered, Refused
from mdm.query import CommandRequest
from mdm.wbxml import encode
from tests.support.backend import RecordingBackend, Script, reply
from tests.support.exchange_like import ExchangeLike, granted

TOLD = DeviceInformation(model="A1", os="X 2")
RAW = [(b"user-agent", b"Phone/1"), (b"x-ms-policykey", b"999"), (b"x-beresource", b"evil")]


@asynccontextmanager
async def upstream(
    script: Script, kind: BackendKind = BackendKind.GENERIC
) -> AsyncIterator[tuple[Upstream, RecordingBackend]]:
    async with RecordingBackend(script) as backend:
        made = Upstream(Route(Backend("b", backend.url, kind=kind, connect_timeout_s=1.0)))
        try:
            yield made, backend
        finally:
            await made.close()


def asker(version: Version = Version.V16_1, *, base64: bool = False) -> Asker:
    request = CommandRequest(
        Command.SEND_MAIL,
        "PHONE1",
        "Phone",
        version,
        policy_key=999,
        parameters=(("CollectionId", "5"),),
        save_in_sent=True,
        base64=base64,
    )
    return Asker(request, RAW, Identity.of("ann"), "secret", "192.0.2.7", "r-1", TOLD)


@pytest.mark.parametrize("form", [False, True], ids=["plain", "base64"])
@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_1])
async def test_both_phases_in_the_form_and_version_of_the_request(version: Version, form: bool) -> None:
    server = ExchangeLike()
    async with upstream(server, BackendKind.EXCHANGE) as (made, backend):
        answer = await provision(made, asker(version, base64=form))
        assert answer == Granted(server.phone().final)
    assert server.commands() == ["Provision", "Provision"]
    assert [asked.base64 for asked in server.asked] == [form, form]
    assert {asked.version for asked in server.asked} == {float(version.text)}
    assert server.asked[0].key == 0
    assert server.phone().information == ({"Model": "A1", "OS": "X 2"} if version >= Version.V14_1 else {})
    for seen in backend.seen:
        assert seen.header("user-agent") == "Phone/1"
        assert seen.header("x-beresource") is None
        assert "999" not in seen.raw.decode("latin-1")
        assert "CollectionId" not in seen.target


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (reply(200, encode(granted(0, status="2"))), NotNeeded()),
        (reply(401), Refused("it answered Provision with HTTP 401")),
        (
            reply(200, encode(granted(5)), Content_Encoding="gzip"),
            Refused("its answer to Provision is compressed"),
        ),
        (reply(200, bytes(70_000)), Refused("its answer to Provision is too long")),
    ],
    ids=["no policy", "401", "compressed", "long"],
)
async def test_the_first_answer_may_be_the_last(script: Script, expected: object) -> None:
    async with upstream(script) as (made, backend):
        assert await provision(made, asker()) == expected
    assert len(backend.seen) == 1


async def test_a_wipe_ends_it_and_is_not_acknowledged() -> None:
    server = ExchangeLike()
    server.phone().wipe = "RemoteWipe"
    async with upstream(server) as (made, _):
        assert isinstance(await provision(made, asker()), Ordered)
    assert server.commands() == ["Provision"]
    assert server.acknowledgements == 0


async def test_silence_has_an_end_and_so_has_absence() -> None:
    async def silent(exchange: object) -> None:
        await asyncio.sleep(3600)

    async with upstream(silent) as (made, _):
        assert await provision(made, asker(), 0.2) == Refused("it did not answer Provision in time")
        assert not await inform(made, asker(), 5, 0.2)
    assert isinstance(await _nobody(), Refused)


async def _nobody() -> object:
    made = Upstream(Route(Backend("b", "http://127.0.0.1:1/", connect_timeout_s=1.0)))
    try:
        assert not await inform(made, asker(), None)
        return await provision(made, asker())
    finally:
        await made.close()


async def test_what_the_device_said_is_said_again() -> None:
    server = ExchangeLike(lenient=True)
    async with upstream(server) as (made, _):
        assert await inform(made, asker(Version.V14_0), None)
    assert server.commands() == ["Settings"]
    assert server.phone().information == {"Model": "A1", "OS": "X 2"}


def test_no_password_is_shown() -> None:
    assert "secret" not in repr(asker())
