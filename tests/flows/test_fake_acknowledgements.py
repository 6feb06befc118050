"""What a phone claims is believed only where it can be true (T5, T7): policies, keys, phases, wipes."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.phone.device import Phone
from gateway.phone.line import Answer
from gateway.records import AuditTag
from mdm.ashttp import Command, Version
from mdm.device import Device, DeviceState, WipeKind
from mdm.policy import Policy
from mdm.provision import TEMPORARY_KEY_LIFETIME
from mdm.wbxml import Element
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN
from tests.support.partnership import node, provision_root

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
STATUSES = ("1", "2", "3", "4", "0", "x")
KEYS = ("right", "old", "other device", "final", "zero", "missing")


async def offered(phone: Phone) -> int:
    """Ask for the policy; its temporary key."""
    _, policy = await phone.request_policy()
    assert policy is not None
    return policy.key


def acknowledgement(key: int | None, status: str) -> Element:
    shown = () if key is None else (node("Provision:PolicyKey", str(key)),)
    return provision_root(p.policies(p.policy_type(), *shown, node("Provision:Status", status)))


async def acknowledge(phone: Phone, key: int | None, status: str = "1") -> Answer:
    return await phone.command(Command.PROVISION, acknowledgement(key, status), key=key)


@each_version
async def test_only_status_1_with_the_right_key_is_compliance(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    """The whole table of status and key: one of its cells opens the door."""
    other = gateway.phone("bob", "PHONE2", version=version)
    for status, kind in itertools.product(STATUSES, KEYS):
        phone = gateway.phone(version=version)
        old = await offered(phone)
        key = {
            "right": await offered(phone),
            "old": old,
            "other device": await offered(other),
            "final": 7,
            "zero": 0,
            "missing": None,
        }[kind]
        answer = await acknowledge(phone, key, status)
        assert answer.http in (200, 403), (status, kind)
        passed = gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED
        assert passed is (status == "1" and kind == "right"), (status, kind)
        if passed:
            phone.policy_key = gateway.device().policy_key
            assert (await phone.folder_sync()).status == 1
            outdate(gateway)
            await gateway.quiet()
        for tried in (key, old, None, 0, 1):
            answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=tried)
            assert (answer.http, answer.status) != (200, 1), (status, kind, tried)
    assert len(backend.seen) == sum(status == "1" for status in STATUSES)


def outdate(gateway: Gateway) -> None:
    gateway.made.devices.require_provisioning(ADMIN, gateway.key())


async def test_a_temporary_key_serves_once(gateway: Gateway) -> None:
    phone = gateway.phone()
    key = await offered(phone)
    first = await acknowledge(phone, key)
    final = gateway.device().policy_key
    again = await acknowledge(phone, key)
    assert first.status == 1
    assert gateway.device().policy_key == final
    assert str(key) != str(final)
    assert again.body != first.body


async def test_a_temporary_key_dies_of_age(gateway: Gateway) -> None:
    phone = gateway.phone()
    key = await offered(phone)
    age(gateway, TEMPORARY_KEY_LIFETIME + timedelta(seconds=1))
    await acknowledge(phone, key)
    assert gateway.device().state is DeviceState.PROVISIONING_REQUIRED
    key = await offered(phone)
    age(gateway, TEMPORARY_KEY_LIFETIME - timedelta(seconds=30))
    await acknowledge(phone, key)
    assert gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED


def age(gateway: Gateway, by: timedelta) -> None:
    """The key was given so long ago."""
    device: Device = gateway.device()
    assert device.offered_at is not None
    with gateway.made.store.write() as transaction:
        transaction.devices.save(replace(device, offered_at=datetime.now(UTC) - by))  # noqa: TID251


async def test_a_policy_that_changed_between_the_phases_is_not_acknowledged(gateway: Gateway) -> None:
    phone = gateway.phone()
    key = await offered(phone)
    gateway.set_policy(Policy({"MinDevicePasswordLength": 9}))
    await acknowledge(phone, key)
    answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=gateway.device().policy_key or 1)
    assert (answer.http, answer.status) in ((200, 144), (200, 142))


@each_version
async def test_phases_in_any_order_open_nothing(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = gateway.phone(version=version)
    for body in (
        acknowledgement(1, "1"),
        p.wipe_acknowledgement(),
        provision_root(),
        p.wipe_acknowledgement(WipeKind.ACCOUNT),
        provision_root(node("Provision:Status", "1")),
        provision_root(node("Provision:Policies")),
    ):
        for key in (None, 0, 1):
            await phone.command(Command.PROVISION, body, key=key)
            answer = await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=key)
            assert (answer.http, answer.status) != (200, 1)
    assert gateway.device().state is DeviceState.PROVISIONING_REQUIRED
    assert AuditTag.WIPE_CONFIRMED not in gateway.trail()
    assert backend.seen == []


@each_version
async def test_a_wipe_that_nobody_ordered_cannot_be_acknowledged(gateway: Gateway, version: Version) -> None:
    phone = await gateway.enrolled(version=version)
    key = phone.policy_key
    for kind in WipeKind:
        await phone.command(Command.PROVISION, p.wipe_acknowledgement(kind), key=key)
    assert gateway.device().state is DeviceState.PROVISIONING_SUCCEEDED
    assert AuditTag.WIPE_CONFIRMED not in gateway.trail()
    assert (await phone.folder_sync()).status == 1


async def test_a_wipe_that_was_not_delivered_cannot_be_acknowledged(gateway: Gateway) -> None:
    """T7: who has not been told cannot have done it."""
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.command(Command.PROVISION, p.wipe_acknowledgement(), key=phone.policy_key)
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    await phone.command(Command.PROVISION, p.wipe_acknowledgement(), key=phone.policy_key)
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED


async def test_a_wipe_of_one_kind_is_not_acknowledged_by_the_other(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.poll_wipe()
    await phone.command(Command.PROVISION, p.wipe_acknowledgement(WipeKind.ACCOUNT), key=phone.policy_key)
    assert gateway.device().state is DeviceState.WIPE_REQUIRED


async def test_somebody_else_s_acknowledgement_is_not_mine(gateway: Gateway) -> None:
    """The same DeviceId under another user is another partnership."""
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.poll_wipe()
    thief = gateway.phone("bob")
    await thief.command(Command.PROVISION, p.wipe_acknowledgement(), key=phone.policy_key)
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    assert gateway.device(user="bob").state is DeviceState.PROVISIONING_REQUIRED
