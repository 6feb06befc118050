"""The queue at the door (product 6.5): entered once, counted, gone with the answer, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.records import AuditTag
from gateway.services.partnerships import device_actor
from gateway.services.quarantine import Quarantine
from gateway.services.tenants import Settings
from mdm.device import AccessLevel
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import ADMIN, outage
from tests.support.mail_server import posts


@pytest.fixture
async def guarded(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(
        tmp_path, backend, settings=Settings(default_access=AccessLevel.QUARANTINE)
    ) as running:
        yield running


def queue(gateway: Gateway) -> Quarantine:
    return gateway.made.quarantine


async def test_a_device_waits_is_counted_and_is_let_in(guarded: Gateway, backend: RecordingBackend) -> None:
    phone = await guarded.enrolled()
    (waiting,) = queue(guarded).queue("acme")
    assert waiting.held.key == guarded.key()
    assert waiting.held.reason == "the organisation's default"
    assert waiting.device.held_since == waiting.held.since
    for _ in range(3):
        assert (await phone.folder_sync()).status == 1
    await guarded.app._write_behind._flush()
    (waiting,) = queue(guarded).queue("acme")
    assert waiting.held.requests >= 4
    async with guarded.hears():
        queue(guarded).approve(ADMIN, guarded.key(), "known to me")
    assert queue(guarded).queue("acme") == []
    assert guarded.device().held_since is None
    await phone.folder_sync()
    assert posts(backend) == ["FolderSync"]
    assert guarded.trail(AuditTag.DEVICE_HELD, AuditTag.QUARANTINE_APPROVED) == [
        AuditTag.DEVICE_HELD,
        AuditTag.QUARANTINE_APPROVED,
    ]


async def test_who_is_let_in_by_a_rule_leaves_at_the_next_request(
    guarded: Gateway, backend: RecordingBackend
) -> None:
    phone = await guarded.enrolled()
    async with guarded.hears():
        rule = {
            "name": "our phones",
            "effect": "allow",
            "conditions": [{"criterion": "device_type", "is": ["UsherPhone"]}],
        }
        guarded.made.access_rules.create(ADMIN, "acme", rule)
    await phone.folder_sync()
    assert posts(backend) == ["FolderSync"]
    await guarded.quiet()
    assert queue(guarded).queue("acme") == []
    assert guarded.trail(AuditTag.DEVICE_RELEASED) == [AuditTag.DEVICE_RELEASED]


async def test_the_decision_does_not_wait_for_the_queue(guarded: Gateway, backend: RecordingBackend) -> None:
    phone = await guarded.enrolled()
    await phone.folder_sync()
    with outage(guarded.config.store.directory):
        assert (await phone.folder_sync()).status == 1
    assert posts(backend) == []


async def test_an_entry_that_cannot_be_written_is_written_at_the_next_request(guarded: Gateway) -> None:
    phone = await guarded.enrolled()
    await phone.folder_sync()
    known = guarded.app.snapshots.get(guarded.key().user, "PHONE1")
    assert known is not None
    known.device = replace(known.device, held_since=None)
    room = guarded.app._waiting
    actor = device_actor(known.device.key)
    with outage(guarded.config.store.directory):
        await room.heed(known, known.access, actor)
        assert known.device.held_since is None
    await room.heed(known, known.access, actor)
    assert known.device.held_since == guarded.device().held_since


async def test_many_requests_at_once_enter_it_once(guarded: Gateway) -> None:
    phone = guarded.phone()
    await asyncio.gather(*(phone.folder_sync() for _ in range(5)))
    await guarded.quiet()
    assert guarded.trail(AuditTag.DEVICE_HELD) == [AuditTag.DEVICE_HELD]
