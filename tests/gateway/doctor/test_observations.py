"""The values that everything else reads."""

from gateway.doctor.observations import (
    ANONYMOUS,
    TLS_TROUBLES,
    Ask,
    Lookup,
    Observations,
    Page,
    Silence,
    SrvRecord,
    Trail,
    Trouble,
)
from tests.support.stranger import NOW

URL = "https://a.example/x"


def test_a_page_knows_its_type_and_its_target() -> None:
    page = Page("GET", URL, 302, {"content-type": "Text/XML; charset=x", "location": "/y"})
    assert (page.media_type, page.location, page.redirects) == ("text/xml", "/y", True)
    assert not Page("GET", URL, 304).redirects


def test_a_trail_has_a_first_and_a_last() -> None:
    hops = (Page("GET", URL, 302), Silence("GET", URL, Trouble.TIMEOUT))
    assert (Trail(hops).first, Trail(hops).last) == hops


def test_names() -> None:
    seen = Observations("ann@acme.example", NOW)
    assert (seen.domain, seen.autodiscover) == ("acme.example", "autodiscover.acme.example")
    assert str(SrvRecord(0, 5, 443, "m.example")) == "0 5 443 m.example"
    assert Lookup("a", six=("::1",)).found
    assert not Lookup("a", failure="gone").found


def test_every_signed_question_has_an_anonymous_one() -> None:
    assert set(ANONYMOUS) == {Ask.OUTLOOK, Ask.EWS_XML, Ask.MOBILE, Ask.SETTINGS}
    assert set(ANONYMOUS.values()) == {Ask.XML_POST, Ask.SVC_POST}
    assert Trouble.TIMEOUT not in TLS_TROUBLES
