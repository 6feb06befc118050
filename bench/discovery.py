"""Discovery: POX and JSON against a bare endpoint, and a directory of 100,000 users against a small one.

Three servers on one core, in turns: the gateway with the small directory, the gateway with the large one,
and ``bench.bare``, which returns the bytes that the gateway answered. A thousand users ask, each with a
credential of its own that the gateway has verified before; strangers ask about all domains. What is compared
is requests in a second of the process's CPU time: the throughput of a worker that has its core to itself, and
the same on a machine where it has not. Ratios are medians over the rounds.
"""

import asyncio
import base64
import contextlib
import itertools
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.client import Drive, Line, connect_all
from bench.figures import Figure, report
from bench.gateway import Gateway, backend, opened, place, running
from bench.processes import LOAD, MEASURED, TICKS, cpu_seconds, free_ports, here, listening, rss_kib, started
from gateway.records import Domain, Organisation, User, UserSource

SMALL, LARGE = (1_000, 1), (100_000, 1_000)
"""Users and domains."""

ASKING = 1_000
CROWD = 10_000
"""Further users of the large directory who sign in and ask once, before its memory is read."""

CONNECTIONS = 32
ROUNDS = 9
TURN = 3_000

_MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
_BODY = (
    '<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{space}requestschema/2006"><Request>'
    "<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{space}responseschema/2006"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)
_POX = (
    "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {token}\r\n"
    "User-Agent: Apple-iPhone15C2/2105.225\r\nAccept: */*\r\nContent-Type: text/xml\r\n"
    "Content-Length: {length}\r\n\r\n"
)
_JSON = (
    "GET /autodiscover/autodiscover.json?Email={address}&Protocol=ActiveSync&RedirectCount=1 HTTP/1.1\r\n"
    "Host: localhost\r\nUser-Agent: OutlookMobileCloudService-Autodetect/1.0.0\r\nAccept: */*\r\n\r\n"
)


def address(number: int, domains: int) -> str:
    return f"user{number:06}@d{number % domains}.bench.example"


def pox(who: str) -> bytes:
    """What a phone sends, with a credential."""
    body = _BODY.format(space=_MOBILESYNC, address=who).encode()
    token = base64.b64encode(f"{who}:Password-of-{who}".encode()).decode()
    return _POX.format(token=token, length=len(body)).encode() + body


def json_v2(who: str) -> bytes:
    """What a stranger asks about the domain of ``who``."""
    return _JSON.format(address=who).encode()


@dataclass(slots=True)
class Contender:
    """One of the servers.

    Attributes:
        requests: by format, what is asked of it in turn.
        rates: by format, requests a second of CPU time in each round.
    """

    pid: int
    port: int
    requests: dict[str, Iterator[bytes]]
    rates: dict[str, list[float]] = field(default_factory=lambda: {"pox": [], "json": []})

    async def drive(self, form: str, count: int) -> float:
        lines = await connect_all(self.port, CONNECTIONS)
        before = cpu_seconds(self.pid)
        await Drive(lines, self.requests[form], count).run()
        seconds = cpu_seconds(self.pid) - before
        for line in lines:
            line.close()
        return count / max(seconds, 1 / TICKS)


def contender(pid: int, port: int, size: tuple[int, int]) -> Contender:
    users, domains = size
    asking = [address(number, domains) for number in range(0, users, users // ASKING)]
    forms = {"pox": list(map(pox, asking)), "json": list(map(json_v2, asking))}
    return Contender(pid, port, {form: itertools.cycle(requests) for form, requests in forms.items()})


@contextlib.contextmanager
def directory(mail: int, size: tuple[int, int]) -> Iterator[Gateway]:
    """A running gateway whose organisation has so many users and domains."""
    users, domains = size
    with place(mail, workers=1) as where:
        made = opened(where)
        organisation = "m-" + "0" * 32
        since = datetime(2026, 1, 1, tzinfo=UTC)
        with made.store.write() as transaction:
            transaction.directory.add_organisation(
                Organisation(organisation, "bench", "Bench", since, user_source=UserSource.BACKEND)
            )
            for number in range(domains):
                transaction.directory.add_domain(Domain(f"d{number}.bench.example", organisation))
            for number in range(users):
                who = address(number, domains)
                login = who.partition("@")[0]
                transaction.directory.add_user(
                    User(f"u-{number:032x}", organisation, login, who, login, source=UserSource.BACKEND)
                )
        made.store.close()
        with running(where) as served:
            yield served


async def answer(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    (line,) = await connect_all(port, 1)
    found: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def answered(_: Line, status: int, body: bytes) -> None:
        if status == 200:
            found.set_result(body)
        else:
            found.set_exception(RuntimeError(f"answered {status}"))

    line.answered = answered
    line.send(request)
    body = await found
    line.close()
    return body


async def sample(port: int, where: Path) -> None:
    """Keep what the gateway answers, for the bare endpoint to return."""
    who = address(0, SMALL[1])
    (where / "pox").write_bytes(await answer(port, pox(who)))
    (where / "json").write_bytes(await answer(port, json_v2(who)))


async def rounds(contenders: Sequence[Contender]) -> None:
    """Everybody's caches are warm before the first one."""
    for each in contenders:
        for form in each.rates:
            await each.drive(form, ASKING)
    for _ in range(ROUNDS):
        for form in ("pox", "json"):
            for each in contenders:
                each.rates[form].append(await each.drive(form, TURN))


async def crowd(pid: int, port: int) -> None:
    """Ten thousand more sign in."""
    users, domains = LARGE
    numbers = range(1, users, users // CROWD)
    asking = Contender(pid, port, {"pox": itertools.cycle([pox(address(n, domains)) for n in numbers])})
    await asking.drive("pox", len(numbers))


def ratio(ours: Contender, theirs: Contender, form: str) -> float:
    return statistics.median(a / b for a, b in zip(ours.rates[form], theirs.rates[form], strict=True))


def figures() -> Iterator[Figure]:
    """The four; rates go to standard error."""
    here(LOAD)
    with contextlib.ExitStack() as stack:
        where = Path(stack.enter_context(TemporaryDirectory()))
        mail = stack.enter_context(backend())
        small, large = (stack.enter_context(directory(mail, size)) for size in (SMALL, LARGE))
        uvloop.run(sample(small.place.plain, where))
        (port,) = free_ports(1)
        pid = stack.enter_context(started("bench.bare", port, where, core=MEASURED, log=where / "log"))
        listening(port)
        ours = contender(small.workers[0], small.place.plain, SMALL)
        great = contender(large.workers[0], large.place.plain, LARGE)
        bare = contender(pid, port, SMALL)
        uvloop.run(rounds([ours, great, bare]))
        uvloop.run(crowd(large.workers[0], large.place.plain))
        growth = (rss_kib(large.workers[0]) - rss_kib(small.workers[0])) / 1024
    for form in ("pox", "json"):
        seen = ", ".join(f"{statistics.median(each.rates[form]):.0f}" for each in (ours, great, bare))
        print(f"{form}, requests a CPU second: small, large, bare = {seen}", file=sys.stderr)
    yield Figure("discovery_pox_vs_bare", ratio(ours, bare, "pox"), "ratio", 0.6, at_least=True)
    yield Figure("discovery_json_vs_bare", ratio(ours, bare, "json"), "ratio", 0.8, at_least=True)
    size = min(ratio(great, ours, form) for form in ("pox", "json"))
    yield Figure("discovery_large_directory_ratio", size, "ratio", 0.9, at_least=True)
    yield Figure("discovery_large_memory_mib", growth, "MiB", 60)


if __name__ == "__main__":
    sys.exit(report(figures()))
