"""Guessing and foretelling policy keys (T31): twenty guesses an hour, and nothing to guess by.

grommunio and Z-Push draw nine decimal digits from a generator that can be foretold, and count no guesses.
"""

import asyncio
import itertools
from collections import Counter
from math import sqrt
from pathlib import Path

from gateway.chance import POLICY_KEYS, Secrets
from gateway.phone.device import Phone
from gateway.phone.identity import Identity
from gateway.phone.line import Answer
from gateway.records import Actor
from gateway.services.wipe_lane import MAXIMUM_FAILURES
from mdm.ashttp import Command, Version
from mdm.device import DeviceKey, WipeKind
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.clockwork import Clockwork, clockwork, governed
from tests.support.gateway import provisioned
from tests.support.inhabited import PASSWORD
from tests.support.stores import NOON, Clock

ADMIN = Actor("admin", "root")
DRAWN = 40_000
SIGMAS = 6.0
"""Chance fails one of these in a hundred million runs."""


def test_keys_look_like_nothing_at_all() -> None:
    """In range, no zero, every bit a fair coin, no key foretold by the one before, none twice too often."""
    keys = [Secrets().policy_key() for _ in range(DRAWN)]
    assert all(0 < key <= POLICY_KEYS for key in keys)
    slack = SIGMAS * sqrt(DRAWN) / 2
    for bit in range(31):
        assert abs(sum(key >> bit & 1 for key in keys) - DRAWN / 2) < slack, bit
        changed = sum((one ^ other) >> bit & 1 for one, other in itertools.pairwise(keys))
        assert abs(changed - DRAWN / 2) < slack, bit
    steps = Counter(other - one for one, other in itertools.pairwise(keys))
    assert steps.most_common(1)[0][1] <= 3
    assert len(set(keys)) > DRAWN - 10
    assert max(keys) > 2**30, "nine decimal digits would end below"


async def test_a_guesser_gets_twenty_tries_an_hour_and_the_right_key_then_tells_nothing(
    tmp_path: Path,
) -> None:
    """The clock is ours: the lane is closed to the right key as well, and opens with the next hour."""
    clock = Clock(NOON)
    with governed(clock):
        async with RecordingBackend() as backend, clockwork(tmp_path, backend, clock) as here:
            phone, thief = await _lost(here)
            refused = [await _guess(thief, phone.policy_key ^ n) for n in range(1, MAXIMUM_FAILURES + 1)]
            assert {answer.http for answer in refused} == {401}
            closed = await _guess(thief, phone.policy_key)
            assert (closed.http, closed.body) == (401, refused[0].body)
            device = _device(here, phone)
            assert device.proof_failures == MAXIMUM_FAILURES
            clock.pass_by(minutes=61)
            assert (await _guess(thief, phone.policy_key)).http == 200
            assert _device(here, phone).wipe.delivered_at == clock.now()  # type: ignore[union-attr]
            assert backend.seen == []


async def test_guesses_at_once_are_counted_one_by_one(tmp_path: Path) -> None:
    """Forty in parallel: no more than twenty are looked at."""
    clock = Clock(NOON)
    with governed(clock):
        async with RecordingBackend() as backend, clockwork(tmp_path, backend, clock) as here:
            phone, thief = await _lost(here)
            await asyncio.gather(*(_guess(thief, phone.policy_key ^ n) for n in range(1, 41)))
            failures = _device(here, phone).proof_failures
            assert MAXIMUM_FAILURES <= failures <= MAXIMUM_FAILURES + 8, "as many as store threads, no more"
            assert (await _guess(thief, phone.policy_key)).http == 401


async def _lost(here: Clockwork) -> tuple[Phone, Phone]:
    """A phone under a wipe, and whoever has it and no password."""
    made = here.made
    made.tenants.create_organisation(ADMIN, "acme")
    made.tenants.add_domain(ADMIN, "acme", "acme.example")
    user = made.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    await here.hear()
    phone = _phone(here, PASSWORD)
    await provisioned(phone)
    await here.hear()
    key = DeviceKey(user.organisation, user.id, "PHONE1")
    made.devices.require_wipe(ADMIN, key, WipeKind.DEVICE, "lost")
    await here.hear()
    while not here.app.snapshots.open_wipes:  # noqa: ASYNC110 - read in a thread
        await asyncio.sleep(0.01)
    return phone, _phone(here, "Wrong-Horse-1")


def _phone(here: Clockwork, password: str) -> Phone:
    identity = Identity("ann@acme.example", password, "PHONE1", version=Version.V16_1)
    return Phone(identity, here.line, server=here.url)


async def _guess(thief: Phone, key: int) -> Answer:
    return await thief.command(Command.PROVISION, p.provision_root(), key=key)


def _device(here: Clockwork, phone: Phone):  # type: ignore[no-untyped-def]
    (device,) = here.devices(here.home("acme").id).values()
    return device
