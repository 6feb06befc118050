"""Which credentials were verified lately, and who may try again (T1, T2, T28, T29; house.md 4a).

Passwords are never kept: an entry is the BLAKE2b of the credential under a key that dies with the process. A
rejected credential is remembered as well, so the directory sees each wrong password once. What has been
verified is looked up before any counting, and stays known as once right when it has to be verified anew, so
an attack on an account never locks out the phones that already sync. Memory only and not thread-safe on
purpose: everything here runs on the event loop's thread.
"""

import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b

from gateway.records import Change, Scope

MEMORY_S = 300.0
"""How long a verified credential is believed: a change at the backend holds after five minutes (T29)."""

MAXIMUM_ACCEPTED = 200_000
"""Verified credentials kept, as many as partnerships; about 300 bytes each."""

MAXIMUM_REJECTED = 50_000
"""Rejected credentials kept, apart, so that a spray cannot push out the verified ones."""

MAXIMUM_BUCKETS = 50_000
"""Accounts and networks counted; the longest unused is the fullest and may go."""

IPV4_PREFIX = 32
"""One address: offices and carriers put thousands of people behind neighbouring ones."""

IPV6_PREFIX = 56
"""What one household or server is given; a single address costs nothing there."""


class Look(Enum):
    """What is known of a credential that is not accepted."""

    UNKNOWN = "must be verified"
    REJECTED = "was verified and is wrong"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who signed in: ids of the organisation and of the user."""

    organisation: str
    user: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """A token bucket's measure.

    Attributes:
        burst: distinct wrong credentials in a row.
        refill_s: seconds until one more may be tried.
    """

    burst: int
    refill_s: float


PER_ACCOUNT = Allowance(burst=5, refill_s=300.0)
"""Seven wrong passwords in ten minutes at most: below the ten at which directories lock by default (T2)."""

PER_NETWORK = Allowance(burst=50, refill_s=2.0)
"""A big office on the morning after a forced password change passes; a spray crawls (T1)."""


class Buckets:
    """Token buckets by name; a full one is not kept."""

    def __init__(self, allowance: Allowance, maximum: int = MAXIMUM_BUCKETS) -> None:
        self._allowance = allowance
        self._maximum = maximum
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, name: str, now: float) -> float:
        """Tokens left, 0.0 to ``burst``."""
        tokens, at = self._levels.get(name, (float(self._allowance.burst), now))
        return min(self._allowance.burst, tokens + (now - at) / self._allowance.refill_s)

    def add(self, name: str, tokens: float, now: float) -> None:
        """Give tokens back, or take them when negative."""
        level = self.level(name, now) + tokens
        self._levels.pop(name, None)
        if level < self._allowance.burst:
            self._levels[name] = (level, now)
        if len(self._levels) > self._maximum:
            self._levels.popitem(last=False)

    def clear(self, name: str) -> None:
        self._levels.pop(name, None)


class Login:
    """Verified and rejected credentials, and the counters that slow guessing down.

    The order of calls: ``look``; when UNKNOWN, ``may_try``; verify elsewhere; then exactly one of ``accept``,
    ``reject`` and ``give_up``. ``now`` is monotonic seconds. ``octets`` are ``username:password`` as sent,
    which is unambiguous because a Basic user name holds no colon (RFC 7617).
    """

    def __init__(
        self,
        *,
        per_account: Allowance = PER_ACCOUNT,
        per_network: Allowance = PER_NETWORK,
        maximum: int = MAXIMUM_ACCEPTED,
        memory_s: float = MEMORY_S,
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._memory_s = memory_s
        self._maximum = maximum
        self._accepted: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._by_user: dict[str, set[bytes]] = {}
        self._rejected: OrderedDict[bytes, float] = OrderedDict()
        self._accounts = Buckets(per_account)
        self._networks = Buckets(per_network)
        self._under_way: dict[str, int] = {}
        self.epoch = 0

    def fingerprint(self, octets: bytes) -> bytes:
        """The keyed hash by which a credential is known here; safe as a key of a table of open checks."""
        return blake2b(octets, key=self._key, digest_size=20).digest()

    def look(self, octets: bytes, now: float) -> Principal | Look:
        """What is known of the credential; the hot path's only call."""
        fingerprint = blake2b(octets, key=self._key, digest_size=20).digest()
        found = self._accepted.get(fingerprint)
        if found is not None and now < found[0]:
            return found[1]
        if self._rejected.get(fingerprint, now) > now:
            return Look.REJECTED
        return Look.UNKNOWN

    def was_right(self, octets: bytes) -> bool:
        """Whether the credential was verified once and never refused since: trying it is no guess."""
        return self.fingerprint(octets) in self._accepted

    def held(self, octets: bytes, now: float, grace_s: float) -> Principal | None:
        """Whom a credential meant whose memory ended at most ``grace_s`` seconds ago, and which nobody has
        doubted since: what may still be believed while nobody can verify it (T30)."""
        found = self._accepted.get(self.fingerprint(octets))
        return found[1] if found is not None and now < found[0] + grace_s else None

    def may_ask(self, source: str, now: float) -> bool:
        """Whether anything from this network may be verified; to be asked before anybody is looked up."""
        return self._networks.level(network_of(source), now) >= 1

    def crowded(self, source: str, now: float) -> bool:
        """Whether the network may not try only because its attempts under way have not ended yet: an office
        behind one address after a restart, of which nobody has typed anything wrong."""
        network = network_of(source)
        under_way = self._under_way.get(network, 0)
        return under_way > 0 and self._networks.level(network, now) + under_way >= 1

    def may_try(self, account: str, source: str, now: float, *, was_right: bool = False) -> bool:
        """Reserve one attempt for ``account`` (a user id, or the folded name of nobody) from address
        ``source``; one that ``was_right`` is always granted.

        False: too many wrong credentials of late; nothing is reserved and nothing may be verified.
        """
        network = network_of(source)
        spent = self._accounts.level(account, now) < 1 or self._networks.level(network, now) < 1
        if spent and not was_right:
            return False
        self._accounts.add(account, -1, now)
        self._networks.add(network, -1, now)
        self._under_way[network] = self._under_way.get(network, 0) + 1
        return True

    def accept(
        self,
        octets: bytes,
        principal: Principal,
        account: str,
        source: str,
        now: float,
        epoch: int | None = None,
    ) -> None:
        """Remember a verified credential; the account's counter starts anew, unless the credential is one
        that was right before: a phone that comes back says nothing of who else has been guessing.

        Args:
            epoch: ``epoch`` as it was before verifying. What has been forgotten since may be this very
                password, so the credential is then not remembered.
        """
        fingerprint = self.fingerprint(octets)
        if fingerprint in self._accepted:
            self._accounts.add(account, 1, now)
        else:
            self._accounts.clear(account)
        self._networks.add(self._ended(source), 1, now)
        if epoch is not None and epoch != self.epoch:
            return
        self._rejected.pop(fingerprint, None)
        self._drop(fingerprint)
        self._accepted[fingerprint] = (now + self._memory_s, principal)
        self._by_user.setdefault(principal.user, set()).add(fingerprint)
        if len(self._accepted) > self._maximum:
            self._drop(next(iter(self._accepted)))

    def reject(self, octets: bytes, now: float, source: str | None = None) -> None:
        """Remember a credential that the directory refused; the attempt reserved for ``source`` is spent."""
        if source is not None:
            self._ended(source)
        fingerprint = self.fingerprint(octets)
        self._drop(fingerprint)
        self._rejected.pop(fingerprint, None)
        self._rejected[fingerprint] = now + self._memory_s
        if len(self._rejected) > MAXIMUM_REJECTED:
            self._rejected.popitem(last=False)

    def give_up(self, account: str, source: str, now: float) -> None:
        """Nobody could verify (backend down): the reserved attempt is given back and nothing is
        remembered."""
        self._accounts.add(account, 1, now)
        self._networks.add(self._ended(source), 1, now)

    def doubt(self, user: str) -> None:
        """Somebody who should know refused the user: verify anew; nobody else is concerned."""
        for fingerprint in self._by_user.get(user, ()):
            self._accepted[fingerprint] = (float("-inf"), self._accepted[fingerprint][1])

    def forget(self, user: str) -> None:
        """The user's password, state or existence changed: verify again, rejected credentials too."""
        self.epoch += 1
        self.doubt(user)
        self._rejected.clear()

    def forget_all(self) -> None:
        """Verify everybody again, as after a break of the change feed."""
        self.epoch += 1
        for user in self._by_user:
            self.doubt(user)
        self._rejected.clear()

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget whatever ``changes`` may have made wrong."""
        for change in changes:
            if change.scope is Scope.USER:
                self.forget(change.user)
            elif change.scope is Scope.ORGANISATION:
                self._forget_organisation(change.organisation)

    def _forget_organisation(self, organisation: str) -> None:
        members = {
            entry[1].user for entry in self._accepted.values() if entry[1].organisation == organisation
        }
        self.epoch += 1
        for user in members:
            self.forget(user)
        self._rejected.clear()

    def _ended(self, source: str) -> str:
        """An attempt is over; the network it came from."""
        network = network_of(source)
        left = self._under_way.pop(network, 0) - 1
        if left > 0:
            self._under_way[network] = left
        return network

    def _drop(self, fingerprint: bytes) -> None:
        entry = self._accepted.pop(fingerprint, None)
        if entry is None:
            return
        held = self._by_user.get(entry[1].user, set())
        held.discard(fingerprint)
        if not held:
            self._by_user.pop(entry[1].user, None)


def network_of(address: str) -> str:
    """The network that counts as one source; what is no address counts as itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    prefix = IPV4_PREFIX if plain.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network(f"{plain}/{prefix}", strict=False))
