"""The doctor's device against the real gateway: let in, blocked, in quarantine, wiped, cut off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.doctor.device import DEVICE_TYPE
from gateway.doctor.tree import Report, Status
from gateway.phone.identity import device_id
from mdm.device import AccessLevel
from mdm.wbxml import encode
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.doctor_lab import (
    ABSENT,
    ADDRESS,
    AUTODISCOVER,
    DOMAIN,
    PUBLIC,
    Host,
    Lab,
    codes,
    lab,
    passes,
)
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import command_of, mail_server
from tests.support.partnership import node

pytestmark = pytest.mark.nginx
DEVICE = device_id(ADDRESS, DEVICE_TYPE)
HEARTBEAT_S = 3
NOTHING_NEW = encode(node("Ping:Ping", node("Ping:Status", "1")))


async def patient(exchange: Exchange) -> None:
    """A mail server that answers a Ping at the end of its heartbeat."""
    if command_of(exchange.seen.target) != "Ping":
        return await mail_server(exchange)
    await exchange.read()
    await asyncio.sleep(HEARTBEAT_S)
    return await reply(200, NOTHING_NEW)(exchange)


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(patient) as running:
        yield running


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(tmp_path, backend) as running:
        yield running


@contextmanager
def behind(gateway: Gateway, folder: Path, more: str = "") -> Iterator[Lab]:
    """The gateway behind nginx, with other settings for the public host."""
    served = passes(gateway.port)
    hosts = (Host(DOMAIN, ABSENT), Host(AUTODISCOVER, served), Host(PUBLIC, passes(gateway.port, more)))
    with lab(folder / "lab", *hosts) as running:
        yield running


def stop(backend: RecordingBackend) -> None:
    """The mail server is gone, and so are its connections."""
    assert backend._server is not None
    backend._server.close()
    for task in list(backend._tasks):
        task.cancel()


def step(report: Report, title: str) -> Status:
    return next(node.status for node in report.leaves() if node.title == title)


async def test_it_is_recognisable_and_the_same_each_time(gateway: Gateway, tmp_path: Path) -> None:
    with behind(gateway, tmp_path) as running:
        for _ in range(2):
            await running.examine(PASSWORD, with_device=True)
    known = gateway.made.devices.list(limit=10)
    assert [(each.key.device_id, each.device_type) for each in known] == [(DEVICE, "UsherDoctor")]


async def test_without_being_asked_it_leaves_no_partnership(gateway: Gateway, tmp_path: Path) -> None:
    with behind(gateway, tmp_path) as running:
        report = await running.examine(PASSWORD)
    assert gateway.made.devices.list(limit=10) == []
    assert step(report, "FolderSync") is Status.SKIP


async def test_a_blocked_device(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway.hears():
        gateway.settings(default_access=AccessLevel.BLOCK)
    with behind(gateway, tmp_path) as running:
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {"eas.blocked": "fail"}
    assert not report.healthy


async def test_a_device_in_quarantine(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway.hears():
        gateway.settings(default_access=AccessLevel.QUARANTINE)
    with behind(gateway, tmp_path) as running:
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {"eas.quarantined": "warn"}
    assert report.healthy


async def test_a_device_that_is_to_be_wiped(gateway: Gateway, tmp_path: Path) -> None:
    with behind(gateway, tmp_path) as running:
        await running.examine(PASSWORD, with_device=True)
        await gateway.wiped(DEVICE)
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {"eas.wiped": "fail"}


async def test_a_mail_server_that_is_down(
    gateway: Gateway, backend: RecordingBackend, tmp_path: Path
) -> None:
    stop(backend)
    with behind(gateway, tmp_path) as running:
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {"eas.down": "fail"}
    assert step(report, "OPTIONS") is Status.FAIL
    assert step(report, "FolderSync") is Status.SKIP


async def test_a_mail_server_that_goes_down_behind_a_gateway_that_remembers_it(
    gateway: Gateway, backend: RecordingBackend, tmp_path: Path
) -> None:
    with behind(gateway, tmp_path) as running:
        await running.examine(PASSWORD)
        stop(backend)
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {"eas.down": "fail"}
    assert (step(report, "OPTIONS"), step(report, "FolderSync")) == (Status.PASS, Status.FAIL)


async def test_nothing_behind_the_proxy_of_activesync(gateway: Gateway, tmp_path: Path) -> None:
    hosts = (
        Host(DOMAIN, ABSENT),
        Host(AUTODISCOVER, passes(gateway.port)),
        Host(PUBLIC, "location / { return 502; }"),
    )
    with lab(tmp_path / "lab", *hosts) as running:
        report = await running.examine(PASSWORD)
    assert codes(report) == {"eas.down": "fail"}


async def test_activesync_that_needs_no_password(gateway: Gateway, tmp_path: Path) -> None:
    hosts = (
        Host(DOMAIN, ABSENT),
        Host(AUTODISCOVER, passes(gateway.port)),
        Host(PUBLIC, "location / { return 200; }"),
    )
    with lab(tmp_path / "lab", *hosts) as running:
        report = await running.examine(PASSWORD)
    assert codes(report) == {"eas.no_challenge": "fail"}


async def test_activesync_at_a_name_that_leads_nowhere(gateway: Gateway, tmp_path: Path) -> None:
    with lab(tmp_path / "lab", Host(DOMAIN, ABSENT), Host(AUTODISCOVER, passes(gateway.port))) as running:
        report = await running.examine(PASSWORD)
    assert codes(report) == {"eas.unreachable": "fail"}


async def test_a_proxy_that_cuts_a_long_poll(gateway: Gateway, tmp_path: Path) -> None:
    with behind(gateway, tmp_path, "proxy_read_timeout 1500ms") as running:
        report = await running.examine(PASSWORD, with_device=True, heartbeat=HEARTBEAT_S)
    assert codes(report) == {"proxy.cuts_poll": "fail"}
    (fault,) = report.faults
    assert f"of {HEARTBEAT_S} s: HTTP 504" in fault.fact
    assert step(report, "Ping") is Status.FAIL


async def test_a_proxy_that_waits(gateway: Gateway, tmp_path: Path) -> None:
    with behind(gateway, tmp_path) as running:
        report = await running.examine(PASSWORD, with_device=True, heartbeat=HEARTBEAT_S)
    assert codes(report) == {}
    assert step(report, "Ping") is Status.PASS
