"""The whole gateway on a real PostgreSQL: enrol, sync, hang in Ping, be wiped (product 9.3, issue 2).

The store's own suite runs on both databases (tests/contract); here the change feed is LISTEN/NOTIFY between
the processes of a deployed gateway, and a parked Ping hears of its wipe within a second.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from gateway.sample import serving
from gateway.sample.application import PATH, SampleServer
from mdm.ashttp import Version
from mdm.device import DeviceState, WipeKind
from tests.support.gateway_process import Gateway, gateway
from tests.support.handset import inbox
from tests.support.postgres import shared_cluster

pytestmark = pytest.mark.postgres

DOMAIN = "postgres.example"
ADDRESS, PASSWORD = f"ann@{DOMAIN}", "Correct-horse-9"
RELEASE_S = 1.0
HIERARCHY_CHANGED = 7


@asynccontextmanager
async def deployed() -> AsyncIterator[Gateway]:
    """``usher serve`` on a fresh PostgreSQL database, before the sample mail server."""
    bound, stop = serving.listener(), asyncio.Event()
    backend = {"url": f"http://127.0.0.1:{bound.getsockname()[1]}{PATH}"}
    mail = asyncio.get_running_loop().create_task(serving.run(SampleServer({ADDRESS: PASSWORD}), bound, stop))
    url = shared_cluster().fresh_database()
    try:
        with gateway(backend, DOMAIN, users={"ann": PASSWORD}, store=url) as running:
            yield running
    finally:
        stop.set()
        await mail


@pytest.mark.parametrize("version", [Version.V12_1, Version.V16_1])
async def test_a_parked_phone_hears_of_its_wipe_at_once(version: Version) -> None:
    async with deployed() as usher, Line(usher.trust()) as line:
        identity = Identity(ADDRESS, PASSWORD, f"POSTGRES{version.code}", version=version)
        phone = Phone(identity, line, server=usher.url)
        await phone.options()
        assert (await phone.provision())[0] is Provisioning.ACCEPTED
        folder = await inbox(phone)
        ping = asyncio.ensure_future(phone.ping(600, [folder]))
        await asyncio.sleep(1)
        assert not ping.done()
        usher.wipe(identity.device_id, WipeKind.DEVICE)
        ordered = time.monotonic()
        _, awakening = await ping
        assert time.monotonic() - ordered < RELEASE_S
        assert awakening is not None
        assert awakening.status == HIERARCHY_CHANGED
        assert (await phone.provision())[0] is Provisioning.WIPED
        assert usher.device(identity.device_id).state is DeviceState.WIPE_SUCCEEDED
