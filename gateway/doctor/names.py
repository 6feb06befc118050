"""The doctor's questions to the DNS, as lookups that the judgement reads (spec/autodiscover.md 12)."""

import asyncio
import errno
from collections.abc import Iterable

from autodiscover.observation import Observed
from gateway.doctor.observations import Lookup, SrvRecord
from gateway.probes.dns import Resolver

NO_SUCH_LABEL = "usher-doctor-no-such-name"
"""What nobody publishes: whoever answers for it has a wildcard."""
CONNECT_SECONDS = 3.0
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""This machine's own lack of IPv6, which is no fault of the server."""


async def lookup(resolver: Resolver, host: str) -> Lookup:
    """The addresses of a host of both kinds."""
    four, six = await asyncio.gather(resolver.ask(host, "A"), resolver.ask(host, "AAAA"))
    found = Lookup(host, _values(four), _values(six), four.chain or six.chain)
    if found.found:
        return found
    broken = next((each for each in (four, six) if not each.outcome.settled), None)
    failure = (broken or four).outcome.value
    return Lookup(host, chain=found.chain, failure=failure, failed=broken is not None)


def _values(seen: Observed) -> tuple[str, ...]:
    return seen.values if seen.found else ()


async def srv(resolver: Resolver, domain: str) -> tuple[tuple[SrvRecord, ...], str]:
    """The ``_autodiscover._tcp`` records, the preferred first, and why there is no answer at all."""
    seen = await resolver.ask(f"_autodiscover._tcp.{domain}", "SRV")
    records = [_record(value) for value in _values(seen)]
    offered = [record for record in records if record.target not in ("", ".")]
    ordered = sorted(offered, key=lambda record: (record.priority, -record.weight, record.target))
    return tuple(ordered), "" if seen.outcome.settled else seen.outcome.value


def _record(text: str) -> SrvRecord:
    priority, weight, port, target = text.split()
    return SrvRecord(int(priority), int(weight), int(port), target)


async def exchangers(resolver: Resolver, domain: str) -> tuple[str, ...]:
    """The domain's MX hosts, the preferred first."""
    seen = await resolver.ask(domain, "MX")
    pairs = (value.split() for value in _values(seen))
    return tuple(host for _, host in sorted((int(rank), host) for rank, host in pairs) if host != ".")


async def wildcard(resolver: Resolver, domain: str) -> tuple[str, ...]:
    """Addresses of a name that nobody published."""
    found = await lookup(resolver, f"{NO_SUCH_LABEL}.{domain}")
    return (*found.four, *found.six)


async def deaf(found: Lookup, port: int) -> tuple[str, ...]:
    """IPv6 addresses that take no connection, of a host that has IPv4 addresses too."""
    if not found.four:
        return ()
    heard = await asyncio.gather(*(_silent(address, port) for address in found.six))
    silent = tuple(address for address, quiet in zip(found.six, heard, strict=True) if quiet)
    if silent and not await _any_listens(found.four, port):
        return ()
    return silent


async def _any_listens(addresses: Iterable[str], port: int) -> bool:
    heard = await asyncio.gather(*(_silent(address, port) for address in addresses))
    return not all(heard)


async def _silent(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return True
    except OSError as error:
        return error.errno not in _NO_WAY
    writer.close()
    return False
