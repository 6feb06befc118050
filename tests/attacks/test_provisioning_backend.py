"""A mail server that provisions and was taken over: whatever it answers to our own Provision, no device gets
an order from it, nobody acknowledges one, and nothing hangs (T36).
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.proxy import provisioner
from gateway.records import AuditTag, BackendKey
from gateway.services.backend_keys import BackendKeys
from mdm.ashttp import Command, Version
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, Script, chunked, raw, reply
from tests.support.exchange_like import ExchangeLike, granted
from tests.support.gateway import Gateway, serving
from tests.support.mail_server import HIERARCHY
from tests.support.stores import Clock

PATIENCE_S = 1.0
WIPES = ("RemoteWipe", "AccountOnlyRemoteWipe")


def wipe(name: str, *, inside: bool = False) -> bytes:
    """An order to wipe, alone or hidden in what looks like a policy."""
    directive = p.node(f"Provision:{name}")
    if not inside:
        return encode(p.node("Provision:Provision", p.node("Provision:Status", "1"), directive))
    policy = p.node("Provision:Policy", p.node("Provision:Status", "1"), directive)
    key = p.node("Provision:Policies", policy, p.node("Provision:PolicyKey", "5"))
    return encode(p.node("Provision:Provision", p.node("Provision:Status", "1"), key))


ORDERS: dict[str, bytes] = {
    **{name: wipe(name) for name in WIPES},
    **{f"{name} within a policy": wipe(name, inside=True) for name in WIPES},
}
NONSENSE: dict[str, Script] = {
    "no WBXML": reply(200, b"\xff" * 200),
    "a torn document": reply(200, wipe("RemoteWipe")[:9]),
    "nothing": reply(200),
    "another command's answer": reply(200, HIERARCHY),
    "a page": reply(200, b"<html>", Content_Type="text/html"),
    "compressed": reply(200, wipe("RemoteWipe"), Content_Encoding="gzip"),
    "no key": reply(200, encode(granted(0))),
    "a key beyond its field": reply(200, encode(granted(2**32))),
    "another status": reply(200, encode(granted(7, status="5"))),
    "demands it again": reply(449),
    "forbidden": reply(403),
    "somewhere else": reply(302, Location="https://evil.example/"),
    "huge": reply(200, encode(granted(7)) + bytes(5 << 20)),
    "huge, in chunks": chunked(*[bytes(65536)] * 40),
    "never ends": chunked(encode(granted(7))[:5], stuck=True),
    "hangs up": raw(b""),
    "no HTTP": raw(b"SSH-2.0-x\r\n\r\n"),
}


@pytest.fixture
async def scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Gateway, ExchangeLike]]:
    monkeypatch.setattr(provisioner.provision, "__defaults__", (PATIENCE_S,))
    server = ExchangeLike()
    async with RecordingBackend(server) as backend, serving(tmp_path, backend) as gateway:
        yield gateway, server


async def attempt(gateway: Gateway, version: Version) -> tuple[int, bytes]:
    """What a compliant phone is told."""
    phone = await gateway.enrolled(version=version)
    async with asyncio.timeout(30):
        answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
    return answer.http, answer.body


def record(gateway: Gateway) -> BackendKey:
    (found,) = BackendKeys(gateway.made.store, Clock()).of(gateway.key())
    return found


@pytest.mark.parametrize("phase", [1, 2])
@pytest.mark.parametrize("name", ORDERS)
async def test_a_wipe_in_any_phase_stays_between_the_servers(
    scene: tuple[Gateway, ExchangeLike], name: str, phase: int
) -> None:
    gateway, server = scene
    server.acts[phase] = reply(200, ORDERS[name])
    assert await attempt(gateway, Version.V16_1) == (503, b"")
    assert record(gateway).wipe_at is not None
    assert record(gateway).policy_key == 0
    assert gateway.trail(AuditTag.BACKEND_WIPE_ORDERED) == [AuditTag.BACKEND_WIPE_ORDERED]
    assert gateway.device().wipe is None
    assert server.acknowledgements == 0


@pytest.mark.parametrize("phase", [1, 2])
@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_gives_no_key_and_an_end(
    scene: tuple[Gateway, ExchangeLike], name: str, phase: int
) -> None:
    gateway, server = scene
    server.acts[phase] = NONSENSE[name]
    assert await attempt(gateway, Version.V14_1) == (503, b"")
    assert record(gateway).policy_key == 0
    assert record(gateway).wipe_at is None
    assert record(gateway).diagnosis.startswith("The mail server 'default' demands provisioning, but it")
    assert "evil" not in record(gateway).diagnosis
    assert record(gateway).busy_until is None


async def test_who_fails_once_is_not_asked_by_every_request(scene: tuple[Gateway, ExchangeLike]) -> None:
    gateway, server = scene
    server.acts[1] = reply(449)
    for _ in range(5):
        assert (await attempt(gateway, Version.V14_1))[0] == 503
    assert server.commands().count("Provision") == 1


@pytest.mark.parametrize("body", [*ORDERS.values()], ids=[*ORDERS])
async def test_a_wipe_in_answer_to_a_mail_command_is_shown_as_well(tmp_path: Path, body: bytes) -> None:
    async with RecordingBackend(reply(200, body)) as backend, serving(tmp_path, backend) as gateway:
        assert (await attempt(gateway, Version.V16_1))[0] == 503
        assert record(gateway).wipe_at is not None
        assert [seen.method for seen in backend.seen] == ["POST"]


async def test_a_wipe_after_the_key_was_fetched(scene: tuple[Gateway, ExchangeLike]) -> None:
    """The repeated request is answered by a wipe: that is not passed on either."""
    gateway, server = scene
    phone = await gateway.enrolled(version=Version.V16_1)

    async def order_next() -> None:
        while not server.phone().final:  # noqa: ASYNC110 - a plain value, of which nobody tells
            await asyncio.sleep(0.001)
        server.phone().wipe = "RemoteWipe"

    ordering = asyncio.ensure_future(order_next())
    for _ in range(3):
        answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=phone.policy_key)
        assert b"\x0e" not in answer.body or answer.body == HIERARCHY
    await ordering
    assert answer.http == 503
    assert server.acknowledgements == 0
