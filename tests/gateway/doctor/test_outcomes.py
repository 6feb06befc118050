"""What an observation means for a client."""

import pytest

from gateway.doctor.families import BY_NAME, Outcome, Step
from gateway.doctor.observations import Ask, Hop, Lookup, Place, SignIn, SrvRecord, Trouble
from gateway.doctor.outcomes import base_of, foreign, host_of, outcome, outcome_for, seen
from tests.gateway.doctor.scenes import BASIC, answer, challenge, observed, page, silence

HERE, APEX = Place.AUTODISCOVER, Place.APEX
HTML = page(200, headers={"content-type": "text/html"}, body=b"<html>")


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        (challenge(), Outcome.CHALLENGED),
        (page(401), Outcome.ODD_CHALLENGE),
        (page(403), Outcome.ODD_CHALLENGE),
        (page(404), Outcome.ABSENT),
        (page(405), Outcome.ABSENT),
        (page(501), Outcome.ABSENT),
        (page(500), Outcome.FAILED),
        (page(503), Outcome.FAILED),
        (page(302), Outcome.BAD_REDIRECT),
        (HTML, Outcome.HTML),
        (page(200, body=b"hello"), Outcome.BROKEN),
        (silence(Trouble.TIMEOUT), Outcome.SILENT),
    ],
    ids=str,
)
def test_what_a_stranger_is_told(hop: Hop, expected: Outcome) -> None:
    assert outcome(observed((HERE, Ask.XML_POST, hop)), HERE, Ask.XML_POST) is expected


def test_the_password_comes_before_the_stranger() -> None:
    both = observed((HERE, Ask.XML_POST, challenge()), (HERE, Ask.MOBILE, answer(Ask.MOBILE)))
    assert outcome(both, HERE, Ask.MOBILE) is Outcome.ANSWERED
    assert outcome(both, HERE, Ask.OUTLOOK) is Outcome.CHALLENGED
    assert outcome(both, APEX, Ask.OUTLOOK) is None
    assert seen(both, APEX, Ask.OUTLOOK) is None


def test_a_refused_password_leaves_a_challenge() -> None:
    denied = page(401, headers=BASIC, signed_in=True)
    refused = observed((HERE, Ask.MOBILE, denied), sign_in=SignIn.REFUSED)
    assert outcome(refused, HERE, Ask.MOBILE) is Outcome.CHALLENGED
    assert outcome(observed((HERE, Ask.MOBILE, denied)), HERE, Ask.MOBILE) is Outcome.DENIED


def test_the_bare_domain_is_foreign_where_it_names_other_servers() -> None:
    mine = (HERE, Ask.OUTLOOK, answer(Ask.OUTLOOK, HERE, "EXCH", "mail.example"))
    other = (APEX, Ask.OUTLOOK, answer(Ask.OUTLOOK, APEX, "IMAP", "web7.example"))
    same = (APEX, Ask.OUTLOOK, answer(Ask.OUTLOOK, APEX, "IMAP", "mail.example"))
    assert foreign(observed(mine, other), APEX)
    assert outcome(observed(mine, other), APEX, Ask.OUTLOOK) is Outcome.FOREIGN
    assert not foreign(observed(mine, same), APEX)
    assert not foreign(observed(other), APEX)
    assert not foreign(observed(mine, other), HERE)


def test_a_family_sees_what_it_can_use() -> None:
    imap = observed((HERE, Ask.EWS_XML, answer(Ask.EWS_XML, HERE, "IMAP")))
    step = Step(HERE, Ask.EWS_XML)
    assert outcome_for(imap, BY_NAME["thunderbird"], step) is Outcome.ANSWERED
    assert outcome_for(imap, BY_NAME["evolution"], step) is Outcome.UNSUITED


def test_who_starts_again_with_another_address() -> None:
    moved = (
        b"<Autodiscover><Response><Action><Redirect>b@x.example</Redirect></Action></Response></Autodiscover>"
    )
    seen = observed((HERE, Ask.MOBILE, page(200, HERE, Ask.MOBILE, body=moved, signed_in=True)))
    step = Step(HERE, Ask.MOBILE)
    assert outcome_for(seen, BY_NAME["phone"], step) is Outcome.ANSWERED
    assert outcome_for(seen, BY_NAME["npm"], step) is Outcome.REDIRECTED


def test_a_library_that_knows_ipv4_alone() -> None:
    six = {"autodiscover.acme.example": Lookup("autodiscover.acme.example", six=("2001:db8::1",))}
    seen = observed((HERE, Ask.SVC_POST, challenge(HERE, Ask.SVC_POST)), lookups=six)
    assert outcome_for(seen, BY_NAME["exchangelib"], Step(HERE, Ask.SETTINGS)) is Outcome.IPV6_ONLY
    assert outcome_for(seen, BY_NAME["ews"], Step(HERE, Ask.SETTINGS)) is Outcome.CHALLENGED


def test_where_a_place_begins() -> None:
    seen = observed(srv=(SrvRecord(0, 0, 443, "s.example"),), exchangers=("mx1.mail.provider.example",))
    assert host_of(seen, Place.SRV) == "s.example"
    assert host_of(seen, Place.MX) == "autoconfig.provider.example"
    assert host_of(seen, Place.PORT_80) == "autodiscover.acme.example"
    assert host_of(observed(), Place.SRV) == host_of(observed(), Place.MX) == ""
    assert base_of("a.b.c.d") == "c.d"
