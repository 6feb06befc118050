"""How often the admin listener may be asked (product 7.3): per source before anybody is known, per
administrator after that. Told as draft-ietf-httpapi-ratelimit-headers-10 has it.

A source is an address, of IPv6 the /64 behind which one host can have any. Its budget is spent by every
request, so that a stranger cannot make this process verify passwords as fast as the line allows; it is wide,
for administrators may share an address with whoever attacks. Reading and writing have a budget each: a
listing that runs wild keeps nobody from ordering a wipe. Memory of one process, bounded; time is an argument.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from starlette.responses import Response

from gateway.config import Admin
from gateway.endpoints.api.problems import rendered
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority
from gateway.services.drawn_secrets import is_session
from gateway.services.throttle_windows import Allowance, Buckets

READING = frozenset(("GET", "HEAD", "OPTIONS"))
MAXIMUM = 10_000
"""Sources, and administrators, that are remembered; one whose budget is full is not."""

IPV6_HOST = 64

Header = tuple[bytes, bytes]


class Overrun(GatewayError):
    """Asked too often; ``headers`` say when to come again."""

    def __init__(self, wait_s: int, headers: tuple[Header, ...]) -> None:
        super().__init__(Kind.THROTTLED, f"Too many requests: come again in {wait_s} s.")
        self.headers = ((b"retry-after", str(wait_s).encode()), *headers)

    def answer(self) -> Response:
        """The problem document."""
        response = rendered(self)
        names = {name for name, _ in self.headers}
        kept = [pair for pair in response.raw_headers if pair[0] not in names]
        response.raw_headers[:] = [*kept, *self.headers]
        return response


class Budget:
    """One token bucket for each name, under the name that the headers call it by."""

    def __init__(self, name: str, per_s: float, burst: int) -> None:
        self._name = name
        self._per_s = per_s
        self._burst = burst
        self._buckets = Buckets(Allowance(burst, 1 / per_s), MAXIMUM)

    def spend(self, who: str, now: float) -> tuple[Header, ...]:
        """One request of ``who``; what is left, as headers. Raises ``Overrun`` where nothing is."""
        level = self._buckets.level(who, now)
        if level < 1:
            raise Overrun(max(1, ceil((1 - level) / self._per_s)), self._headers(level))
        self._buckets.add(who, -1.0, now)
        return self._headers(level - 1)

    def _headers(self, level: float) -> tuple[Header, ...]:
        """``t``: seconds until the budget is full again."""
        window, full = ceil(self._burst / self._per_s), ceil((self._burst - level) / self._per_s)
        return (
            (b"ratelimit-policy", f'"{self._name}";q={self._burst};w={window}'.encode()),
            (b"ratelimit", f'"{self._name}";r={int(level)};t={full}'.encode()),
        )


class Rates:
    """The budgets of one process."""

    def __init__(self, settings: Admin, now: Callable[[], float]) -> None:
        """``now``: seconds of a clock that never goes back."""
        self._now = now
        self._sources = Budget("source", settings.requests_per_s, settings.requests_burst)
        self._reads = Budget("reads", settings.reads_per_s, settings.reads_burst)
        self._writes = Budget("writes", settings.writes_per_s, settings.writes_burst)

    def source(self, address: str) -> None:
        """A request from ``address``, of whomever; raises ``Overrun``."""
        self._sources.spend(_host(address), self._now())

    def principal(self, who: Authority, method: str) -> tuple[Header, ...]:
        """A request of an administrator; the headers of its answer. Raises ``Overrun``."""
        budget = self._reads if method in READING else self._writes
        return budget.spend(_holder(who), self._now())


def _holder(who: Authority) -> str:
    """Whose a budget is: all sessions of an account have one, over REST and in the console, for signing in
    anew is easy; a token has its own, so that a program that runs wild keeps no person out."""
    return who.account if is_session(who.credential) else who.credential or who.name


@lru_cache(maxsize=4096)
def _host(address: str) -> str:
    """Who has an address; one that is none (a socket of this machine) stands for itself."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(ip_network((known, IPV6_HOST), strict=False))
    return address
