"""A whole domain, looked at over real DNS and real TLS (product 2.5)."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from autodiscover.model import Endpoints, MailServer
from autodiscover.verdicts import Status, Verdict
from autodiscover.zone import MailRecords, Publication, Purpose, records
from certs.errors import CertificateError
from gateway.probes.dns import Resolver, Server
from gateway.probes.domain import Examiner
from gateway.probes.phases import PATH, Surroundings
from tests.support import dns_server, ports
from tests.support.dns_server import Behaviour, Misfit, dnsmasq, zone
from tests.support.stranger import CHALLENGE, answer, sound, stranger, trusted

DOMAIN, HOST, PUBLIC = "acme.test", "autodiscover.acme.test", "mail.example.test"
PUBLICATION = Publication(
    DOMAIN,
    PUBLIC,
    Endpoints("https://mail.example.test/x", imap=MailServer("imap.example.test", 993)),
    proof="abc",
    mail=MailRecords(("mx.example.test",), "v=spf1 mx -all", "v=DMARC1; p=reject", ("s1",)),
    pacc_digest="4Tv+/w==",
)
RECORDS = records(PUBLICATION)
COMPLETE = (
    f"host-record={PUBLIC},127.0.0.1",
    f"host-record={DOMAIN},127.0.0.2",
    *(f"cname={name}.{DOMAIN},{PUBLIC}" for name in ("autodiscover", "autoconfig", "ua-auto-config")),
    f"srv-host=_autodiscover._tcp.{DOMAIN},{PUBLIC},443",
    f"srv-host=_imaps._tcp.{DOMAIN},imap.example.test,993",
    f"mx-host={DOMAIN},mx.example.test,10",
    f"txt-record={DOMAIN},v=spf1 mx -all",
    f"txt-record=_usher.{DOMAIN},usher-verification=abc",
    f"txt-record=_dmarc.{DOMAIN},v=DMARC1; p=reject",
    f"txt-record=s1._domainkey.{DOMAIN},v=DKIM1; k=rsa; p=MIGf",
    f"txt-record=_ua-auto-config.{DOMAIN},v=UAAC1; a=sha256; d=4Tv+/w==",
)


@contextlib.asynccontextmanager
async def web() -> AsyncIterator[tuple[int, int]]:
    """What the public host serves; gives its https and http ports."""
    https, http = ports.free(2)
    redirect = answer("302 Found", f"Location: https://{HOST}{PATH}")
    async with (
        stranger(CHALLENGE, sound(HOST, PUBLIC), address="127.0.0.1", port=https),
        stranger(redirect, address="127.0.0.1", port=http),
    ):
        yield https, http


async def examined(
    folder: Path, servers: list[Server], web_ports: tuple[int, int] = (1, 1), patience: float = 10
) -> dict[str, Verdict]:
    resolver = Resolver(servers, timeout_s=patience, authority_port=1)
    around = Surroundings(resolver, {PUBLIC}, trusted(folder), *web_ports)
    verdicts = await Examiner(around, PUBLIC).examine(DOMAIN, RECORDS)
    assert [each.record for each in verdicts] == list(RECORDS)
    return {each.record.purpose.value: each for each in verdicts}


async def test_a_complete_domain_is_verified_with_a_check_mark(tmp_path: Path) -> None:
    with dnsmasq(*COMPLETE) as server:
        async with web() as web_ports:
            found = await examined(tmp_path, [server], web_ports)
    assert {name: each.status for name, each in found.items() if not each.good} == {}
    assert len(found) == len(RECORDS) == 11
    assert found["autodiscover"].check_mark
    assert [phase.passed for phase in found["autodiscover"].phases] == [True, True]


async def test_nothing_is_published(tmp_path: Path) -> None:
    with dnsmasq(f"host-record={PUBLIC},127.0.0.1") as server:
        found = await examined(tmp_path, [server])
    assert found["ownership"].status is found["dkim"].status is Status.PENDING
    others = [each.status for name, each in found.items() if name not in ("ownership", "dkim")]
    assert set(others) == {Status.MISSING}


async def test_the_record_is_right_and_nobody_serves(tmp_path: Path) -> None:
    with dnsmasq(*COMPLETE) as server:
        found = await examined(tmp_path, [server], (ports.free(1)[0], ports.free(1)[0]))
    alias = found["autodiscover"]
    assert (alias.status, alias.check_mark) == (Status.INCONSISTENT, False)
    assert "the connection was refused" in alias.fact
    assert "Open port 80" in alias.mend


LOOP = zone(
    f"{HOST} 60 CNAME b.test.", f"b.test 60 CNAME {HOST}.", f"_usher.{DOMAIN} 60 CNAME _usher.{DOMAIN}."
)


@pytest.mark.parametrize(
    ("behave", "claim", "setting", "fact"),
    [
        (dns_server.failing(), Status.FAILED, Status.MISSING, "the name server failed (SERVFAIL)"),
        (dns_server.silent, Status.FAILED, Status.MISSING, "no name server answered in time"),
        (dns_server.babbling, Status.FAILED, Status.MISSING, "the name server's answer is broken"),
        (LOOP, Status.FAILED, Status.INCONSISTENT, "CNAME loop"),
        (
            dns_server.mistaken("60 HINFO vax unix"),
            Status.FAILED,
            Status.INCONSISTENT,
            'HINFO "vax" "unix"',
        ),
        (zone("other.test 60 A 192.0.2.1"), Status.PENDING, Status.MISSING, "the name does not exist"),
        (
            zone(f"{HOST} 60 TXT x", f"_usher.{DOMAIN} 60 A 192.0.2.1"),
            Status.PENDING,
            Status.MISSING,
            "not with this",
        ),
        (
            dns_server.truncated(zone(f"{HOST} 60 A 192.0.2.1", f"_usher.{DOMAIN} 60 TXT other")),
            Status.FAILED,
            Status.INCONSISTENT,
            "192.0.2.1",
        ),
    ],
    ids=["servfail", "timeout", "garbage", "loop", "wrong-type", "nxdomain", "no-data", "truncated"],
)
async def test_each_failure_of_a_resolver_gives_its_status(
    tmp_path: Path, behave: Behaviour, claim: Status, setting: Status, fact: str
) -> None:
    patience = 0.3 if behave is dns_server.silent else 10
    with Misfit(behave) as misfit:
        found = await examined(tmp_path, [misfit.server], patience=patience)
    assert (found["ownership"].status, found["autodiscover"].status) == (claim, setting)
    assert fact in found["autodiscover"].fact


async def test_a_stale_answer_between_two_resolvers(tmp_path: Path) -> None:
    old = f"_usher.{DOMAIN} 600 TXT usher-verification=old"
    with dnsmasq(*COMPLETE) as new, Misfit(zone(old)) as stale:
        found = await examined(tmp_path, [new, stale.server], patience=10)
    ownership = found["ownership"]
    assert ownership.status is Status.PENDING
    assert f"but {stale.server} answers usher-verification=old" in ownership.fact
    assert ownership.mend.startswith("Wait up to 600 s")


async def test_a_name_with_ipv6_alone_is_found(tmp_path: Path) -> None:
    lines = (f"{HOST} 60 CNAME {PUBLIC}.", f"{PUBLIC} 60 AAAA ::1")
    with Misfit(zone(*lines)) as server:
        verdict = (await examined(tmp_path, [server.server]))["autodiscover"]
    assert verdict.fact.startswith(f"::1 (by way of {PUBLIC})")


async def test_without_an_autodiscover_record_no_phase_is_walked(tmp_path: Path) -> None:
    only = tuple(each for each in RECORDS if each.purpose is Purpose.MX)
    with dnsmasq(*COMPLETE) as server:
        around = Surroundings(Resolver([server], timeout_s=10, authority_port=1), {PUBLIC}, trusted(tmp_path))
        (verdict,) = await Examiner(around, PUBLIC).examine(DOMAIN, only)
    assert (verdict.status, verdict.phases) == (Status.VERIFIED, ())


async def test_authorities_that_cannot_be_read_are_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    around = Surroundings(Resolver([Server("127.0.0.1", 1)]), {PUBLIC}, tmp_path / "empty.pem")
    with pytest.raises(CertificateError):
        await Examiner(around, PUBLIC).examine(DOMAIN, RECORDS)
    with pytest.raises(OSError, match="missing"):
        await Examiner(replace(around, ca=tmp_path / "missing.pem"), PUBLIC).examine(DOMAIN, RECORDS)
