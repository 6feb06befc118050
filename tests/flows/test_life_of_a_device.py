"""From enrolment to the second life: one phone's whole story, in every version and both query forms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import QueryForm
from gateway.phone.line import Answer
from gateway.phone.reading import awakening
from gateway.records import AuditTag
from mdm.ashttp import Version
from mdm.device import DeviceState, WipeKind
from mdm.policy import Policy
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import INBOX, posts

LONGER = Policy({"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8})


def signal(answer: Answer) -> int | None:
    """The Status that a version says, or HTTP where it says nothing else."""
    return answer.status if answer.http == 200 else answer.http


@asynccontextmanager
async def awoken(gateway: Gateway, phone: Phone, backend: RecordingBackend) -> AsyncIterator[None]:
    """The phone waits in a Ping, and is woken by what happens within the block."""
    await gateway.quiet()
    waiting = await gateway.parked(phone, backend)
    yield
    woken = (await waiting).document
    assert woken is not None
    assert awakening(woken).status == 7


async def erased(phone: Phone, refusal: int) -> None:
    """It is refused, fetches its wipe and says that it is done."""
    assert signal(await phone.folder_sync()) == refusal
    assert (await phone.provision())[0] is Provisioning.WIPED


async def enrolled(phone: Phone, refusal: int) -> None:
    """It is refused, provisions, and only then sees its folders."""
    assert signal(await phone.folder_sync()) == refusal
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
    await synchronised(phone)


async def synchronised(phone: Phone) -> None:
    answer = await phone.folder_sync()
    assert (answer.http, answer.status) == (200, 1)
    assert phone.folders == {INBOX.server_id: INBOX}
    assert (await phone.sync([INBOX]))[0].http == 200


@pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_a_whole_life(
    gateway: Gateway, backend: RecordingBackend, version: Version, form: QueryForm
) -> None:
    needed, outdated, wiped = (142, 144, 140) if version >= Version.V14_0 else (449, 449, 449)
    phone = gateway.phone(version=version, form=form)
    await phone.options()

    await enrolled(phone, needed)
    assert gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED
    served = len(posts(backend))

    # The policy changes while it waits: it is woken, asks, is told, and provisions again.
    async with awoken(gateway, phone, backend):
        gateway.set_policy(LONGER)
    assert gateway.device().state is DeviceState.PROVISIONING_REQUIRED
    assert signal(await phone.folder_sync()) == outdated
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
    assert phone.policy["MinDevicePasswordLength"] == "8"
    phone.folder_key = "0"
    await synchronised(phone)
    assert len(posts(backend)) == served + 3

    # It is wiped while it waits, and again as often as it comes back.
    async with awoken(gateway, phone, backend):
        await gateway.wiped()
    served = len(posts(backend))
    for _ in range(3):
        await gateway.quiet()
        await erased(phone, wiped)
        assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    assert len(posts(backend)) == served

    # An administrator takes it off the list: it enrols as a new device.
    async with gateway.hears():
        gateway.made.devices.remove(ADMIN, gateway.key())
    await enrolled(phone, needed)
    trail = gateway.trail(AuditTag.WIPE_REQUIRED, AuditTag.WIPE_CONFIRMED, AuditTag.DEVICE_REMOVED)
    assert trail[0] is AuditTag.WIPE_REQUIRED
    assert trail[1] is AuditTag.WIPE_CONFIRMED
    assert trail[-1] is AuditTag.DEVICE_REMOVED


@pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
async def test_an_account_only_wipe(gateway: Gateway, backend: RecordingBackend, form: QueryForm) -> None:
    phone = await gateway.enrolled(form=form)
    await gateway.wiped(kind=WipeKind.ACCOUNT)
    assert signal(await phone.folder_sync()) == 140
    _, policy = await phone.poll_wipe()
    assert policy is not None
    assert policy.wipe is WipeKind.ACCOUNT
    assert (await phone.provision())[0] is Provisioning.WIPED
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    assert backend.seen == []


async def test_a_wipe_that_fails_is_ordered_again(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.poll_wipe()
    for count in (1, 2):
        _, policy = await phone.acknowledge_wipe(WipeKind.DEVICE, 2)
        assert policy is not None
        assert (policy.status, policy.wipe) == (2, WipeKind.DEVICE)
        wipe = gateway.device().wipe
        assert wipe is not None
        assert wipe.failures == count
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    await phone.acknowledge_wipe(WipeKind.DEVICE, 1)
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED


async def test_a_cancelled_wipe_leads_back_to_provisioning(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    await gateway.wiped()
    assert signal(await phone.folder_sync()) == 140
    async with gateway.hears():
        gateway.made.devices.cancel_wipe(ADMIN, gateway.key(), "found again")
    assert signal(await phone.folder_sync()) == 144
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
    await synchronised(phone)
    assert gateway.device().wipe is None or gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED


async def test_a_phone_that_changes_forms_is_one_device(gateway: Gateway, backend: RecordingBackend) -> None:
    plain = await gateway.enrolled()
    blob = gateway.phone(form=QueryForm.BASE64)
    blob.policy_key = plain.policy_key
    assert signal(await blob.folder_sync()) == 1
    assert len(gateway.made.devices.list(gateway.organisation.id)) == 1
    assert {seen.target for seen in backend.seen} == {backend.seen[0].target}


async def test_an_upgraded_phone_provisions_for_its_new_version(gateway: Gateway) -> None:
    """A policy's digest is that of what a version is sent: 12.1 and 16.1 are sent different documents."""
    old = await gateway.enrolled(version=Version.V12_1)
    new = gateway.phone(version=Version.V16_1)
    new.policy_key = old.policy_key
    first = signal(await new.folder_sync())
    same = Policy().digest(Version.V12_1) == Policy().digest(Version.V16_1)
    assert first == (1 if same else 144)
    assert (await new.provision())[0] is Provisioning.ACCEPTED
    await gateway.app._write_behind._flush()
    assert gateway.device().protocol_version == "16.1"


async def test_a_removed_device_with_an_open_wipe_goes_on_being_wiped(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """T8: whoever deletes the account and adds it again meets the tombstone."""
    phone = await gateway.enrolled()
    await gateway.wiped()
    async with gateway.hears():
        gateway.made.devices.remove(ADMIN, gateway.key(), force=True)
    again = gateway.phone()
    assert signal(await again.folder_sync()) == 140
    assert (await again.provision())[0] is Provisioning.WIPED
    assert backend.seen == []
    await until(lambda: not gateway.app.snapshots.open_wipes)
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
