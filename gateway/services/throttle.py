"""How guessing is slowed down: one table of budgets (T1, T2, T31; spec/autodiscover.md 5.3 and 14).

A wrong credential spends one of every budget of ``BUDGETS`` and puts its name among those that failed from
its range; what is right, or could not be verified, costs nothing. A budget that is spent answers like a wrong
password, to the octet: a guesser then learns nothing from guessing right, a phone stops and asks its user
instead of looping, and a discovery client stays with us (a 5xx would send its password on to the next name,
T11). Only a crowd whose attempts have not ended yet, and of which nobody has failed, is told 503.

Names, not identities, are what is slowed down before the database is asked, so a stranger's name costs and
answers what anybody's does. A name that was right from a range or from a device of late is known there and
has a lane of its own: an attack from elsewhere, on it or on others, does not keep its owner out. DeviceId and
network prove nothing; being known buys two guesses and no more (T4). Networks where many sign in from few
addresses are named in the configuration; the User-Agent is not asked, since anybody can write it.

Token buckets: within any ``t`` seconds at most ``burst + t / refill_s`` are granted. All of it is memory of
one process and bounded: with N client workers a guesser who spreads connections over all of them has N times
each budget, and a known name is known where it signed in. Not thread-safe on purpose (the loop's thread).
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address

from gateway.config import SHARED_NETWORKS, Network
from gateway.services.names import fold
from gateway.services.throttle_windows import Allowance, Buckets, Pairs

MAXIMUM_FAILED = 50_000
"""Names that failed, with their ranges: a spray over a million addresses keeps the last of them."""

MAXIMUM_KNOWN = 200_000
"""Names that are known, with their ranges and devices: as many as verified credentials."""

SPREAD_S = 3600.0
"""How long a name that failed counts: sprays that wait are slow already."""

KNOWN_S = 30 * 86400.0
"""How long a name stays known where it was right: a phone comes daily, a holiday takes weeks."""


PER_ACCOUNT = Allowance(burst=5, refill_s=300.0)
"""Seven wrong passwords in ten minutes at most: below the ten at which directories lock by default (T2)."""

PER_NETWORK = Allowance(burst=50, refill_s=2.0)
"""A big office on the morning after a forced password change passes; a spray crawls (T1)."""

PER_RANGE = Allowance(burst=200, refill_s=0.5)
"""Four such offices beside each other; a guesser who has the whole range gains no more than that."""

PER_SHARED = Allowance(burst=2000, refill_s=0.05)
"""A service that signs in for everybody: as many as a worker's password threads can check at all."""

PER_KNOWN = Allowance(burst=2, refill_s=900.0)
"""A typing error and another one: with ``PER_ACCOUNT`` nine in ten minutes, still below a directory's ten."""

SPREAD, SPREAD_SHARED = 30, 1000
"""Distinct names that may fail from a range in an hour, besides as many as are known there: a wrong password
is common, thirty people's in one place are not, unless the place is full of people (T1)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt comes from.

    Attributes:
        network: one IPv4 address or one IPv6 /64, which is what a line is given; a shared network as a whole.
        range: its neighbours: /24 or /56, what a landlord of servers or a carrier deals in.
    """

    network: str
    range: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A credential on its way to be verified.

    Attributes:
        name: digest of the typed name, ``Throttle.attempt`` makes it.
        device: DeviceId as the client tells it, empty where it tells none.
        account: user id, or the name of nobody; empty before it was looked up.
    """

    name: bytes
    place: Place
    device: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """One row of the table.

    Attributes:
        subject: under which name an attempt is counted; empty for one that this budget does not concern.
        early: True where that is known before the account was looked up.
    """

    subject: Callable[[Attempt], str]
    allowance: Allowance
    early: bool


BUDGETS: Sequence[Budget] = (
    Budget(lambda attempt: attempt.account, PER_ACCOUNT, early=False),
    Budget(lambda attempt: "" if attempt.place.shared else attempt.place.network, PER_NETWORK, early=True),
    Budget(lambda attempt: "" if attempt.place.shared else attempt.place.range, PER_RANGE, early=True),
    Budget(lambda attempt: attempt.place.network if attempt.place.shared else "", PER_SHARED, early=True),
)
"""What every attempt is counted against."""

Draw = tuple[Buckets, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """One attempt that may be made, and what was reserved for it.

    Attributes:
        by_lane: the budgets were spent, and the name is known where it comes from.
    """

    attempt: Attempt
    draws: tuple[Draw, ...] = field(repr=False)
    by_lane: bool = False


class Throttle:
    """The order of calls: ``attempt``, ``may_ask``, look the account up, ``may_try``, verify; then exactly
    one of ``succeeded``, ``failed`` and ``given_up`` with the grant. ``now`` is monotonic seconds."""

    def __init__(
        self, *, budgets: Sequence[Budget] = BUDGETS, shared: Iterable[Network] = SHARED_NETWORKS
    ) -> None:
        self._key = secrets.token_bytes(16)
        self._budgets = [(budget, Buckets(budget.allowance)) for budget in budgets]
        self._lanes = Buckets(PER_KNOWN)
        self._failed = Pairs(SPREAD_S, MAXIMUM_FAILED)
        self._known = Pairs(KNOWN_S, MAXIMUM_KNOWN)
        self._under_way: dict[Draw, int] = {}
        self._place = lru_cache(maxsize=4096)(_placing(tuple(shared)))

    def attempt(self, name: str, source: str, device: str = "") -> Attempt:
        """An attempt of the typed ``name`` from address ``source``."""
        digest = blake2b(fold(name).encode("utf-8", "replace"), key=self._key, digest_size=8).digest()
        return Attempt(digest, self._place(source), device)

    def may_ask(self, attempt: Attempt, now: float) -> bool:
        """Whether the attempt may reach the database; a spray costs neither it nor a thread."""
        return self._has_room(attempt, now, early=True) or bool(self._lane(attempt, now))

    def may_try(self, attempt: Attempt, now: float, *, was_right: bool = False) -> Grant | None:
        """Reserve one attempt, its account filled in; one that ``was_right`` is always granted.

        None: too many wrong credentials of late; nothing is reserved and nothing may be verified.
        """
        if was_right or self._has_room(attempt, now, early=False):
            return self._granted(attempt, self._draws(attempt, early=False), now)
        lane = self._lane(attempt, now)
        if not lane:
            return None
        return replace(self._granted(attempt, ((self._lanes, lane),), now), by_lane=True)

    def crowded(self, attempt: Attempt, now: float) -> bool:
        """Whether the place may not try only because its attempts under way have not ended yet: an office
        behind one address after a restart, of which nobody has typed anything wrong."""
        draws = self._draws(attempt, early=True)
        short = [(buckets, subject) for buckets, subject in draws if buckets.level(subject, now) < 1]
        return (
            bool(short)
            and not self._sprays(attempt, now)
            and all(draw[0].level(draw[1], now) + self._under_way.get(draw, 0) >= 1 for draw in short)
        )

    def succeeded(self, grant: Grant, now: float, *, first: bool) -> None:
        """The credential is right: it costs nothing, and its name is known from here.

        Args:
            first: it was not right before. Then the account's own counter starts anew, unless others have
                spent it. A phone that comes back says nothing of who else has been guessing, and nobody's
                success says anything of what others did from the same place.
        """
        self.given_up(grant, now)
        attempt = grant.attempt
        if first and not grant.by_lane:
            for budget, buckets in self._budgets:
                if not budget.early:
                    buckets.clear(budget.subject(attempt))
        self._failed.discard(attempt.place.range, attempt.name)
        for place in _homes(attempt):
            self._known.add(place, attempt.name, now)

    def failed(self, grant: Grant, now: float) -> bool:
        """The credential is wrong; what was reserved is spent. True when its name is the last that may fail
        from its range for now: a spray, or a place with more people than are known there."""
        self._ended(grant)
        attempt, place = grant.attempt, grant.attempt.place.range
        if self._known.has(place, attempt.name, now):
            return False
        before = self._failed.count(place, now)
        self._failed.add(place, attempt.name, now)
        return before < self._failed.count(place, now) == self._spread(attempt, now)

    def given_up(self, grant: Grant, now: float) -> None:
        """Nobody could verify (backend down): what was reserved is given back, nothing is remembered."""
        self._ended(grant)
        for buckets, subject in grant.draws:
            buckets.add(subject, 1, now)

    def _draws(self, attempt: Attempt, *, early: bool) -> tuple[Draw, ...]:
        named = [
            (buckets, budget.subject(attempt))
            for budget, buckets in self._budgets
            if budget.early or not early
        ]
        return tuple((buckets, subject) for buckets, subject in named if subject)

    def _has_room(self, attempt: Attempt, now: float, *, early: bool) -> bool:
        draws = self._draws(attempt, early=early)
        return all(buckets.level(subject, now) >= 1 for buckets, subject in draws) and not self._sprays(
            attempt, now
        )

    def _sprays(self, attempt: Attempt, now: float) -> bool:
        """Whether one more name would be one too many for its range."""
        place = attempt.place.range
        spent = self._failed.count(place, now) >= self._spread(attempt, now)
        return spent and not self._failed.has(place, attempt.name, now)

    def _spread(self, attempt: Attempt, now: float) -> int:
        place = attempt.place
        return (SPREAD_SHARED if place.shared else SPREAD) + self._known.count(place.range, now)

    def _lane(self, attempt: Attempt, now: float) -> str:
        """The lane of a name at a place where it is known, with room in it; else empty."""
        homes = [place for place in _homes(attempt) if self._known.has(place, attempt.name, now)]
        lanes = [f"{place} {attempt.name.hex()}" for place in homes]
        return next((lane for lane in lanes if self._lanes.level(lane, now) >= 1), "")

    def _granted(self, attempt: Attempt, draws: tuple[Draw, ...], now: float) -> Grant:
        for draw in draws:
            draw[0].add(draw[1], -1, now)
            self._under_way[draw] = self._under_way.get(draw, 0) + 1
        return Grant(attempt, draws)

    def _ended(self, grant: Grant) -> None:
        for draw in grant.draws:
            left = self._under_way.pop(draw, 0) - 1
            if left > 0:
                self._under_way[draw] = left


def network_of(source: str) -> str:
    """One line: an IPv4 address or an IPv6 /64."""
    return _anywhere(source).network


def range_of(source: str) -> str:
    """The neighbourhood of an address: /24 or /56; what is no address is its own."""
    return _anywhere(source).range


def _homes(attempt: Attempt) -> Sequence[str]:
    return (attempt.place.range, *((f"device {attempt.device}",) if attempt.device else ()))


def _placing(shared: tuple[Network, ...]) -> Callable[[str], Place]:
    def place(source: str) -> Place:
        """What is no address counts as itself."""
        try:
            parsed = ipaddress.ip_address(source)
        except ValueError:
            return Place(source, source)
        address = getattr(parsed, "ipv4_mapped", None) or parsed
        for network in shared:
            if address in network:
                return Place(str(network), str(network), shared=True)
        near, far = (32, 24) if address.version == 4 else (64, 56)
        return Place(_network(address, near), _network(address, far))

    return place


def _network(address: IPv4Address | IPv6Address, bits: int) -> str:
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


_anywhere = _placing(())
