"""Snapshot first, database when it must be; an outage never opens the door (house.md 4, 4a; T29, T30)."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.config import Limits
from gateway.endpoints.credentials import Basic
from gateway.endpoints.door import Door, Visit
from gateway.endpoints.headers import RequestHeaders
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError, Kind
from gateway.log import Trace
from gateway.records import OrganisationState
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.recollection import Recollection
from gateway.services.snapshots import FEED_SILENCE, Known
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel
from mdm.gatekeeper import FORWARD, Refuse
from mdm.query import CommandRequest
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving, until
from tests.support.inhabited import ADMIN, outage
from tests.support.mail_server import posts
from tests.support.postgres import shared_cluster


async def test_a_known_device_touches_no_database(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    await phone.folder_sync()
    with outage(gateway.config.store.directory):
        assert gateway.app.snapshots.trusted(time.monotonic())
        assert (await phone.folder_sync()).status == 1
    assert posts(backend) == ["FolderSync", "FolderSync"]


async def test_a_snapshot_may_admit_but_never_refuse(gateway: Gateway, backend: RecordingBackend) -> None:
    """What another process has just allowed is read, not refused from memory."""
    phone = gateway.phone()
    assert (await phone.folder_sync()).status == 142
    await gateway.quiet()
    assert (await phone.folder_sync()).status == 142
    key = elsewhere(gateway)
    phone.policy_key = key
    assert (await phone.folder_sync()).status == 1
    assert posts(backend) == ["FolderSync"]


def elsewhere(gateway: Gateway) -> int:
    """The phone accepts the policy at another process; its final key."""
    made, key = gateway.made.devices, gateway.key()
    from mdm import provision
    from mdm.wbxml import encode

    request = CommandRequest(Command.PROVISION, "PHONE1", "UsherPhone", Version.V16_1)
    actor = ADMIN
    offered = made.provision(
        key, request, provision.read(request, encode(p.initial(Version.V16_1))), actor
    ).device
    body = encode(p.acknowledgement(offered.temporary_key))
    return made.provision(key, request, provision.read(request, body), actor).device.policy_key


async def test_a_silent_feed_means_that_the_database_is_asked(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    assert (await phone.folder_sync()).status == 1
    deafen(gateway)
    gateway.wipe()
    assert (await phone.folder_sync()).status == 140
    assert posts(backend) == ["FolderSync"]


def deafen(gateway: Gateway, silent_s: float = FEED_SILENCE + 1) -> None:
    """No change is heard any more, for so long already."""
    gateway.app._watch.stop()
    gateway.app.snapshots.fresh_at = time.monotonic() - silent_s


async def test_without_a_database_the_known_keep_their_verdict_and_the_unknown_wait(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    blocked = await gateway.enrolled(device_id="PHONE2")
    async with gateway.hears():
        gateway.made.devices.set_access(ADMIN, gateway.key("PHONE2"), AccessLevel.BLOCK, "sold")
    assert (await phone.folder_sync()).status == 1
    assert (await blocked.folder_sync()).status == 129
    with outage(gateway.config.store.directory):
        deafen(gateway)
        assert (await phone.folder_sync()).status == 1
        assert (await blocked.folder_sync()).status == 129
        stranger = gateway.phone(device_id="PHONE3")
        stranger.policy_key = phone.policy_key
        assert (await stranger.folder_sync()).http == 503
        deafen(gateway, Limits().last_verdict_s - 5)
        assert (await phone.folder_sync()).status == 1
        deafen(gateway, Limits().last_verdict_s + 5)
        answer = await phone.folder_sync()
        assert (answer.http, answer.headers["retry-after"]) == (503, "30")
    assert posts(backend) == ["FolderSync"] * 3


async def test_a_dropped_snapshot_is_not_made_up_in_an_outage(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """Something changed about the device, and nobody can say what: not even the known pass."""
    phone = await gateway.enrolled()
    await phone.folder_sync()
    async with gateway.hears():
        gateway.wipe()
    with outage(gateway.config.store.directory):
        assert (await phone.folder_sync()).http == 503
    assert (await phone.folder_sync()).status == 140
    assert posts(backend) == ["FolderSync"]


@pytest.fixture
async def on_postgresql(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    url = shared_cluster().fresh_database()
    async with serving(tmp_path, backend, url=url) as running:
        yield running


def refuse_connections(url: str, *, refuse: bool) -> None:
    """The database is gone, or back."""
    name = url.rpartition("/")[2]
    with psycopg.connect(shared_cluster().url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {not refuse}")
        if refuse:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )


@pytest.mark.postgres
async def test_a_postgresql_that_goes_and_comes_back(
    on_postgresql: Gateway, backend: RecordingBackend
) -> None:
    gateway, url = on_postgresql, on_postgresql.config.store_url
    phone = await gateway.enrolled()
    assert (await phone.folder_sync()).status == 1
    refuse_connections(url, refuse=True)
    try:
        await until(lambda: not gateway.app.snapshots.trusted(time.monotonic()), 10)
        assert (await phone.folder_sync()).status == 1
        assert (await gateway.phone(device_id="PHONE2").folder_sync()).http == 503
        assert (await gateway.phone("bob").folder_sync()).http == 503
    finally:
        refuse_connections(url, refuse=False)
    await until(lambda: gateway.app.snapshots.trusted(time.monotonic()), 10)
    assert (await gateway.phone("bob").folder_sync()).status == 142
    gateway.wipe()
    await until(lambda: gateway.app.snapshots.get(gateway.key().user, "PHONE1") is None, 20)
    assert (await phone.folder_sync()).status == 140


@pytest.mark.parametrize(
    "state", [state for state in OrganisationState if state is not OrganisationState.ACTIVE]
)
async def test_an_organisation_that_is_not_active_is_503(
    gateway: Gateway, backend: RecordingBackend, state: OrganisationState
) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.in_state(state)
    answer = await phone.folder_sync()
    assert (answer.http, answer.headers["retry-after"]) == (503, "30")
    assert (await gateway.phone(device_id="PHONE2").folder_sync()).http == 503
    assert backend.seen == []


async def test_a_wipe_reaches_a_device_of_an_inactive_organisation(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.wipe()
        gateway.settings(state=OrganisationState.INACTIVE)
    assert (await phone.folder_sync()).status == 140
    outcome, _ = await phone.provision()
    assert outcome.value == "wiped"


class Overtaken(Recollection):
    """Reads, and comes back only after a wipe has been ordered and heard of."""

    def __init__(self, gateway: Gateway, times: int) -> None:
        super().__init__(gateway.made.store, gateway.made.devices)
        self.reads = 0
        self._gateway = gateway
        self._times = times

    def known(self, *args: Any, **kwargs: Any) -> Known | TooManyDevices:
        found = super().known(*args, **kwargs)
        self.reads += 1
        if self.reads <= self._times:
            before = self._gateway.app.snapshots.mark()
            order = self._gateway.wipe if self.reads == 1 else self._again
            order()
            while self._gateway.app.snapshots.mark() == before:
                time.sleep(0.01)
        return found

    def _again(self) -> None:
        self._gateway.settings(name=f"Acme {self.reads}")


def visit(gateway: Gateway, key: int) -> Visit:
    request = CommandRequest(Command.FOLDER_SYNC, "PHONE1", "UsherPhone", Version.V16_1, key)
    principal = Principal(gateway.organisation.id, gateway.key().user)
    return Visit(
        request, RequestHeaders(), [], Basic("ann", "x", b"ann:x"), principal, Trace("r", "192.0.2.1")
    )


async def judged(gateway: Gateway, times: int, key: int) -> Any:
    threads = Threads()
    try:
        door = Door(gateway.app.snapshots, Overtaken(gateway, times), threads, last_verdict_s=900)
        return await door.judge(visit(gateway, key))
    finally:
        threads.close()


async def test_a_read_that_a_change_overtook_is_read_again(gateway: Gateway) -> None:
    """It says Forward, but what was heard meanwhile is a wipe: a Ping would hang for an hour."""
    phone = await gateway.enrolled()
    gateway.app.snapshots.clear()
    known, verdict = await judged(gateway, 1, phone.policy_key)
    assert verdict != FORWARD
    assert isinstance(verdict, Refuse)
    assert gateway.app.snapshots.get(known.device.key.user, "PHONE1") is known


async def test_a_read_that_is_overtaken_again_and_again_is_not_believed(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    gateway.app.snapshots.clear()
    with pytest.raises(GatewayError) as caught:
        await judged(gateway, 100, phone.policy_key)
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_first_sight_by_many_requests_at_once_is_one_device(gateway: Gateway) -> None:
    phone = gateway.phone()
    answers = await asyncio.gather(*(phone.folder_sync() for _ in range(20)))
    assert {answer.status for answer in answers} == {142}
    assert len(gateway.made.devices.list("acme")) <= 1
    assert [device.key.device_id for device in gateway.made.devices.list(gateway.organisation.id)] == [
        "PHONE1"
    ]
