"""The lane of a stale password: the wipe and nothing else, and only with the proof (product 5.4; T7, T31)."""

import pytest

from gateway.phone.device import Phone
from gateway.phone.identity import QueryForm
from gateway.phone.line import Answer
from gateway.records import AuditTag, UserState
from gateway.services.wipe_lane import MAXIMUM_FAILURES
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel, DeviceState, WipeKind
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.inhabited import ADMIN, outage

UNVERIFIED = "Stale-Horse-1"


def like(answer: Answer) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.http, headers, answer.body


async def wiped_with_stale_password(gateway: Gateway, version: Version = Version.V16_1) -> Phone:
    """A phone in compliance, whose password changed and whose wipe is ordered."""
    phone = await gateway.enrolled(version=version)
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
        gateway.wipe()
    await until(lambda: "PHONE1" in gateway.app.snapshots.open_wipes)
    return phone


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_the_right_key_with_a_wrong_password_gets_the_wipe_and_nothing_else(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = await wiped_with_stale_password(gateway, version)
    signal = await phone.folder_sync()
    assert (signal.http, signal.status) == ((200, 140) if version >= Version.V14_0 else (449, None))
    for command in (Command.SYNC, Command.SETTINGS, Command.ITEM_OPERATIONS, Command.SEND_MAIL):
        answer = await gateway.post(phone, command, b"\x03\x01\x6a\x00\x45")
        assert (answer.http, answer.status) in ((200, 140), (449, None))
    outcome, _ = await phone.provision()
    assert outcome.value == "wiped"
    assert backend.seen == []


async def test_the_acknowledgement_is_marked_unverified(gateway: Gateway) -> None:
    phone = await wiped_with_stale_password(gateway)
    await phone.provision()
    device = gateway.device()
    assert device.state is DeviceState.WIPE_SUCCEEDED
    assert device.wipe is not None
    assert device.wipe.unverified
    assert AuditTag.WIPE_CONFIRMED in gateway.trail()


async def test_with_the_right_password_it_is_not_marked(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.wipe()
    await phone.provision()
    wipe = gateway.device().wipe
    assert wipe is not None
    assert (wipe.unverified, wipe.acknowledged_at is not None) == (False, True)


@pytest.mark.parametrize("form", list(QueryForm), ids=lambda form: form.value)
async def test_a_wrong_key_is_a_stranger_s_401_to_the_octet(gateway: Gateway, form: QueryForm) -> None:
    phone = await wiped_with_stale_password(gateway)
    nobody = gateway.phone("eve", "NOBODY1", form=form)
    expected = like(await nobody.command(Command.FOLDER_SYNC, p.folder_sync(), key=1))
    assert expected[0] == 401
    before = gateway.device()
    guess = gateway.phone(password=UNVERIFIED, form=form)
    for key in (None, 0, 1, phone.policy_key ^ 1, 2**31 - 1, 2**32 - 1):
        for command, body in (
            (Command.FOLDER_SYNC, p.folder_sync()),
            (Command.PROVISION, p.provision_root()),
            (Command.PROVISION, p.wipe_acknowledgement()),
            (Command.PING, b""),
        ):
            answer = await guess.command(command, body, key=key)
            assert like(answer) == expected, (key, command)
    after = gateway.device()
    assert (after.state, after.wipe) == (before.state, before.wipe)


async def test_twenty_wrong_keys_close_it_to_the_right_one_too(gateway: Gateway) -> None:
    phone = await wiped_with_stale_password(gateway)
    for number in range(MAXIMUM_FAILURES):
        assert (await phone.command(Command.FOLDER_SYNC, p.folder_sync(), key=number + 1)).http == 401
    assert gateway.device().proof_failures == MAXIMUM_FAILURES
    assert (await phone.folder_sync()).http == 401
    assert (await phone.poll_wipe())[0].http == 401
    assert gateway.trail(AuditTag.WIPE_UNPROVEN) == [AuditTag.WIPE_UNPROVEN] * MAXIMUM_FAILURES
    right = gateway.stranger(phone, "Other-Horse-22")
    assert (await right.folder_sync()).status == 140


async def test_without_an_open_wipe_no_database_is_asked(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    wrong = gateway.stranger(phone)
    assert (await wrong.folder_sync()).http == 401
    with outage(gateway.config.store.directory):
        assert (await wrong.folder_sync()).http == 401
        assert (await wrong.provision())[1].http == 401


async def test_no_open_wipe_no_lane_even_with_the_right_key(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    wrong = gateway.stranger(phone)
    for command, body in ((Command.FOLDER_SYNC, p.folder_sync()), (Command.PROVISION, p.provision_root())):
        assert (await wrong.command(command, body)).http == 401
    assert backend.seen == []


async def test_a_key_of_another_device_proves_nothing(gateway: Gateway) -> None:
    other = await gateway.enrolled("bob", "PHONE2")
    await wiped_with_stale_password(gateway)
    thief = gateway.phone(password=UNVERIFIED)
    assert (await thief.command(Command.FOLDER_SYNC, p.folder_sync(), key=other.policy_key)).http == 401


async def test_the_temporary_key_proves_nothing(gateway: Gateway) -> None:
    phone = gateway.phone()
    _, policy = await phone.request_policy()
    assert policy is not None
    async with gateway.hears():
        gateway.wipe()
    thief = gateway.phone(password=UNVERIFIED)
    assert (await thief.command(Command.FOLDER_SYNC, p.folder_sync(), key=policy.key)).http == 401


@pytest.mark.parametrize("obstacle", ["disabled", "blocked", "password"])
async def test_a_wipe_outranks_everything(gateway: Gateway, obstacle: str) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.wipe()
        if obstacle == "disabled":
            gateway.made.users.set_state(ADMIN, gateway.key().user, UserState.DISABLED)
        elif obstacle == "blocked":
            gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.BLOCK, "sold")
        else:
            gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
    await until(lambda: "PHONE1" in gateway.app.snapshots.open_wipes)
    assert (await phone.folder_sync()).status == 140
    assert (await phone.provision())[0].value == "wiped"
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED


async def test_a_cancelled_wipe_closes_the_lane(gateway: Gateway) -> None:
    phone = await wiped_with_stale_password(gateway)
    assert (await phone.folder_sync()).status == 140
    async with gateway.hears():
        gateway.made.devices.cancel_wipe(ADMIN, gateway.key())
    assert (await phone.folder_sync()).http == 401


async def test_a_tombstone_is_reached_by_the_lane(gateway: Gateway) -> None:
    phone = await wiped_with_stale_password(gateway)
    async with gateway.hears():
        gateway.made.devices.remove(ADMIN, gateway.key(), force=True)
    assert (await phone.provision())[0].value == "wiped"
    assert gateway.made.devices.get(gateway.key()) is None


async def test_an_account_wipe_by_the_lane(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
        gateway.wipe(kind=WipeKind.ACCOUNT)
    await until(lambda: "PHONE1" in gateway.app.snapshots.open_wipes)
    answer, policy = await phone.poll_wipe()
    assert policy is not None
    assert (answer.http, policy.wipe) == (200, WipeKind.ACCOUNT)
