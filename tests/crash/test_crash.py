"""kill -9 of any process at random moments of orders and acknowledgements (issue 2, proof 6; T26).

What was accepted before a crash must be there after it: an order that was answered 202 stays a wipe until its
device acknowledges it, an acknowledgement that was answered stays one, and every change of state has its
audit record. ``usher serve`` runs as it is deployed; orders come over the REST API, acknowledgements over
ActiveSync. A call that a crash cut off has an unknown outcome and is made again, as its caller would.
"""

import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from gateway.records import AuditTag
from mdm.device import DeviceState
from tests.crash.victim import Victim

ROUNDS = 200
SEED = 20261121
PATIENCE_S = 30.0


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    ward = Victim(tmp_path)
    ward.populate(ROUNDS)
    ward.start()
    yield ward
    ward.stop()


def until(done: Callable[[], bool], what: str) -> None:
    """Call until it succeeds; a connection that a crash cut is an attempt that may have worked."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except (OSError, HTTPException, ssl.SSLError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"{what} did not succeed in {PATIENCE_S} s")


@pytest.mark.timeout(900)
def test_nothing_accepted_is_lost_and_nothing_acknowledged_is_reopened(victim: Victim) -> None:
    chance = random.Random(SEED)
    accepted: set[int] = set()
    acknowledged: set[int] = set()
    for number in range(ROUNDS):
        _round(victim, number, chance, accepted, acknowledged)
        _check_promises(victim, number, accepted, acknowledged)
    until(lambda: victim.acknowledge(ROUNDS - 1), "the last acknowledgement")
    _check_trail(victim)


def _round(
    victim: Victim, number: int, chance: random.Random, accepted: set[int], acknowledged: set[int]
) -> None:
    """Order one wipe and acknowledge the one before while some process is killed; then finish both."""

    def order() -> None:
        if victim.order(number):
            accepted.add(number)

    def acknowledge() -> None:
        if number and victim.acknowledge(number - 1):
            acknowledged.add(number - 1)

    threads = [threading.Thread(target=_attempt, args=(work,)) for work in (order, acknowledge)]
    for thread in threads:
        thread.start()
    time.sleep(chance.random() * 0.03)
    victim.kill_somebody(chance)
    for thread in threads:
        thread.join()
    _check_promises(victim, number, accepted, acknowledged)
    victim.recover()
    until(lambda: victim.order(number), f"order {number}")
    accepted.add(number)
    if number:
        until(lambda: victim.acknowledge(number - 1), f"acknowledgement {number - 1}")
        acknowledged.add(number - 1)


def _attempt(work: Callable[[], None]) -> None:
    try:
        work()
    except (OSError, HTTPException, ssl.SSLError):
        return


def _check_promises(victim: Victim, upto: int, accepted: set[int], acknowledged: set[int]) -> None:
    for number in range(max(0, upto - 3), upto + 1):
        state = victim.state(number)
        if number in acknowledged:
            assert state is DeviceState.WIPE_SUCCEEDED, f"acknowledged wipe {number} is {state}"
        elif number in accepted:
            assert state in (DeviceState.WIPE_REQUIRED, DeviceState.WIPE_SUCCEEDED), f"wipe {number}: {state}"


def _check_trail(victim: Victim) -> None:
    """Every device has exactly one order, at least one delivery and exactly one confirmation on record."""
    for number in range(ROUNDS):
        tags = victim.trail(number)
        assert victim.state(number) is DeviceState.WIPE_SUCCEEDED
        assert tags.count(AuditTag.WIPE_REQUIRED) == 1, f"device {number}: {tags}"
        assert tags.count(AuditTag.WIPE_CONFIRMED) == 1, f"device {number}: {tags}"
        assert AuditTag.WIPE_DELIVERED in tags, f"device {number}: {tags}"
        assert tags.index(AuditTag.WIPE_REQUIRED) < tags.index(AuditTag.WIPE_CONFIRMED)
