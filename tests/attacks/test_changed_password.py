"""A changed password ends what the old one began, in every worker, at once (T29; product 5.4, p99 1 s)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from mdm.ashttp import Command, Version
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.gateway_process import Gateway as Process
from tests.support.gateway_process import gateway as process
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN, INBOX, mail_server, posts

NEW = "Other-Horse-22"
PHONES = 10
"""Each with a connection of its own, so that both workers are likely to have some."""

PATIENCE_S = 20.0


async def test_hanging_polls_end_and_the_old_password_is_worth_nothing(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone, other = await gateway.enrolled(), await gateway.enrolled("bob", "PHONE2")
    ping, sync = await gateway.parked(phone, backend), await gateway.parked_sync(phone, backend)
    theirs = await gateway.parked(other, backend)
    gateway.made.users.set_password(ADMIN, gateway.key().user, NEW)
    async with asyncio.timeout(PATIENCE_S):
        assert [(await ping).http, (await sync).http] == [401, 401]
    assert (await phone.folder_sync()).http == 401
    fresh = gateway.stranger(phone, NEW)
    assert (await fresh.folder_sync()).status == 1
    assert not theirs.done()
    theirs.cancel()


async def test_a_poll_that_began_with_the_new_password_goes_on(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, NEW)
    waiting = await gateway.parked(gateway.stranger(phone, NEW), backend)
    async with gateway.hears():
        gateway.made.users.set_display_name(ADMIN, gateway.key().user, "Ann A.")
    await asyncio.sleep(0.5)
    assert not waiting.done()
    waiting.cancel()


async def test_a_request_that_overlaps_with_the_change_does_not_slip_into_a_poll(
    gateway: Gateway, backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let in with the old password, judged with the new row: neither the one nor the other sees it later."""
    phone = await gateway.enrolled()
    login = gateway.app._login
    remembered = dict(login._accepted)
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, NEW)
    monkeypatch.setattr(login, "_accepted", type(login._accepted)(remembered))
    before = len(posts(backend))
    answer = (await phone.ping(600, [INBOX]))[0]
    assert (answer.http, len(posts(backend))) == (401, before)


@pytest.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[tuple[Process, RecordingBackend]]:
    async with RecordingBackend(mail_server) as backend:
        with process({"url": backend.url}, DOMAIN, users={"ann": PASSWORD}) as running:
            yield running, backend


async def test_in_every_worker(deployed: tuple[Process, RecordingBackend]) -> None:
    running, backend = deployed
    async with AsyncExitStack() as lines:
        phones = []
        for number in range(PHONES):
            line = await lines.enter_async_context(Line(running.trust()))
            phones.append(
                Phone(
                    Identity(f"ann@{DOMAIN}", PASSWORD, f"PHONE{number}", version=Version.V16_1),
                    line,
                    server=running.url,
                )
            )
            outcome, _ = await phones[-1].provision()
            assert outcome is Provisioning.ACCEPTED
        waits = [asyncio.ensure_future(phone.ping(600, [INBOX])) for phone in phones]
        await until(lambda: posts(backend).count("Ping") == PHONES, PATIENCE_S)
        (user,) = running.made.users.list("example")
        began = time.monotonic()
        await asyncio.to_thread(running.made.users.set_password, ADMIN, user.id, NEW)
        async with asyncio.timeout(PATIENCE_S):
            ended = await asyncio.gather(*waits)
        assert {answer.http for answer, _ in ended} == {401}
        assert time.monotonic() - began < PATIENCE_S
        again = await asyncio.gather(*(phone.command(Command.FOLDER_SYNC) for phone in phones))
        assert {answer.http for answer in again} == {401}
