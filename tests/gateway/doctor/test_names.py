"""The doctor's lookups, from a real dnsmasq and from servers that fail."""

import asyncio
from collections.abc import Iterator

import pytest

from gateway.doctor import names
from gateway.doctor.observations import Lookup, SrvRecord
from gateway.probes.dns import Resolver
from tests.support.dns_server import Misfit, dnsmasq, failing
from tests.support.ports import free

RECORDS = (
    "local=/example/",
    "host-record=both.example,127.0.0.1,::1",
    "cname=alias.example,both.example",
    "cname=dangling.example,gone.example",
    "srv-host=_autodiscover._tcp.acme.example,b.acme.example,443,5,1",
    "srv-host=_autodiscover._tcp.acme.example,a.acme.example,443,5,9",
    "srv-host=_autodiscover._tcp.acme.example,c.acme.example,443,1,1",
    "mx-host=acme.example,mx2.acme.example,20",
    "mx-host=acme.example,mx1.acme.example,10",
    "address=/wild.example/127.0.0.4",
)


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    with dnsmasq(*RECORDS) as server:
        yield Resolver([server], timeout_s=10)


async def test_addresses_of_both_kinds_and_the_alias_before_them(resolver: Resolver) -> None:
    assert await names.lookup(resolver, "both.example") == Lookup("both.example", ("127.0.0.1",), ("::1",))
    found = await names.lookup(resolver, "alias.example")
    assert (found.four, found.chain) == (("127.0.0.1",), ("both.example",))


async def test_what_is_not_there(resolver: Resolver) -> None:
    found = await names.lookup(resolver, "gone.example")
    assert (found.found, found.failed, found.failure) == (False, False, "the name does not exist")


async def test_a_server_that_fails_is_told_from_a_name_that_is_not_there() -> None:
    with Misfit(failing()) as broken:
        resolver = Resolver([broken.server], timeout_s=10)
        assert (await names.lookup(resolver, "both.example")).failed
        records, failure = await names.srv(resolver, "acme.example")
    assert (records, "SERVFAIL" in failure) == ((), True)


async def test_srv_records_in_the_order_of_the_standard(resolver: Resolver) -> None:
    records, failure = await names.srv(resolver, "acme.example")
    assert [record.target for record in records] == ["c.acme.example", "a.acme.example", "b.acme.example"]
    assert records[0] == SrvRecord(1, 1, 443, "c.acme.example")
    assert failure == ""
    assert await names.srv(resolver, "both.example") == ((), "")


async def test_exchangers_and_wildcard(resolver: Resolver) -> None:
    assert await names.exchangers(resolver, "acme.example") == ("mx1.acme.example", "mx2.acme.example")
    assert await names.wildcard(resolver, "wild.example") == ("127.0.0.4",)
    assert await names.wildcard(resolver, "acme.example") == ()


async def test_ipv6_that_nobody_listens_on() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await names.deaf(Lookup("x", ("127.0.0.1",), ("::1",)), port) == ("::1",)
    assert await names.deaf(Lookup("x", (), ("::1",)), port) == ()
    server.close()
    (nobody,) = free(1)
    assert await names.deaf(Lookup("x", ("127.0.0.1",), ("::1",)), nobody) == ()
