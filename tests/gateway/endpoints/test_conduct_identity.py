"""Devices that pass for another one: jumps of family, clones, restored phones (product 5.8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.phone.device import Phone
from gateway.records import AuditTag
from gateway.records.notices import Notice
from gateway.services.identity import Resolution
from mdm import identity
from mdm.device import AccessLevel
from mdm.policy import Policy
from tests.gateway.endpoints.test_conduct import APPLE, SAMSUNG, ask
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, provisioned
from tests.support.inhabited import ADMIN
from tests.support.mail_server import posts


async def apple(gateway: Gateway) -> Phone:
    """An enrolled iPhone."""
    phone = gateway.phone(device_type="iPhone")
    phone = Phone(replace(phone.identity, user_agent=APPLE), phone.line, server=phone.server)
    await provisioned(phone)
    await gateway.quiet()
    return phone


async def test_a_clone_of_another_family_gets_nothing_and_is_seen(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await apple(gateway)
    assert (await ask(gateway, phone)).http == 200
    before = len(posts(backend))
    assert (await ask(gateway, phone, SAMSUNG)).status == 129
    await gateway.quiet()
    assert "began as iOS" in gateway.device().conflict
    assert (await ask(gateway, phone)).status == 129
    assert len(posts(backend)) == before
    found = gateway.made.misbehaviour.noted(gateway.organisation.id, Notice.CONFLICT)
    assert [each.key for each in found] == [gateway.key()]
    assert gateway.trail(AuditTag.IDENTITY_DISPUTED) == [AuditTag.IDENTITY_DISPUTED]
    gateway.made.identities.resolve(ADMIN, gateway.key(), Resolution.FORGET)
    await gateway.quiet()
    await provisioned(phone)
    await gateway.quiet()
    assert (await ask(gateway, phone)).http == 200


async def test_an_accepted_jump_provisions_anew(gateway: Gateway) -> None:
    phone = await apple(gateway)
    await ask(gateway, phone, SAMSUNG)
    gateway.made.identities.resolve(ADMIN, gateway.key(), Resolution.ACCEPT)
    await gateway.quiet()
    assert (gateway.device().family, gateway.device().device_type) == ("samsung", "iPhone")
    assert (await ask(gateway, phone, SAMSUNG)).status in (142, 144)


async def test_a_blocked_jump_stays_out(gateway: Gateway) -> None:
    phone = await apple(gateway)
    await ask(gateway, phone, SAMSUNG)
    gateway.made.identities.resolve(ADMIN, gateway.key(), Resolution.BLOCK)
    await gateway.quiet()
    assert gateway.device().access is AccessLevel.BLOCK
    assert (await ask(gateway, phone)).status == 129


async def test_a_system_update_is_no_jump(gateway: Gateway) -> None:
    phone = await apple(gateway)
    for build in range(4):
        assert (await ask(gateway, phone, f"Apple-iPhone15C2/2101.{build}")).http == 200
    assert gateway.device().conflict == ""


async def test_a_device_that_had_a_key_is_not_served_without_it(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """T4, T6: the policy serves devices that never provision, not the copy of one that did."""
    gateway.set_policy(Policy(allow_non_provisionable=True))
    await gateway.quiet()
    phone = await gateway.enrolled()
    clone = gateway.phone()
    clone.policy_key = 0
    before = len(posts(backend))
    for _ in range(identity.KEYLESS - 1):
        assert (await ask(gateway, clone)).status == 142
    assert gateway.device().conflict == ""
    assert (await ask(gateway, clone)).status == 129
    await gateway.quiet()
    assert "comes without it" in gateway.device().conflict
    assert (await ask(gateway, phone)).status == 129
    assert len(posts(backend)) == before


async def test_a_restored_phone_enrols_anew(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    restored = gateway.phone()
    for _ in range(3):
        assert (await ask(gateway, restored)).status == 142
    await provisioned(restored)
    await gateway.quiet()
    assert (await ask(gateway, restored)).http == 200
    assert gateway.device().conflict == ""
    assert phone.policy_key != restored.policy_key


async def test_two_devices_that_take_each_others_key(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "SETTLED", timedelta(0))
    first = await gateway.enrolled()
    second = gateway.phone()
    statuses = []
    for _ in range(identity.DISPLACED + 1):
        await provisioned(second)
        await gateway.quiet()
        statuses.append((await ask(gateway, first)).status)
        first, second = second, first
    assert statuses[-1] == 129
    await gateway.quiet()
    assert "two devices" in gateway.device().conflict
