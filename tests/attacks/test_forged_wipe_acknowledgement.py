"""Forged acknowledgements and the wipe as an oracle (T7): what a stranger says changes and learns nothing.

The attacker knows address and DeviceId, as everybody does who once got a mail and saw a phone. Z-Push takes
any RemoteWipe element without a password for an acknowledgement; here the last policy key has to be shown.
"""

import itertools

import pytest

from gateway.phone.device import Phone
from gateway.phone.line import Answer
from gateway.records import AuditTag
from mdm.ashttp import Command
from mdm.device import DeviceState, WipeKind
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN

BODIES = {
    "done": p.wipe_acknowledgement(),
    "done, account": p.wipe_acknowledgement(WipeKind.ACCOUNT),
    "failed": p.wipe_acknowledgement(status=2),
    "poll": p.provision_root(),
    "policy": p.acknowledgement(1),
}


def told(answer: Answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What an answer shows to whoever asked."""
    plain = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.http, answer.body, sorted(plain.items())


def guesser(gateway: Gateway, device_id: str, user: str = "ann") -> Phone:
    return gateway.phone(user, device_id, password="Wrong-Horse-1")


@pytest.fixture
async def lost(gateway: Gateway) -> Phone:
    """A phone that has been handed its wipe and has not answered."""
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.poll_wipe()
    await gateway.quiet()
    assert gateway.device().wipe is not None
    return phone


async def test_who_knows_user_and_device_only_is_any_stranger(
    gateway: Gateway, backend: RecordingBackend, lost: Phone
) -> None:
    """Every body and a few keys against a phone under a wipe: the answer is that for a phone of nobody."""
    before = gateway.device()
    for body, key in itertools.product(BODIES.values(), (None, 0, 1, lost.policy_key ^ 1)):
        mine = await guesser(gateway, "PHONE1").command(Command.PROVISION, body, key=key)
        nobody = await guesser(gateway, "PHONE9").command(Command.PROVISION, body, key=key)
        no_user = await guesser(gateway, "PHONE1", "zoe").command(Command.PROVISION, body, key=key)
        assert told(mine) == told(nobody) == told(no_user)
        assert mine.http == 401
    after = gateway.device()
    assert (after.state, after.wipe) == (before.state, before.wipe)
    assert AuditTag.WIPE_CONFIRMED not in gateway.trail()
    assert backend.seen == []


async def test_without_any_credentials_nothing_is_said(gateway: Gateway, lost: Phone) -> None:
    for body in BODIES.values():
        answer = await gateway.post(lost, Command.PROVISION, body, {"Authorization": None})
        assert answer.http == 401
    assert gateway.device().state is DeviceState.WIPE_REQUIRED


async def test_the_right_key_alone_fetches_the_wipe_and_its_word_is_marked(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """The thief has the phone and not the password: it is wiped, and he is told no more than that."""
    phone = await gateway.enrolled()
    await gateway.wiped()
    key = phone.policy_key
    thief = gateway.stranger(phone)
    first = await thief.command(Command.PROVISION, BODIES["done"], key=key)
    assert first.http == 200
    assert gateway.device().state is DeviceState.WIPE_REQUIRED, "who was not told cannot have obeyed"
    await thief.command(Command.PROVISION, BODIES["done"], key=key)
    wipe = gateway.device().wipe
    assert wipe is not None
    assert (gateway.device().state, wipe.unverified) == (DeviceState.WIPE_SUCCEEDED, True)
    assert (await thief.command(Command.FOLDER_SYNC, p.folder_sync(), key=key)).status != 1
    assert backend.seen == []


async def test_the_word_of_an_earlier_wipe_does_not_do_for_the_next(gateway: Gateway, lost: Phone) -> None:
    """Acknowledged, removed, enrolled anew, lost again: the request of the first time is replayed."""
    old = lost.policy_key
    await lost.command(Command.PROVISION, BODIES["done"], key=old)
    assert gateway.device().state is DeviceState.WIPE_SUCCEEDED
    async with gateway.hears():
        gateway.made.devices.remove(ADMIN, gateway.key())
    phone = await gateway.enrolled()
    await gateway.wiped()
    await phone.poll_wipe()
    replayed = await gateway.stranger(phone).command(Command.PROVISION, BODIES["done"], key=old)
    assert replayed.http == 401
    assert gateway.device().state is DeviceState.WIPE_REQUIRED


async def test_a_temporary_key_proves_nothing(gateway: Gateway) -> None:
    """A policy that was offered and not taken gave its asker no key that counts."""
    phone = await gateway.enrolled()
    _, offer = await phone.request_policy()
    assert offer is not None
    await gateway.wiped()
    answer = await gateway.stranger(phone).command(Command.PROVISION, BODIES["poll"], key=offer.key)
    assert answer.http == 401
    assert gateway.device().wipe is not None
