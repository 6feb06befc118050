"""Questions to the DNS; every failure is a value (product 2.5, spec/autodiscover.md 12).

Each server is asked by itself instead of through a stub resolver's search and retry, because a check has to
tell which of them said what: SERVFAIL from a timeout, and a stale cache from the zone's own servers. Only the
order is a stub's: the first configured server that settles the question is the answer. Aliases are followed
here, at most ``LONGEST_CHAIN`` of them, since an authoritative server does not follow them for us.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.SRV import SRV
from dns.rdtypes.mxbase import MXBase
from dns.rdtypes.nsbase import NSBase
from dns.rdtypes.txtbase import TXTBase

from autodiscover.observation import Observed, Outcome, Survey

LONGEST_CHAIN = 8
"""Aliases that are followed; resolvers give up at 8 to 16."""

MOST_SERVERS = 3
"""Servers of a kind that are asked: a zone with a dozen of them is not asked a dozen times."""

DNS_PORT = 53
_ADDRESSES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Server:
    """A name server: an IP address and a port."""

    host: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return self.host if self.port == DNS_PORT else f"{self.host}:{self.port}"


class Resolver:
    """Asks the DNS.

    Args:
        servers: recursive name servers, the preferred first; empty for this machine's own.
        timeout_s: for one server's answer to one question.
        authority_port: where a zone's own servers listen; another than 53 only in tests.
    """

    def __init__(
        self, servers: Sequence[Server] = (), *, timeout_s: float = 3.0, authority_port: int = DNS_PORT
    ) -> None:
        self._servers = tuple(servers) or _of_this_machine()
        self._timeout_s = timeout_s
        self._authority_port = authority_port

    async def ask(self, name: str, rdtype: str) -> Observed:
        """The answer that a client would get: the first server that settles the question.

        Never raises for what a server does or does not do.
        """
        observed = Observed(name, rdtype, Outcome.NO_RESOLVER)
        for server in self._servers[:MOST_SERVERS]:
            observed = await self.ask_server(server, name, rdtype)
            if observed.outcome.settled or observed.outcome is Outcome.NO_NAME:
                break
        return observed

    async def addresses(self, name: str) -> Observed:
        """IPv4 and IPv6 addresses of a name together, IPv4 first; the failure of A where there are none."""
        four, six = await asyncio.gather(*(self.ask(name, rdtype) for rdtype in _ADDRESSES))
        if not (four.found and six.found):
            return six if six.found else four
        return replace(four, values=four.values + six.values, ttl=min(four.ttl, six.ttl))

    async def survey(self, name: str, rdtype: str, authorities: Sequence[Server] | None = None) -> Survey:
        """Ask every configured server and the zone's own ones, so that a stale answer shows.

        ``authorities`` are the zone's own where they are known already; else they are looked for.
        """
        own = await self.authorities(name) if authorities is None else authorities
        seen, direct = await asyncio.gather(
            asyncio.gather(*(self.ask_server(each, name, rdtype) for each in self._servers[:MOST_SERVERS])),
            asyncio.gather(*(self._authoritative(each, name, rdtype) for each in own)),
        )
        settled = next((each for each in seen if each.outcome.settled), None)
        answer = settled or (seen[-1] if seen else Observed(name, rdtype, Outcome.NO_RESOLVER))
        others = (*(each for each in seen if each is not answer), *(each for each in direct if each))
        return Survey(answer, others)

    async def authorities(self, name: str) -> tuple[Server, ...]:
        """Some servers of the closest zone above ``name``, found through the resolvers; none where those
        fail."""
        labels = name.rstrip(".").split(".")
        for depth in range(len(labels) - 1):
            zone = await self.ask(".".join(labels[depth:]), "NS")
            if zone.found and not zone.chain:
                hosts = zone.values[:MOST_SERVERS]
                found = await asyncio.gather(*(self.addresses(host) for host in hosts))
                first = (each.values[0] for each in found if each.found)
                return tuple(Server(host, self._authority_port) for host in first)
            if not zone.outcome.settled:
                break
        return ()

    async def ask_server(self, server: Server, name: str, rdtype: str) -> Observed:
        """One server's answer, aliases followed."""
        at = name
        chain: list[str] = []
        ttl: list[int] = []
        while True:
            step = await self._exchange(server, at, rdtype)
            chain += step.chain
            ttl += [step.ttl] if step.chain or step.found else []
            if len(set(chain)) < len(chain) or _canonical(name) in chain:
                step = replace(step, outcome=Outcome.LOOP, values=())
            elif len(chain) > LONGEST_CHAIN:
                step = replace(step, outcome=Outcome.TOO_LONG, values=())
            elif step.outcome is Outcome.NO_DATA and step.chain:
                at = chain[-1]
                continue
            return replace(step, name=name, chain=tuple(chain), ttl=min(ttl, default=0))

    async def _authoritative(self, server: Server, name: str, rdtype: str) -> Observed | None:
        """What the zone's own server says; None where an alias leads out of what it knows.

        One that does not speak with authority only passes on, and counts as refusing.
        """
        step = await self._exchange(server, name, rdtype, recursion=False)
        return None if step.chain and not step.found else step

    async def _exchange(self, server: Server, name: str, rdtype: str, *, recursion: bool = True) -> Observed:
        observed = Observed(name, rdtype, Outcome.NO_NAME, server=str(server))
        try:
            query = dns.message.make_query(dns.name.from_text(name), rdtype, use_edns=True)
            if not recursion:
                query.flags &= ~dns.flags.RD
        except (dns.exception.DNSException, UnicodeError):
            return observed
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, server.host, self._timeout_s, server.port, ignore_unexpected=True
            )
            if not recursion and not answer.flags & dns.flags.AA:
                return replace(observed, outcome=Outcome.REFUSED)
            return _read(answer, observed)
        except dns.exception.Timeout:
            return replace(observed, outcome=Outcome.TIMEOUT)
        except (OSError, EOFError):
            return replace(observed, outcome=Outcome.UNREACHABLE)
        except (dns.exception.DNSException, ValueError):
            return replace(observed, outcome=Outcome.GARBAGE)


def _of_this_machine() -> tuple[Server, ...]:
    try:
        own = dns.resolver.Resolver()
    except (dns.resolver.NoResolverConfiguration, OSError):
        return ()
    return tuple(Server(str(host), own.port) for host in own.nameservers)


def _read(answer: dns.message.Message, observed: Observed) -> Observed:
    """One message: the aliases in it, and what stands at their end."""
    chain, ttls, at = _aliases(answer, observed)
    records = [each for each in answer.answer if each.name == at and each.rdclass == dns.rdataclass.IN]
    wanted = next((each for each in records if dns.rdatatype.to_text(each.rdtype) == observed.rdtype), None)
    if wanted is not None:
        ttls.append(wanted.ttl)
    observed = replace(observed, chain=chain, ttl=min(ttls, default=0))
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return replace(observed, outcome=Outcome.NXDOMAIN)
    if answer.rcode() != dns.rcode.NOERROR:
        failed = Outcome.REFUSED if answer.rcode() == dns.rcode.REFUSED else Outcome.SERVFAIL
        return replace(observed, outcome=failed)
    if wanted is not None:
        return replace(observed, outcome=Outcome.RECORDS, values=_texts(wanted))
    if other := [each for each in records if each.rdtype != dns.rdatatype.CNAME]:
        seen = (f"{dns.rdatatype.to_text(each.rdtype)} {text}" for each in other for text in _texts(each))
        return replace(observed, outcome=Outcome.WRONG_TYPE, values=tuple(seen))
    return replace(observed, outcome=Outcome.NO_DATA)


def _aliases(
    answer: dns.message.Message, observed: Observed
) -> tuple[tuple[str, ...], list[int], dns.name.Name]:
    at = dns.name.from_text(observed.name)
    chain: list[str] = []
    ttls: list[int] = []
    if observed.rdtype == "CNAME":
        return (), ttls, at
    aliases = {each.name: each for each in answer.answer if each.rdtype == dns.rdatatype.CNAME}
    for _ in range(LONGEST_CHAIN + 1):
        alias = aliases.get(at)
        if alias is None:
            break
        chain.append(_text(next(iter(alias))))
        at = dns.name.from_text(chain[-1])
        ttls.append(alias.ttl)
    return tuple(chain), ttls, at


def _texts(records: Iterable[dns.rdata.Rdata]) -> tuple[str, ...]:
    return tuple(sorted(_text(record) for record in records))


def _text(record: dns.rdata.Rdata) -> str:
    match record:
        case TXTBase():
            return b"".join(record.strings).decode("ascii", "backslashreplace")
        case NSBase():
            return _canonical(record.target.to_text())
        case MXBase():
            return f"{record.preference} {_canonical(record.exchange.to_text())}"
        case SRV():
            target = _canonical(record.target.to_text())
            return f"{record.priority} {record.weight} {record.port} {target}"
        case _:
            return record.to_text()


def _canonical(name: str) -> str:
    """Lower case without the final dot; the root stays a dot."""
    return name.lower().rstrip(".") or "."
