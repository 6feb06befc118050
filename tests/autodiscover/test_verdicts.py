"""Each answer of the DNS has its status, its fact and its mend (product 2.5)."""

from dataclasses import replace

import pytest

from autodiscover.observation import Observed, Outcome, Phase, Step, Survey
from autodiscover.verdicts import Status, Verdict, document, judge
from autodiscover.zone import Need, Purpose, Record

PUBLIC_HOST = "mail.example.test"
PUBLIC = Observed(PUBLIC_HOST, "A", Outcome.RECORDS, ("192.0.2.1", "192.0.2.2"))
ALIAS = Record(Purpose.AUTODISCOVER, Need.REQUIRED, "autodiscover.acme.test", "CNAME", (PUBLIC_HOST,))
OWNERSHIP = Record(Purpose.OWNERSHIP, Need.REQUIRED, "_usher.acme.test", "TXT", ("usher-verification=abc",))
SRV = Record(
    Purpose.AUTODISCOVER_SRV,
    Need.RECOMMENDED,
    "_autodiscover._tcp.acme.test",
    "SRV",
    ("0 0 443 mail.example.test",),
)
MX = Record(Purpose.MX, Need.RECOMMENDED, "acme.test", "MX", ("10 mx1.test", "20 mx2.test"))
ANY_MX = replace(MX, values=())
SPF = Record(Purpose.SPF, Need.RECOMMENDED, "acme.test", "TXT", ("v=spf1 mx -all",), "v=spf1")
ANY_SPF = replace(SPF, values=())
DMARC = Record(Purpose.DMARC, Need.RECOMMENDED, "_dmarc.acme.test", "TXT", (), "v=DMARC1")
DKIM = Record(Purpose.DKIM, Need.RECOMMENDED, "s1._domainkey.acme.test", "TXT")
DIGEST = Record(
    Purpose.PACC_DIGEST,
    Need.OPTIONAL,
    "_ua-auto-config.acme.test",
    "TXT",
    ("v=UAAC1; a=sha256; d=abc=",),
    "v=UAAC1",
)


def seen(
    record: Record,
    *values: str,
    outcome: Outcome = Outcome.RECORDS,
    chain: tuple[str, ...] = (),
    ttl: int = 300,
) -> Survey:
    return Survey(Observed(record.name, record.rdtype, outcome, values, chain, ttl, "192.0.2.53"))


def beside(survey: Survey, *values: str, chain: tuple[str, ...] = ()) -> Survey:
    other = replace(survey.answer, values=values, chain=chain, server="192.0.2.54", ttl=900)
    return replace(survey, others=(*survey.others, other))


FAILURES = [
    Outcome.SERVFAIL,
    Outcome.REFUSED,
    Outcome.TIMEOUT,
    Outcome.UNREACHABLE,
    Outcome.GARBAGE,
    Outcome.NO_NAME,
    Outcome.NO_RESOLVER,
]
MISFORMED = [Outcome.WRONG_TYPE, Outcome.LOOP, Outcome.TOO_LONG]


@pytest.mark.parametrize(
    "outcome",
    [each for each in Outcome if each is not Outcome.RECORDS],
    ids=lambda outcome: outcome.name.lower(),
)
@pytest.mark.parametrize(
    "record", [OWNERSHIP, DKIM, ALIAS, MX, SRV, SPF, DMARC], ids=lambda record: record.purpose.value
)
def test_every_outcome_has_its_status_for_every_record(record: Record, outcome: Outcome) -> None:
    verdict = judge(record, seen(record, outcome=outcome))
    if record.purpose in (Purpose.OWNERSHIP, Purpose.DKIM):
        expected = Status.PENDING if outcome.settled else Status.FAILED
    else:
        expected = Status.INCONSISTENT if outcome in MISFORMED else Status.MISSING
    assert verdict.status is expected
    assert verdict.fact == outcome.value
    assert verdict.mend
    assert (verdict.good, verdict.serious) == (False, record.need is Need.REQUIRED)


def test_outcomes_are_told_apart_in_words() -> None:
    mends = {each: judge(ALIAS, seen(ALIAS, outcome=each)).mend for each in (*FAILURES, *MISFORMED)}
    assert mends[Outcome.TIMEOUT] == "The name servers do not answer: look after them, then verify again."
    assert mends[Outcome.LOOP].startswith("Break the circle")
    assert mends[Outcome.NO_RESOLVER] == "Name a resolver in [dns] resolvers."
    assert judge(ALIAS, seen(ALIAS, outcome=Outcome.NXDOMAIN)).mend == (
        "Publish: autodiscover.acme.test. 3600 IN CNAME mail.example.test."
    )


@pytest.mark.parametrize(
    ("record", "values", "status"),
    [
        (OWNERSHIP, ("other", "usher-verification=abc"), Status.VERIFIED),
        (OWNERSHIP, ("usher-verification=abcd",), Status.FAILED),
        (SRV, ("0 0 443 mail.example.test",), Status.VERIFIED),
        (SRV, ("10 5 443 mail.example.test",), Status.VERIFIED),
        (SRV, ("0 0 8443 mail.example.test",), Status.INCONSISTENT),
        (SRV, ("0 0 443 other.test",), Status.INCONSISTENT),
        (SRV, ("0 0 443 mail.example.test", "1 0 443 mail.example.test"), Status.INCONSISTENT),
        (MX, ("10 mx1.test", "20 mx2.test"), Status.VERIFIED),
        (MX, ("5 mx2.test", "7 mx1.test"), Status.VERIFIED),
        (MX, ("10 mx1.test",), Status.INCONSISTENT),
        (MX, ("10 mx1.test", "20 mx2.test", "30 old.test"), Status.INCONSISTENT),
        (ANY_MX, ("10 anything.test",), Status.VERIFIED),
        (ANY_MX, ("0 .",), Status.INCONSISTENT),
        (SPF, ("google-site-verification=x", "v=spf1 mx -all"), Status.VERIFIED),
        (SPF, ("v=spf1  mx  -all",), Status.VERIFIED),
        (SPF, ("v=spf1 a -all",), Status.INCONSISTENT),
        (SPF, ("google-site-verification=x",), Status.MISSING),
        (SPF, ("v=spf1 mx -all", "v=spf1 a -all"), Status.INCONSISTENT),
        (ANY_SPF, ("V=SPF1 anything",), Status.VERIFIED),
        (DMARC, ("v=DMARC1; p=none",), Status.VERIFIED),
        (DMARC, ("v=DMARC1",), Status.INCONSISTENT),
        (DMARC, ("v=DMARC1; p=none", "v=DMARC1; p=reject"), Status.INCONSISTENT),
        (DKIM, ("v=DKIM1; k=rsa; p=MIGf",), Status.VERIFIED),
        (DKIM, ("v=DKIM1; p=",), Status.FAILED),
        (DKIM, ("hello",), Status.FAILED),
        (DIGEST, ("v=UAAC1;a=sha256;d=abc=",), Status.VERIFIED),
        (DIGEST, ("v=UAAC1; a=sha256; d=old=",), Status.INCONSISTENT),
    ],
)
def test_values_are_compared_as_clients_read_them(
    record: Record, values: tuple[str, ...], status: Status
) -> None:
    verdict = judge(record, seen(record, *values))
    assert verdict.status is status
    assert bool(verdict.mend) is (status is not Status.VERIFIED)
    assert verdict.check_mark is False


def test_two_srv_records_are_named_and_one_is_to_stay() -> None:
    verdict = judge(SRV, seen(SRV, "0 0 443 mail.example.test", "1 0 443 other.test"))
    assert verdict.fact == "2 records: 0 0 443 mail.example.test / 1 0 443 other.test"
    assert verdict.mend.startswith("Keep exactly one: _autodiscover._tcp.acme.test. 3600 IN SRV 0 0 443")


@pytest.mark.parametrize(
    ("values", "chain", "status"),
    [
        (("192.0.2.9",), (PUBLIC_HOST,), Status.VERIFIED),
        (("192.0.2.9",), ("www.acme.test", PUBLIC_HOST, "cdn.test"), Status.VERIFIED),
        (("192.0.2.2",), (), Status.VERIFIED),
        (("192.0.2.2", "192.0.2.9"), (), Status.INCONSISTENT),
        (("192.0.2.9",), ("www.acme.test",), Status.INCONSISTENT),
    ],
    ids=["alias", "long-way", "same-address", "partly", "elsewhere"],
)
def test_an_alias_leads_by_name_or_by_address(
    values: tuple[str, ...], chain: tuple[str, ...], status: Status
) -> None:
    assert judge(ALIAS, seen(ALIAS, *values, chain=chain), public=PUBLIC).status is status


def test_addresses_prove_nothing_while_the_public_host_has_none() -> None:
    survey = seen(ALIAS, "192.0.2.1")
    assert judge(ALIAS, survey).status is Status.INCONSISTENT
    nowhere = Observed(PUBLIC_HOST, "A", Outcome.TIMEOUT)
    assert judge(ALIAS, survey, public=nowhere).status is Status.INCONSISTENT


def test_an_alias_into_the_void_is_missing() -> None:
    verdict = judge(ALIAS, seen(ALIAS, outcome=Outcome.NXDOMAIN, chain=("gone.test",)))
    assert (verdict.status, verdict.fact) == (Status.MISSING, "points to gone.test: the name does not exist")


def test_the_gateways_own_name_only_needs_an_address() -> None:
    own = replace(ALIAS, rdtype="A", values=(), note="the gateway's own address")
    assert judge(own, seen(own, "192.0.2.7")).status is Status.VERIFIED


@pytest.mark.parametrize(
    ("record", "good", "bad", "status"),
    [
        (OWNERSHIP, ("usher-verification=abc",), ("usher-verification=old",), Status.PENDING),
        (SPF, ("v=spf1 mx -all",), ("v=spf1 a -all",), Status.INCONSISTENT),
    ],
    ids=["claim", "setting"],
)
def test_a_stale_answer_shows_and_is_waited_for(
    record: Record, good: tuple[str, ...], bad: tuple[str, ...], status: Status
) -> None:
    verdict = judge(record, beside(seen(record, *good), *bad))
    assert verdict.status is status
    assert verdict.fact == f"{good[0]}, but 192.0.2.54 answers {bad[0]}"
    assert verdict.mend == "Wait up to 900 s until it has run out everywhere, then verify again."


@pytest.mark.parametrize(
    ("record", "good", "bad", "status"),
    [
        (OWNERSHIP, "usher-verification=abc", "usher-verification=old", Status.PENDING),
        (SPF, "v=spf1 mx -all", "v=spf1 a -all", Status.INCONSISTENT),
        (SRV, "0 0 443 mail.example.test", "0 0 443 old.test", Status.INCONSISTENT),
    ],
    ids=["claim", "setting", "srv"],
)
def test_a_cache_that_keeps_the_old_value_is_waited_for(
    record: Record, good: str, bad: str, status: Status
) -> None:
    verdict = judge(record, beside(seen(record, bad), good))
    assert verdict.status is status
    assert verdict.fact == f"192.0.2.53 answers {bad}, but 192.0.2.54 answers {good}"
    assert verdict.mend == "Wait up to 300 s until it has run out everywhere, then verify again."


def test_a_cache_that_keeps_that_nothing_was_is_waited_for() -> None:
    nothing = seen(OWNERSHIP, outcome=Outcome.NXDOMAIN, ttl=0)
    found = seen(OWNERSHIP, "usher-verification=abc").answer
    verdict = judge(OWNERSHIP, replace(nothing, others=(found,)))
    assert verdict.status is Status.PENDING
    assert verdict.fact.startswith("192.0.2.53 answers the name does not exist, but")
    assert verdict.mend == "Wait until it has run out everywhere, then verify again."


def test_resolvers_that_fail_where_the_own_servers_answer() -> None:
    failed = seen(SPF, outcome=Outcome.SERVFAIL)
    verdict = judge(SPF, replace(failed, others=(seen(SPF, "v=spf1 mx -all").answer,)))
    assert verdict.status is Status.MISSING
    assert verdict.fact.endswith("(SERVFAIL), but 192.0.2.53 answers v=spf1 mx -all")
    assert verdict.mend == "The domain's own servers answer: look at the resolver, or at the domain's DNSSEC."


def test_a_server_that_still_has_two_is_stale() -> None:
    one, two = "0 0 443 mail.example.test", "1 0 443 mail.example.test"
    assert judge(SRV, beside(seen(SRV, one), one, two)).status is Status.INCONSISTENT


def test_a_server_that_knows_other_unrelated_texts_is_not_stale() -> None:
    survey = beside(seen(SPF, "v=spf1 mx -all"), "v=spf1 mx -all", "something-new")
    assert judge(SPF, survey).status is Status.VERIFIED


def test_an_alias_that_is_stale_somewhere() -> None:
    survey = beside(seen(ALIAS, "192.0.2.1", chain=(PUBLIC_HOST,)), "198.51.100.1", chain=("old.test",))
    verdict = judge(ALIAS, survey, public=PUBLIC, phases=GOOD)
    assert (verdict.status, verdict.check_mark) == (Status.INCONSISTENT, False)
    assert "192.0.2.54 answers 198.51.100.1 (by way of old.test)" in verdict.fact


PASSED = Step("https://autodiscover.acme.test/", True, "401 with Basic")
BROKEN = Step("http://autodiscover.acme.test/", False, "the connection was refused", "Open port 80.")
GOOD = (Phase(2, (PASSED,)), Phase(3, (PASSED,)))
BAD = (Phase(2, (PASSED,)), Phase(3, (BROKEN,)))
RIGHT = seen(ALIAS, "192.0.2.1", chain=(PUBLIC_HOST,))
ELSEWHERE = seen(ALIAS, "198.51.100.1", chain=("cdn.test",))


@pytest.mark.parametrize(
    ("survey", "phases", "status", "check_mark"),
    [
        (RIGHT, (), Status.VERIFIED, False),
        (RIGHT, GOOD, Status.VERIFIED, True),
        (RIGHT, GOOD[:1], Status.VERIFIED, False),
        (RIGHT, (GOOD[0], Phase(3, ())), Status.VERIFIED, False),
        (RIGHT, BAD, Status.INCONSISTENT, False),
        (ELSEWHERE, (), Status.INCONSISTENT, False),
        (ELSEWHERE, BAD, Status.INCONSISTENT, False),
        (ELSEWHERE, GOOD, Status.VERIFIED, True),
        (seen(ALIAS, outcome=Outcome.NXDOMAIN), GOOD, Status.MISSING, False),
        (seen(ALIAS, outcome=Outcome.LOOP), BAD, Status.INCONSISTENT, False),
        (seen(ALIAS, outcome=Outcome.LOOP), GOOD, Status.INCONSISTENT, False),
    ],
    ids=[
        "not-performed",
        "both",
        "only-two",
        "three-empty",
        "three-fails",
        "elsewhere",
        "elsewhere-fails",
        "elsewhere-passes",
        "missing",
        "loop",
        "loop-passes",
    ],
)
def test_the_check_mark_needs_both_phases(
    survey: Survey, phases: tuple[Phase, ...], status: Status, check_mark: bool
) -> None:
    verdict = judge(ALIAS, survey, public=PUBLIC, phases=phases)
    assert (verdict.status, verdict.check_mark) == (status, check_mark)
    assert verdict.phases == phases


def test_a_failed_phase_says_what_and_how_to_mend() -> None:
    verdict = judge(ALIAS, RIGHT, public=PUBLIC, phases=BAD)
    assert verdict.fact.endswith("; http://autodiscover.acme.test/: the connection was refused")
    assert verdict.mend == "Open port 80."


def test_phases_belong_to_autodiscover_alone() -> None:
    assert judge(SRV, seen(SRV, "0 0 443 mail.example.test"), phases=BAD) == Verdict(
        SRV, Status.VERIFIED, "0 0 443 mail.example.test"
    )


def test_a_verdict_is_a_document() -> None:
    made = document(judge(ALIAS, RIGHT, public=PUBLIC, phases=BAD))
    assert made == {
        "purpose": "autodiscover",
        "need": "required",
        "name": "autodiscover.acme.test",
        "type": "CNAME",
        "expected": ["mail.example.test"],
        "status": "Inconsistent",
        "check_mark": False,
        "observed": "192.0.2.1 (by way of mail.example.test); "
        "http://autodiscover.acme.test/: the connection was refused",
        "mend": "Open port 80.",
        "phases": [
            {
                "number": 2,
                "passed": True,
                "steps": [{"url": PASSED.url, "passed": True, "observed": "401 with Basic", "mend": ""}],
            },
            {
                "number": 3,
                "passed": False,
                "steps": [
                    {
                        "url": BROKEN.url,
                        "passed": False,
                        "observed": "the connection was refused",
                        "mend": "Open port 80.",
                    }
                ],
            },
        ],
    }
