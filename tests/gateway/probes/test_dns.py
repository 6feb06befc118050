"""Real questions to real name servers, healthy and otherwise: each ends as a value (product 2.5)."""

import random
from collections.abc import Callable, Iterator

import dns.rcode
import pytest

from autodiscover.observation import Observed, Outcome
from gateway.probes.dns import LONGEST_CHAIN, Resolver, Server
from tests.support import dns_server
from tests.support.dns_server import Behaviour, Misfit, dnsmasq, zone

QUICK = 0.3
"""Seconds for servers that never answer; those that do are given much longer."""


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    with dnsmasq(
        "host-record=gateway.test,192.0.2.7,2001:db8::7",
        "host-record=four.test,192.0.2.4",
        "cname=autodiscover.acme.test,GATEWAY.test,120",
        "txt-record=acme.test,v=spf1 mx,-all",
        "txt-record=acme.test,other",
        "srv-host=_autodiscover._tcp.acme.test,gateway.test,443",
        "mx-host=acme.test,mail.acme.test,10",
        "txt-record=_usher.acme.test,usher-verification=abc",
    ) as server:
        yield server


@pytest.fixture
def resolver(real: Server) -> Resolver:
    return Resolver([real], timeout_s=10)


async def test_values_are_canonical(resolver: Resolver) -> None:
    asked = {
        rdtype: await resolver.ask(name, rdtype)
        for name, rdtype in (
            ("_autodiscover._tcp.acme.test", "SRV"),
            ("ACME.test.", "MX"),
            ("acme.test", "TXT"),
            ("gateway.test", "AAAA"),
        )
    }
    assert asked["SRV"].values == ("0 0 443 gateway.test",)
    assert asked["MX"].values == ("10 mail.acme.test",)
    assert asked["TXT"].values == ("other", "v=spf1 mx-all")
    assert asked["AAAA"].values == ("2001:db8::7",)
    assert all(each.found for each in asked.values())


async def test_an_alias_is_followed_and_shown(resolver: Resolver, real: Server) -> None:
    seen = await resolver.ask("autodiscover.acme.test", "A")
    assert seen == Observed(
        "autodiscover.acme.test", "A", Outcome.RECORDS, ("192.0.2.7",), ("gateway.test",), seen.ttl, str(real)
    )
    alias = await resolver.ask("autodiscover.acme.test", "CNAME")
    assert (alias.values, alias.chain) == (("gateway.test",), ())


async def test_both_families_are_addresses(resolver: Resolver) -> None:
    assert (await resolver.addresses("gateway.test")).values == ("192.0.2.7", "2001:db8::7")
    assert (await resolver.addresses("four.test")).values == ("192.0.2.4",)
    assert (await resolver.addresses("nowhere.test")).outcome is Outcome.NXDOMAIN


@pytest.mark.parametrize(
    ("name", "rdtype", "outcome"),
    [
        ("nowhere.test", "A", Outcome.NXDOMAIN),
        ("gateway.test", "TXT", Outcome.NO_DATA),
        ("x" * 64 + ".test", "A", Outcome.NO_NAME),
        ("two..dots.test", "A", Outcome.NO_NAME),
    ],
    ids=["nxdomain", "no-data", "label-too-long", "empty-label"],
)
async def test_what_a_healthy_server_says_no_to(
    resolver: Resolver, name: str, rdtype: str, outcome: Outcome
) -> None:
    seen = await resolver.ask(name, rdtype)
    assert (seen.outcome, seen.values) == (outcome, ())


CIRCLE = zone("a.test 60 CNAME b.test.", "b.test 60 CNAME a.test.")
LONG = zone(*(f"n{each}.test 60 CNAME n{each + 1}.test." for each in range(20)))
DANGLING = zone("a.test 60 CNAME gone.elsewhere.")


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (dns_server.failing(), Outcome.SERVFAIL),
        (dns_server.failing(dns.rcode.FORMERR), Outcome.SERVFAIL),
        (dns_server.failing(dns.rcode.REFUSED), Outcome.REFUSED),
        (dns_server.silent, Outcome.TIMEOUT),
        (dns_server.babbling, Outcome.GARBAGE),
        (CIRCLE, Outcome.LOOP),
        (DANGLING, Outcome.NXDOMAIN),
        (dns_server.mistaken('60 TXT "you asked for something else"'), Outcome.WRONG_TYPE),
        (dns_server.truncated(zone("a.test 60 A 192.0.2.1")), Outcome.RECORDS),
    ],
    ids=[
        "servfail",
        "formerr",
        "refused",
        "timeout",
        "garbage",
        "loop",
        "dangling",
        "wrong-type",
        "truncated",
    ],
)
async def test_every_failure_is_a_value(behave: Behaviour, outcome: Outcome) -> None:
    patience = QUICK if outcome is Outcome.TIMEOUT else 10
    with Misfit(behave) as misfit:
        seen = await Resolver([misfit.server], timeout_s=patience).ask("a.test", "A")
    assert seen.outcome is outcome
    assert seen.server == str(misfit.server)


@pytest.mark.parametrize("seed", range(8))
async def test_an_answer_with_any_octets_changed_is_a_value(seed: int) -> None:
    """A broken or hostile server: whatever it sends, there is an outcome, and no text that is not text."""
    whole = zone(
        "a.test 60 CNAME b.test.", 'b.test 60 TXT "v=spf1 mx" "-all"', "b.test 60 SRV 0 0 443 c.test."
    )
    chance = random.Random(seed)

    def spoil(query: dns_server.dns.message.QueryMessage) -> bytes:
        made = whole(query)
        assert isinstance(made, dns_server.dns.message.Message)
        octets = bytearray(made.to_wire())
        for _ in range(chance.randrange(1, 6)):
            octets[chance.randrange(2, len(octets))] = chance.randrange(256)
        return bytes(octets[: chance.randrange(12, len(octets) + 1)])

    with Misfit(spoil) as misfit:
        resolver = Resolver([misfit.server], timeout_s=QUICK)
        for rdtype in ("TXT", "SRV", "A", "MX") * 8:
            seen = await resolver.ask("a.test", rdtype)
            assert isinstance(seen.outcome, Outcome)
            assert all(value.isascii() for value in (*seen.values, *seen.chain))
            assert seen.fact


async def test_an_alias_of_itself_is_a_loop() -> None:
    with Misfit(zone("a.test 60 CNAME a.test.")) as misfit:
        assert (await Resolver([misfit.server]).ask("a.test", "A")).outcome is Outcome.LOOP


async def test_a_chain_has_an_end() -> None:
    with Misfit(LONG) as misfit:
        seen = await Resolver([misfit.server], timeout_s=10).ask("n0.test", "A")
    assert seen.outcome is Outcome.TOO_LONG
    assert len(seen.chain) == LONGEST_CHAIN + 1


async def test_aliases_that_a_server_does_not_follow_are_asked_for() -> None:
    def lazy(query: dns_server.dns.message.QueryMessage) -> object:
        answer = zone("a.test 60 CNAME b.test.", "b.test 30 A 192.0.2.9")(query)
        assert isinstance(answer, dns_server.dns.message.Message)
        del answer.answer[1:]
        return answer

    with Misfit(lazy) as misfit:  # type: ignore[arg-type]  # returns a message
        seen = await Resolver([misfit.server], timeout_s=10).ask("a.test", "A")
    assert (seen.values, seen.chain, seen.ttl) == (("192.0.2.9",), ("b.test",), 30)


async def test_nobody_listens() -> None:
    with Misfit(dns_server.silent) as gone:
        pass
    seen = await Resolver([gone.server], timeout_s=QUICK).ask("a.test", "A")
    assert seen.outcome in (Outcome.TIMEOUT, Outcome.UNREACHABLE)


async def test_the_next_server_is_asked_when_one_fails(real: Server) -> None:
    with Misfit(dns_server.failing()) as broken:
        seen = await Resolver([broken.server, real], timeout_s=10).ask("four.test", "A")
    assert (seen.values, seen.server) == (("192.0.2.4",), str(real))


async def test_a_name_that_is_not_there_is_not_asked_for_elsewhere(real: Server) -> None:
    with Misfit(zone("a.test 60 A 192.0.2.1")) as other:
        seen = await Resolver([real, other.server], timeout_s=10).ask("a.test", "A")
        assert (seen.outcome, other.asked) == (Outcome.NXDOMAIN, [])


async def test_without_a_server_there_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.probes.dns._of_this_machine", lambda: ())
    resolver = Resolver()
    assert (await resolver.ask("a.test", "A")).outcome is Outcome.NO_RESOLVER
    assert (await resolver.survey("a.test", "A")).answer.outcome is Outcome.NO_RESOLVER


async def test_this_machines_servers_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    with Misfit(zone("a.test 60 A 192.0.2.1")) as own:
        monkeypatch.setattr("gateway.probes.dns._of_this_machine", lambda: (own.server,))
        assert (await Resolver(timeout_s=10).ask("a.test", "A")).values == ("192.0.2.1",)


TARGET = "_usher.acme.test 3600 TXT"


@pytest.fixture
def cached() -> Callable[[str], Behaviour]:
    """A resolver with something in its cache, which knows the way to the zone's own server."""
    return lambda value: zone(
        f'{TARGET} "{value}"', "acme.test 60 NS ns.acme.test.", "ns.acme.test 60 A 127.0.0.2"
    )


async def test_a_stale_cache_shows_beside_the_zones_own_server(cached: Callable[[str], Behaviour]) -> None:
    with (
        Misfit(cached("old")) as cache,
        Misfit(zone(f'{TARGET} "new"'), address="127.0.0.2") as own,
    ):
        resolver = Resolver([cache.server], timeout_s=10, authority_port=own.server.port)
        survey = await resolver.survey("_usher.acme.test", "TXT")
    assert (survey.answer.values, survey.answer.server) == (("old",), str(cache.server))
    assert [(each.values, each.server) for each in survey.dissent] == [(("new",), str(own.server))]


async def test_two_resolvers_may_disagree(cached: Callable[[str], Behaviour]) -> None:
    with Misfit(cached("new")) as first, Misfit(cached("old")) as second, Misfit(dns_server.failing()) as own:
        servers = [first.server, second.server]
        resolver = Resolver(servers, timeout_s=10, authority_port=own.server.port)
        survey = await resolver.survey("_usher.acme.test", "TXT")
    assert survey.answer.values == ("new",)
    assert [each.values for each in survey.dissent] == [("old",)]


async def test_an_own_server_that_is_not_to_be_reached_is_no_dissent(
    cached: Callable[[str], Behaviour],
) -> None:
    with Misfit(cached("new")) as cache:
        survey = await Resolver([cache.server], timeout_s=3, authority_port=1).survey(
            "_usher.acme.test", "TXT"
        )
    assert (survey.answer.values, survey.dissent) == (("new",), ())


async def test_a_server_that_only_passes_on_is_no_authority(cached: Callable[[str], Behaviour]) -> None:
    def lame(query: dns_server.dns.message.QueryMessage) -> object:
        answer = dns_server.dns.message.make_response(query)
        answer.flags &= ~dns_server.dns.flags.AA
        return answer

    with Misfit(cached("new")) as cache, Misfit(lame, address="127.0.0.2") as far:  # type: ignore[arg-type]
        resolver = Resolver([cache.server], timeout_s=10, authority_port=far.server.port)
        survey = await resolver.survey("_usher.acme.test", "TXT")
    assert [each.outcome for each in survey.others] == [Outcome.REFUSED]
    assert survey.dissent == ()


async def test_own_servers_are_looked_for_no_further_where_resolvers_fail() -> None:
    with Misfit(dns_server.failing()) as broken:
        assert await Resolver([broken.server], timeout_s=10).authorities("a.b.c.test") == ()
    assert broken.asked == [("a.b.c.test", "NS")]


async def test_own_servers_are_asked_without_recursion_and_need_not_follow_aliases() -> None:
    flags = []
    records = zone("www.acme.test 60 CNAME gateway.elsewhere.")

    def own(query: dns_server.dns.message.QueryMessage) -> object:
        flags.append(bool(query.flags & dns_server.dns.flags.RD))
        return records(query)

    cache = zone(
        "www.acme.test 60 CNAME gateway.elsewhere.",
        "gateway.elsewhere 60 A 192.0.2.1",
        "acme.test 60 NS ns.acme.test.",
        "ns.acme.test 60 A 127.0.0.2",
    )
    with Misfit(cache) as near, Misfit(own, address="127.0.0.2") as far:  # type: ignore[arg-type]
        resolver = Resolver([near.server], timeout_s=10, authority_port=far.server.port)
        survey = await resolver.survey("www.acme.test", "A")
    assert flags == [False]
    assert (survey.answer.values, survey.others) == (("192.0.2.1",), ())
