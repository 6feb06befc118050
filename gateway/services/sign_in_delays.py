"""How guessing an administrator's password is slowed down, without keeping the administrator out (T1, T2).

What fails is counted for a name *and* the network it came from: from the third failure on, the next attempt
of that name from there has to wait, 10 s at first and twice as long each time, up to a quarter of an hour.
From any other network the same name may be tried at once, so nobody can lock an owner out from elsewhere, and
no wait is ever longer than 15 minutes. A network that fails with many names has a budget beside it. A name
counts as it was typed, known or not, so waiting tells nothing about who exists.

Guessing from many networks stays possible for the password alone, and ends at the second factor: its codes
are few, so who has shown the right password may fail only so often on one account, wherever from. That can be
used up only with the password in hand, and a recovery code, which cannot be guessed, is taken all the same.

An attempt counts as failed until it has succeeded: a hundred at the same moment are a hundred failures.
Memory of one process and bounded; wrong codes of an account are counted in the trail as well, which all nodes
share and no restart forgets (``services.credential_checks``). Of names there is nothing to be shared: waiting
where others failed would let them keep somebody out. ``now`` is monotonic seconds. Safe for threads.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from gateway.errors import GatewayError, Kind
from gateway.services.names import fold
from gateway.services.throttle import network_of, range_of
from gateway.services.throttle_windows import Allowance, Buckets

FREE = 3
"""Failures before a wait: a typing error, caps lock, the old password."""

FIRST_S, LONGEST_S = 10.0, 900.0
FORGOTTEN_S = 86400.0
"""After a day without a failure the count starts anew; at the longest wait that is a hundred guesses."""

MAXIMUM_COUNTS = 50_000
"""Pairs of name and network; whose last failure is the longest ago goes first."""

PER_NETWORK = Allowance(burst=30, refill_s=10.0)
PER_RANGE = Allowance(burst=90, refill_s=5.0)
"""Failures with whatever names: there are few administrators, and fewer behind one line."""

PER_FACTOR = Allowance(burst=10, refill_s=600.0)
"""Wrong codes on one account after its right password: 154 in a day, with three in a million right each."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that may be made, counted as failed until it is said to have succeeded."""

    pair: bytes
    network: str
    range: str


@dataclass(frozen=True, slots=True)
class _Count:
    failures: int
    until: float
    at: float


class Delays:
    """The counts of one process: ``begin``, then ``succeeded``, ``given_up``, or nothing where it failed."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()
        self._networks = Buckets(PER_NETWORK)
        self._ranges = Buckets(PER_RANGE)
        self._factors = Buckets(PER_FACTOR)

    def begin(self, name: str, source: str, now: float) -> Attempt:
        """Count an attempt of a typed ``name`` from address ``source``.

        Raises:
            GatewayError: THROTTLED while it has to wait; a refused attempt costs nothing.
        """
        network, neighbours = network_of(source), range_of(source)
        attempt = Attempt(self._pair(fold(name), network), network, neighbours)
        with self._lock:
            wait = self._wait(attempt, now)
            if wait > 0:
                raise _too_early(wait)
            self._counts[attempt.pair] = _failed_again(self._counts.pop(attempt.pair, None), now)
            self._networks.add(network, -1, now)
            self._ranges.add(neighbours, -1, now)
            if len(self._counts) > MAXIMUM_COUNTS:
                self._counts.popitem(last=False)
        return attempt

    def succeeded(self, attempt: Attempt, now: float) -> None:
        """It was right: the name is forgotten where it came from."""
        with self._lock:
            self._counts.pop(attempt.pair, None)
            self._refund(attempt, now)

    def given_up(self, attempt: Attempt, now: float) -> None:
        """Nobody could tell (the database is down): it counts for nothing."""
        with self._lock:
            before = self._counts.get(attempt.pair)
            if before is not None:
                self._counts[attempt.pair] = _Count(before.failures - 1, now, before.at)
            self._refund(attempt, now)

    def may_show_code(self, account: str, now: float) -> bool:
        """Take one of the account's wrong codes; False where none is left for now."""
        with self._lock:
            left = self._factors.level(account, now) >= 1
            if left:
                self._factors.add(account, -1, now)
            return left

    def code_was_right(self, account: str, now: float) -> None:
        """Give it back."""
        with self._lock:
            self._factors.add(account, 1, now)

    def _wait(self, attempt: Attempt, now: float) -> float:
        """Seconds until it may be made, 0 for now."""
        count = self._counts.get(attempt.pair)
        own = count.until - now if count is not None and now - count.at < FORGOTTEN_S else 0.0
        short = max(
            (1 - self._networks.level(attempt.network, now)) * PER_NETWORK.refill_s,
            (1 - self._ranges.level(attempt.range, now)) * PER_RANGE.refill_s,
        )
        return max(own, short, 0.0)

    def _refund(self, attempt: Attempt, now: float) -> None:
        self._networks.add(attempt.network, 1, now)
        self._ranges.add(attempt.range, 1, now)

    def _pair(self, name: str, network: str) -> bytes:
        text = f"{network} {name}".encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()


def wait_after(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    if failures < FREE:
        return 0.0
    return min(FIRST_S * 2.0 ** min(failures - FREE, 32), LONGEST_S)


def _failed_again(count: _Count | None, now: float) -> _Count:
    known = count is not None and now - count.at < FORGOTTEN_S
    failures = (count.failures if known and count else 0) + 1
    return _Count(failures, now + wait_after(failures), now)


def _too_early(wait: float) -> GatewayError:
    return GatewayError(
        Kind.THROTTLED, f"Too many attempts failed from your network; try again in {ceil(wait)} seconds."
    )
