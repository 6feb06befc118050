"""The walk against the real gateway behind a real nginx: what passes, and who gets the password."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from gateway.doctor.families import BY_NAME, FAMILIES
from gateway.doctor.judgement import judge
from gateway.doctor.observations import Ask, Place, SignIn
from gateway.doctor.tree import Report, Status, as_json, as_text
from tests.support.backend import RecordingBackend
from tests.support.doctor_lab import (
    ABSENT,
    AUTODISCOVER,
    CHALLENGES,
    DOMAIN,
    FOREIGN,
    PUBLIC,
    Host,
    codes,
    lab,
    passes,
    redirects,
)
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import mail_server
from tests.support.stranger import CHALLENGE, Stranger, answer, sound, stranger

pytestmark = pytest.mark.nginx
OFFERS = {
    "ews_url": f"https://{PUBLIC}/EWS/Exchange.asmx",
    "imap": "imap.acme.example:993",
    "smtp": "smtp.acme.example:465",
}
WRONG = "Wrong-Horse-9"
MOVED = b"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response>
<Action><Redirect>ann@other.example</Redirect></Action></Response></Autodiscover>"""


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(mail_server) as running:
        yield running


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(tmp_path, backend) as running:
        yield running


def healthy(gateway: Gateway) -> tuple[Host, ...]:
    served = passes(gateway.port)
    return Host(DOMAIN, ABSENT), Host(AUTODISCOVER, served), Host(PUBLIC, served)


def branch(report: Report, name: str) -> Status:
    return next(each.status for each in report.branches if each.title.partition(":")[0] == name)


async def test_a_healthy_deployment_passes_up_to_the_folders(gateway: Gateway, tmp_path: Path) -> None:
    with lab(tmp_path / "lab", *healthy(gateway)) as running:
        report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {}
    assert report.healthy
    for name in ("names", "phone", "outlook-mobile", "tbsync", "npm", "password", "activesync"):
        assert branch(report, name) is Status.PASS, name
    passed = {node.title for node in report.leaves() if node.status is Status.PASS}
    assert {"OPTIONS", "Provision", "FolderSync", "requests pass as they come"} <= passed


async def test_every_client_passes_where_everything_is_offered(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    names = (DOMAIN, AUTODISCOVER, f"autoconfig.{DOMAIN}", f"ua-auto-config.{DOMAIN}", PUBLIC)
    srv = f"srv-host=_autodiscover._tcp.{DOMAIN},{AUTODISCOVER},443,0,0"
    async with serving(tmp_path, backend, asked=OFFERS) as gateway:
        hosts = [Host(name, passes(gateway.port)) for name in names]
        with lab(tmp_path / "lab", *hosts, records=[srv]) as running:
            report = await running.examine(PASSWORD, with_device=True)
    assert codes(report) == {}
    assert {each.title: each.status for each in report.branches if each.status is not Status.PASS} == {}
    assert len(report.branches) == len(FAMILIES) + 5


async def test_every_question_is_sent_once(gateway: Gateway, tmp_path: Path) -> None:
    with lab(tmp_path / "lab", *healthy(gateway)) as running:
        await running.observe()
    assert len(running.told) == len(set(running.told)) + duplicates(running.told)


def duplicates(told: list[str]) -> int:
    """The same address may be asked with several bodies: anonymous and in each schema."""
    return sum(told.count(each) - 1 for each in set(told) if "POST" in each)


async def test_a_wrong_password_costs_one_failed_attempt(gateway: Gateway, tmp_path: Path) -> None:
    with lab(tmp_path / "lab", *healthy(gateway)) as running:
        report = await running.examine(WRONG, with_device=True)
    assert codes(report) == {"auth.wrong_password": "fail"}
    assert not report.healthy
    assert branch(report, "phone") is Status.PASS
    with lab(tmp_path / "again", *healthy(gateway)) as running:
        assert (await running.observe(PASSWORD)).sign_in is SignIn.ACCEPTED


async def test_the_password_is_tried_once_and_at_the_autodiscover_name_first(tmp_path: Path) -> None:
    async with challenger() as server:
        hosts = (Host(DOMAIN, passes(server.port)), Host(AUTODISCOVER, passes(server.port)))
        with lab(tmp_path / "lab", *hosts) as running:
            report = await running.examine(WRONG)
    signed = [visit for visit in server.visits if "authorization" in visit.headers]
    assert [visit.headers["host"] for visit in signed] == [AUTODISCOVER]
    assert codes(report)["auth.wrong_password"] == "fail"


async def test_the_report_never_holds_the_password(gateway: Gateway, tmp_path: Path) -> None:
    with lab(tmp_path / "lab", *healthy(gateway)) as running:
        for password in (PASSWORD, WRONG):
            seen = await running.observe(password, with_device=True)
            report = judge(seen)
            assert password not in as_text(report) + as_json(report) + repr(seen) + "".join(running.told)


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_host_named_without_tls_gets_the_password_only_if_it_is_trusted(
    tmp_path: Path, trusted: bool
) -> None:
    provider = "autodiscover.provider.example"
    async with challenger() as server:
        hosts = (
            Host(DOMAIN, ABSENT),
            Host(AUTODISCOVER, None, redirects(provider), address="127.0.0.7"),
            Host(provider, passes(server.port)),
        )
        with lab(tmp_path / "lab", *hosts) as running:
            wanted = frozenset({provider}) if trusted else frozenset[str]()
            report = await running.examine(PASSWORD, trusted=wanted)
    given = any("authorization" in visit.headers for visit in server.visits)
    assert given is trusted
    assert ("auth.not_sent" in codes(report)) is not trusted
    assert codes(report)["redirect.foreign_host"] == "warn"


async def test_a_host_that_the_domain_itself_redirects_to_over_https_gets_it(tmp_path: Path) -> None:
    provider = "autodiscover.provider.example"
    async with challenger() as server:
        hosts = (
            Host(DOMAIN, ABSENT),
            Host(AUTODISCOVER, redirects(provider)),
            Host(provider, passes(server.port)),
        )
        with lab(tmp_path / "lab", *hosts) as running:
            await running.observe(PASSWORD)
    assert any("authorization" in visit.headers for visit in server.visits)


async def test_nobody_gets_it_with_a_certificate_that_is_not_good(tmp_path: Path) -> None:
    async with challenger() as server:
        wrong = sound("other.example")
        hosts = (
            Host(DOMAIN, passes(server.port), identity=wrong),
            Host(AUTODISCOVER, passes(server.port), http=CHALLENGES, identity=wrong),
        )
        with lab(tmp_path / "lab", *hosts) as running:
            seen = await running.observe(PASSWORD)
    assert seen.sign_in is SignIn.NO_PLACE
    assert not any("authorization" in visit.headers for visit in server.visits)


async def test_an_answer_at_the_bare_domain_that_is_not_ours(gateway: Gateway, tmp_path: Path) -> None:
    _, *ours = healthy(gateway)
    with lab(tmp_path / "lab", Host(DOMAIN, FOREIGN), *ours) as running:
        report = await running.examine(PASSWORD)
    assert codes(report) == {"http.apex_foreign": "fail"}
    (fault,) = report.faults
    assert "web7.hoster.example" in fault.fact
    assert PUBLIC in fault.fact
    assert "outlook" in fault.hurts


async def test_a_mailbox_that_is_elsewhere(tmp_path: Path) -> None:
    moved = answer("200 OK", "Content-Type: text/xml; charset=utf-8", body=MOVED)
    async with stranger(lambda visit: moved if "authorization" in visit.headers else CHALLENGE) as server:
        with lab(tmp_path / "lab", Host(DOMAIN, ABSENT), Host(AUTODISCOVER, passes(server.port))) as running:
            report = await running.examine(PASSWORD, [BY_NAME["phone"]])
    found = {fault.code: fault for fault in report.faults}
    assert "usher doctor ann@other.example" in found["answer.redirected"].mend


async def test_a_chosen_family_alone_is_judged(tmp_path: Path) -> None:
    html = "location / { default_type text/html; return 200 '<html>'; }"
    with lab(tmp_path / "lab", Host(DOMAIN, html), Host(AUTODISCOVER)) as running:
        phones = await running.examine(families=[BY_NAME["phone"]])
        library = await running.examine(families=[BY_NAME["npm"]])
    assert codes(phones) == {"http.apex_html": "warn"}
    assert codes(library) == {"http.apex_html": "fail"}


async def test_the_srv_record_is_followed(tmp_path: Path) -> None:
    srv = f"srv-host=_autodiscover._tcp.{DOMAIN},mx.{DOMAIN},443,0,0"
    with lab(tmp_path / "lab", Host(f"mx.{DOMAIN}"), records=[srv]) as running:
        report = await running.examine()
        seen = await running.observe()
    assert (Place.SRV, Ask.XML_POST) in seen.trails
    assert branch(report, "outlook") is Status.WARN
    assert branch(report, "phone") is Status.FAIL
    assert codes(report) == {"dns.no_record": "fail"}


def challenger() -> AbstractAsyncContextManager[Stranger]:
    """A server that asks everybody for a password, and remembers who gave one."""
    return stranger(CHALLENGE)
