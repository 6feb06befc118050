"""The background check: what is due, how many at once, and that nothing stops it (product 2.5)."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import pytest

from autodiscover.model import Endpoints
from autodiscover.verdicts import Status, Verdict
from autodiscover.zone import Record
from gateway.config import DnsConfig
from gateway.domain_watch import SOONER, SPREAD, DomainWatch
from gateway.errors import GatewayError, Kind
from gateway.probes.dns import Resolver
from gateway.probes.domain import Examiner
from gateway.probes.phases import Surroundings
from gateway.records import Domain
from gateway.services.domain_records import DomainRecords, Plan, Served
from gateway.store import DatabaseStore
from tests.support import dns_server
from tests.support.dns_server import Misfit
from tests.support.stores import ACME, NOON, Clock

EVERY_S = 3600.0
CONFIG = DnsConfig(check_every_s=EVERY_S, checks=20)
LONGEST = EVERY_S * (1 + SPREAD)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(store: DatabaseStore, clock: Clock) -> DomainRecords:
    served = {"default": Served(Endpoints("https://mail.example.test/x"))}
    return DomainRecords(store, clock, public_host="mail.example.test", served=served)


@pytest.fixture
def own(store: DatabaseStore) -> Callable[[int], None]:
    """Gives so many domains to an organisation."""

    def add(count: int) -> None:
        with store.write() as transaction:
            transaction.directory.add_organisation(ACME)
            for each in range(count):
                transaction.directory.add_domain(
                    Domain(f"d{each}.test", ACME.id, default=not each, proof="ab")
                )

    return add


class Looks:
    """Stands for the world: says how many were looked at, and how many at once."""

    def __init__(self, status: Status = Status.VERIFIED, *, takes_s: float = 0) -> None:
        self.seen: list[str] = []
        self.status = status
        self.peak = 0
        self.full = asyncio.Event()
        self._now = 0
        self._takes_s = takes_s

    async def __call__(self, domain: str, records: Sequence[Record]) -> tuple[Verdict, ...]:
        self.seen.append(domain)
        self._now += 1
        self.peak = max(self.peak, self._now)
        if self._now == CONFIG.checks:
            self.full.set()
        try:
            await asyncio.sleep(self._takes_s)
        finally:
            self._now -= 1
        return tuple(Verdict(each, self.status, "seen") for each in records)

    def taken(self) -> int:
        count, self.seen = len(self.seen), []
        return count


@pytest.mark.parametrize(
    ("status", "pause_s"),
    [(Status.VERIFIED, EVERY_S), (Status.MISSING, EVERY_S / SOONER)],
    ids=["good", "bad"],
)
async def test_what_is_not_good_is_looked_at_sooner(
    known: DomainRecords, clock: Clock, own: Callable[[int], None], status: Status, pause_s: float
) -> None:
    own(3)
    looks = Looks(status)
    watch = DomainWatch(known, looks, clock, CONFIG)
    await watch.round()
    assert looks.taken() == 3
    clock.pass_by(seconds=pause_s - 1)
    await watch.round()
    assert looks.taken() == 0
    clock.pass_by(seconds=1 + pause_s * SPREAD)
    await watch.round()
    assert looks.taken() == 3


async def test_a_restart_repeats_nothing(
    known: DomainRecords, clock: Clock, own: Callable[[int], None]
) -> None:
    own(2)
    await DomainWatch(known, Looks(), clock, CONFIG).round()
    again = Looks()
    await DomainWatch(known, again, clock, CONFIG).round()
    assert again.seen == []


async def test_domains_spread_themselves(
    known: DomainRecords, clock: Clock, own: Callable[[int], None]
) -> None:
    own(100)
    looks = Looks()
    watch = DomainWatch(known, looks, clock, CONFIG)
    await watch.round()
    looks.taken()
    counts = []
    clock.pass_by(seconds=EVERY_S)
    for _ in range(10):
        clock.pass_by(seconds=EVERY_S * SPREAD / 10)
        await watch.round()
        counts.append(looks.taken())
    assert sum(counts) == 100
    assert max(counts) <= 30


async def test_a_thousand_domains_are_looked_at_a_few_at_a_time(
    known: DomainRecords, clock: Clock, own: Callable[[int], None]
) -> None:
    own(1000)
    looks = Looks(takes_s=0.005)
    await DomainWatch(known, looks, clock, CONFIG).round()
    assert len(set(looks.seen)) == len(known.checked()) == 1000
    assert 1 < looks.peak <= CONFIG.checks


async def test_resolvers_that_never_answer_hold_up_nobody_for_ever(
    known: DomainRecords, clock: Clock, own: Callable[[int], None]
) -> None:
    """Each domain costs a bounded number of waits, whatever is not there; the loop goes on meanwhile."""
    own(100)
    began = time.monotonic()
    with Misfit(dns_server.silent) as dead:
        resolver = Resolver([dead.server] * 3, timeout_s=0.02)
        examiner = Examiner(Surroundings(resolver, (), timeout_s=0.5), "mail.example.test")
        watch = DomainWatch(known, examiner.examine, clock, DnsConfig(checks=100))
        round_ = asyncio.ensure_future(watch.round())
        turns = 0
        while not round_.done():
            await asyncio.sleep(0.01)
            turns += 1
        await round_
    assert {good for _, good in known.checked().values()} == {False}
    assert len(known.checked()) == 100
    assert turns > 10
    assert time.monotonic() - began < 90
    kept = known.last("d0.test")
    assert kept is not None
    assert {each["status"] for each in kept.records} == {"Failed", "Missing"}


async def test_one_domains_accident_is_not_the_others(
    known: DomainRecords, clock: Clock, own: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    own(4)
    good = Looks()

    async def examine(domain: str, records: Sequence[Record]) -> tuple[Verdict, ...]:
        match domain:
            case "d0.test":
                raise OSError("the authorities cannot be read")
            case "d1.test":
                await asyncio.sleep(3600)
            case "d2.test":
                raise GatewayError(Kind.UNAVAILABLE)
        return await good(domain, records)

    with caplog.at_level(logging.WARNING):
        await DomainWatch(known, examine, clock, CONFIG, longest_s=0.2).round()
    assert set(known.checked()) == {"d3.test"}
    assert {record.getMessage() for record in caplog.records} == {
        "the check of a domain failed",
        "the check of a domain was given up",
        "the check of a domain was not kept: unavailable",
    }


async def test_a_change_is_said_once(
    known: DomainRecords, clock: Clock, own: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    own(1)
    looks = Looks()
    watch = DomainWatch(known, looks, clock, CONFIG)
    said = []
    for status in (Status.VERIFIED, Status.VERIFIED, Status.MISSING, Status.MISSING, Status.VERIFIED):
        looks.status = status
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            await watch.round()
        said.append([record.getMessage() for record in caplog.records])
        clock.pass_by(seconds=LONGEST)
    assert said == [[], [], ["a domain is not verified any more"], [], ["a domain is verified"]]


async def test_it_stops_when_it_is_told_to(
    known: DomainRecords, clock: Clock, own: Callable[[int], None]
) -> None:
    own(50)
    looks = Looks(takes_s=3600)
    round_ = asyncio.ensure_future(DomainWatch(known, looks, clock, CONFIG).round())
    async with asyncio.timeout(20):
        await looks.full.wait()
    round_.cancel()
    with pytest.raises(asyncio.CancelledError):
        await round_
    assert known.checked() == {}
    assert len(looks.seen) == CONFIG.checks


async def test_a_domain_that_goes_during_the_look(
    known: DomainRecords, clock: Clock, own: Callable[[int], None], store: DatabaseStore
) -> None:
    own(2)

    async def examine(domain: str, records: Sequence[Record]) -> tuple[Verdict, ...]:
        with store.write() as transaction:
            if transaction.directory.domain("d1.test") is not None:
                transaction.directory.remove_domain("d1.test")
        return tuple(Verdict(each, Status.VERIFIED, "seen") for each in records)

    await DomainWatch(known, examine, clock, CONFIG).round()
    assert known.checked() == {"d0.test": (NOON, True)}


async def test_without_a_domain_there_is_nothing_to_do(known: DomainRecords, clock: Clock) -> None:
    looks = Looks()
    await DomainWatch(known, looks, clock, CONFIG).round()
    assert looks.seen == []


async def test_the_database_is_away(clock: Clock) -> None:
    class Away(DomainRecords):
        def __init__(self) -> None:
            pass

        def plans(self) -> Sequence[Plan]:
            raise GatewayError(Kind.UNAVAILABLE)

        checked = plans  # type: ignore[assignment]

    with pytest.raises(GatewayError):
        await DomainWatch(Away(), Looks(), clock, CONFIG).round()
