"""The gateway before a real mail server that provisions on its own: Debian's Horde, up to 16.0 (product 3.5).

Horde has a policy, keys and a remote wipe. Phones see nothing of the three; what Horde was asked is read in
its access log, and what it believes in its own tables.
"""

import asyncio
from collections.abc import Iterator

import pytest

from gateway.chance import SystemClock
from gateway.phone.identity import QueryForm
from gateway.records import AuditTag, BackendKey
from gateway.services.backend_keys import BackendKeys
from mdm.ashttp import Version
from mdm.device import DeviceState
from tests.support.gateway_process import Gateway, gateway
from tests.support.handset import handset, inbox, provision, settle, subjects
from tests.support.horde_lab import HordeLab
from tests.support.sogo_lab import DOMAIN

pytestmark = pytest.mark.sogo

EVERY_VERSION = [Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_0]


@pytest.fixture(scope="module")
def usher(horde: HordeLab) -> Iterator[Gateway]:
    backend = {"url": horde.url, "user_mapping": "local_part", "cookies": False}
    with gateway(backend, DOMAIN) as running:
        yield running


def record(usher: Gateway, device: str) -> BackendKey:
    """What the gateway keeps of a device at Horde."""
    (found,) = BackendKeys(usher.made.store, SystemClock()).of(usher.device(device).key)
    return found


def trail(usher: Gateway, device: str) -> list[AuditTag]:
    with usher.made.store.read() as transaction:
        found = transaction.audit.query(limit=10_000)
    target = f"/{device.upper()}"
    return [
        each.tag for each in found if each.target.endswith(target) and each.tag.value.startswith("backend:")
    ]


@pytest.mark.parametrize("form", QueryForm)
@pytest.mark.parametrize("version", EVERY_VERSION)
async def test_a_phone_reads_its_mail_and_knows_nothing_of_hordes_policy(
    horde: HordeLab, usher: Gateway, version: Version, form: QueryForm
) -> None:
    who, device = horde.new_user(), f"horde{version.code}{form.value}"
    horde.sogo.deliver(who, "first")
    async with handset(who, usher.url, device, version=version, form=form, tls=usher.trust()) as phone:
        await phone.options()
        await provision(phone)
        own = phone.policy_key
        assert horde.requests(device) == []
        folder = await inbox(phone)
        assert subjects(phone, folder) == ["first"]
        assert phone.policy_key == own
    kept = record(usher, device)
    assert kept.policy_key not in (0, own)
    assert kept.policy_key == int(horde.device(device)["device_policykey"])
    asked = [each.command for each in horde.requests(device)]
    assert asked[:4] == ["FolderSync", "Provision", "Provision", "FolderSync"]
    assert asked.count("Provision") == 2
    assert trail(usher, device) == [AuditTag.BACKEND_PROVISIONED]
    assert str(kept.policy_key) not in usher.log


@pytest.mark.parametrize("version", EVERY_VERSION)
async def test_a_change_of_hordes_policy_is_followed(
    horde: HordeLab, usher: Gateway, version: Version
) -> None:
    who, device = horde.new_user(), f"change{version.code}"
    async with handset(who, usher.url, device, version=version, tls=usher.trust()) as phone:
        await phone.options()
        await provision(phone)
        folder = await inbox(phone)
        before = record(usher, device).policy_key
        horde.administer("reprovision")
        horde.sogo.deliver(who, "after the change")
        await asyncio.gather(*(phone.folder_sync() for _ in range(4)))
        await settle(phone, folder)
        assert subjects(phone, folder) == ["after the change"]
    assert record(usher, device).policy_key not in (0, before)
    assert [each.command for each in horde.requests(device)].count("Provision") == 4


@pytest.mark.parametrize("version", EVERY_VERSION)
async def test_hordes_wipe_is_shown_and_not_passed_on(
    horde: HordeLab, usher: Gateway, version: Version
) -> None:
    who, device = horde.new_user(), f"wipe{version.code}"
    async with handset(who, usher.url, device, version=version, tls=usher.trust()) as phone:
        await phone.options()
        await provision(phone)
        await inbox(phone)
        horde.administer("wipe", horde.device(device)["device_id"])
        for _ in range(2):
            answer = await phone.folder_sync()
            assert (answer.http, answer.body) == (503, b"")
        await provision(phone)
    kept = record(usher, device)
    assert kept.wipe_at is not None
    assert "orders a wipe" in kept.diagnosis
    assert usher.device(device).state is DeviceState.PROVISIONING_SUCCEEDED
    assert usher.device(device).wipe is None
    assert trail(usher, device)[-1] is AuditTag.BACKEND_WIPE_ORDERED
    assert trail(usher, device).count(AuditTag.BACKEND_WIPE_ORDERED) == 1
