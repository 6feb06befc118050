"""JSON v2 (spec/autodiscover.md 5 and 14, golden test 8)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiscover import json2
from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    Answer,
    Asker,
    Audience,
    Endpoints,
    Mailbox,
    NotFound,
    Outcome,
    Question,
    Request,
    Site,
    Stamp,
    UrlRedirect,
)

STAMP = Stamp(datetime(2026, 11, 21, tzinfo=UTC))
PATH = "/autodiscover/autodiscover.json"
ENDPOINTS = Endpoints(
    "https://usher.example/Microsoft-Server-ActiveSync",
    "https://usher.example/autodiscover/autodiscover.xml",
    ews="https://mail.example/EWS/Exchange.asmx",
)
SITE = Site("example.org", "Acme", ENDPOINTS)
FOREIGN = UrlRedirect("https://exchange.example:8443/autodiscover/autodiscover.xml")


def ask(outcome: Outcome, path: str = PATH, **query: str) -> Answer:
    request = Request("GET", path, tuple(query.items()))
    try:
        enquiry = json2.read(request)
    except DiscoveryError as error:
        return json2.refuse(error.fault, STAMP)
    return json2.write(enquiry, (outcome,), Asker(), STAMP)


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["ErrorCode"]


def test_strangers_may_ask_and_only_read() -> None:
    assert json2.AUDIENCE is Audience.ANYBODY
    assert json2.METHODS == ("GET", "HEAD")


@pytest.mark.parametrize("name", ["Protocol", "protocol", "PROTOCOL"])
@pytest.mark.parametrize(
    ("asked", "told", "url"),
    [
        ("ActiveSync", "ActiveSync", ENDPOINTS.activesync),
        ("activesync", "ActiveSync", ENDPOINTS.activesync),
        ("Autodiscoverv1", "AutodiscoverV1", ENDPOINTS.autodiscover),
        ("AutodiscoverV1", "AutodiscoverV1", ENDPOINTS.autodiscover),
        ("EWS", "Ews", ENDPOINTS.ews),
    ],
)
def test_both_forms_in_every_spelling(name: str, asked: str, told: str, url: str) -> None:
    by_query = ask(SITE, **{"EMAIL": "ann@example.org", name: asked, "RedirectCount": "1"})
    by_path = ask(SITE, "/AutoDiscover/AutoDiscover.JSON/V1.0/ann@example.org", **{name: asked})
    assert by_query == by_path
    assert by_query.status == 200
    assert by_query.media_type == "application/json"
    assert json.loads(by_query.body) == {"Protocol": told, "Url": url}


def test_the_question_is_about_the_domain() -> None:
    enquiry = json2.read(Request("GET", PATH, (("Email", " ann@Example.org "), ("Protocol", "Ews"))))
    assert enquiry.questions == (Question(domain="example.org"),)
    assert enquiry.address == "ann@Example.org"


def test_only_what_is_served_is_named() -> None:
    bare = replace(SITE, endpoints=Endpoints(ENDPOINTS.activesync, ENDPOINTS.autodiscover))
    answer = ask(bare, Email="ann@example.org", Protocol="Ews")
    assert code(answer) == (400, "ProtocolNotSupported")
    assert "'ActiveSync,AutodiscoverV1'" in json.loads(answer.body)["ErrorMessage"]
    assert list(json2.protocols(ENDPOINTS)) == ["ActiveSync", "AutodiscoverV1", "Ews"]


@pytest.mark.parametrize(
    "protocol", ["Rest", "Substrate", "Actions", "ToDo", "<script>", "'\"}]{", "x" * 5000]
)
def test_an_unknown_protocol_is_refused_and_not_repeated(protocol: str) -> None:
    answer = ask(SITE, Email="ann@example.org", Protocol=protocol)
    assert code(answer) == (400, "ProtocolNotSupported")
    assert protocol not in answer.body.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"Protocol": "Ews"}, "MandatoryParameterMissing"),
        ({"Email": "", "Protocol": "Ews"}, "MandatoryParameterMissing"),
        ({"Email": "ann", "Protocol": "Ews"}, "MandatoryParameterMissing"),
        ({"Email": "a@b@c.example", "Protocol": "Ews"}, "MandatoryParameterMissing"),
        ({"Email": "ann@example.org", "email": "bob@example.net", "Protocol": "Ews"}, None),
        ({"Email": "ann@example.org"}, "MissingProtocol"),
        ({"Email": "ann@example.org", "Protocol": " "}, "MissingProtocol"),
    ],
    ids=range(7),
)
def test_what_is_missing_is_named(query: dict[str, str], expected: str | None) -> None:
    assert code(ask(SITE, **query)) == (400, expected or "MandatoryParameterMissing")


def test_a_domain_that_is_not_served_is_404() -> None:
    for outcome in (NotFound(), Mailbox("ann@example.org", "Ann", ENDPOINTS)):
        assert code(ask(outcome, Email="ann@example.org", Protocol="Ews")) == (404, "DomainNotFound")
    assert code(json2.refuse(Fault.INTERNAL, STAMP)) == (500, "InternalServerError")


def test_every_fault_has_its_document() -> None:
    for fault in Fault:
        assert json.loads(json2.refuse(fault, STAMP).body)["ErrorCode"].isalpha()


@pytest.mark.parametrize(("count", "then"), [(None, "1"), ("0", "1"), ("1", "2"), ("9", "10")])
def test_a_foreign_server_is_asked_instead(count: str | None, then: str) -> None:
    more = {} if count is None else {"RedirectCount": count}
    answer = ask(FOREIGN, Email="o'hara&x@example.org", Protocol="ActiveSync", **more)
    parts = urlsplit(answer.location)
    assert (answer.status, answer.body) == (302, b"")
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://exchange.example:8443" + PATH
    assert parse_qsl(parts.query) == [
        ("Email", "o'hara&x@example.org"),
        ("Protocol", "ActiveSync"),
        ("RedirectCount", then),
    ]


def test_an_unknown_protocol_is_handed_on_without_what_could_be_more_than_a_name() -> None:
    answer = ask(FOREIGN, Email="ann@example.org", Protocol='To<Do>&"x')
    assert dict(parse_qsl(urlsplit(answer.location).query))["Protocol"] == "todox"


@pytest.mark.parametrize("count", ["10", "11", "999", "1000", "-1", "x", "", "1e3", "٣", "9" * 5000])
def test_nobody_is_sent_round_for_ever(count: str) -> None:
    answer = ask(FOREIGN, Email="ann@example.org", Protocol="Ews", RedirectCount=count)
    assert code(answer) == (400, "TooManyRedirects")
    assert ask(SITE, Email="ann@example.org", Protocol="Ews", RedirectCount=count).status == 200


HOSTILE = [
    "/autodiscover/autodiscover.json?@x/mapi/",
    "/autodiscover/autodiscover.json/@x/mapi/",
    "/autodiscover/autodiscover.json@x",
    "/autodiscover/autodiscover.json/",
    "/autodiscover/autodiscover.json//",
    "/autodiscover/autodiscover.json/v1.0",
    "/autodiscover/autodiscover.json/v1.0/a@b.example/",
    "/autodiscover/autodiscover.json/v1.0/a@b.example/mapi/emsmdb",
    "/autodiscover/autodiscover.json/v1.0/../../ews/exchange.asmx",
    "/autodiscover/autodiscover.json/v1.0/..",
    "/autodiscover/autodiscover.json/v1.0/a@b..example",
    "/autodiscover/autodiscover.json/v1.0/a@b.example;x",
    "/autodiscover/autodiscover.json/v1.0/a@b.example?x",
    "/autodiscover/autodiscover.json/v1.0/a@b.example#x",
    "/autodiscover/autodiscover.json/v1.0/a@b.example\\mapi",
    "/autodiscover/autodiscover.json/v1.0/a@b.example%2fmapi",
    "/autodiscover/autodiscover.json/v1.0/a%40b.example",
    "/autodiscover/autodiscover.json/v1.0/a%2540b.example",
    "/autodiscover/autodiscover.json/v1.0/a@b.example\0",
    "/autodiscover/autodiscover.json/v1.0/a@b.example\r\nx: y",
    "/autodiscover/autodiscover.json/v1.0/a b@b.example",
    "/autodiscover/autodiscover.json/v1.0//a@b.example",
    "/autodiscover/autodiscover.json/v1.1/a@b.example",
    "/autodiscover/autodiscover.json/v1x0/a@b.example",
    "/autodiscover/autodiscover.json/v1.0/v1.0/a@b.example",
    "//autodiscover/autodiscover.json",
    "/autodiscover//autodiscover.json",
    "/autodiscover/./autodiscover.json",
    "/x/../autodiscover/autodiscover.json",
    "/x/autodiscover/autodiscover.json",
    "/autodiscover\\autodiscover.json",
    "/autodiscover/autodiscoverxjson",
    "/autodiscover/autodi\u017fcover.json",
    "autodiscover/autodiscover.json",
    "/autodiscover/autodiscover.json/v1.0/" + "a" * 400 + "@b.example",
    "",
]


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_path_is_no_path_here(path: str) -> None:
    assert not json2.matches(path)


NO_ADDRESS = ["", "@", "a", "a@", "@b.example", "a@b@c.example", "a@.b", "a@b:80", "mapi", "a@b.example,c@d"]


@pytest.mark.parametrize("segment", NO_ADDRESS, ids=range(len(NO_ADDRESS)))
def test_a_segment_that_is_no_address_is_refused(segment: str) -> None:
    path = f"{PATH}/v1.0/{segment}"
    assert json2.matches(path)
    assert code(ask(SITE, path, Protocol="Ews")) == (400, "MandatoryParameterMissing")


@settings(deadline=None)
@given(st.text(), st.text(), st.text(), st.text(min_size=1))
def test_no_request_changes_a_byte_of_an_answer(email: str, protocol: str, count: str, domain: str) -> None:
    known = {
        ask(SITE, Email="ann@example.org", Protocol=each).body
        for each in ("ActiveSync", "AutodiscoverV1", "Ews", "x", "")
    } | {ask(SITE, Protocol="Ews").body}
    for address in (email, f"ann@{domain}"):
        assert ask(SITE, Email=address, Protocol=protocol, RedirectCount=count).body in known


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_redirect_leads_to_the_configured_host_and_has_one_line(email: str, protocol: str) -> None:
    answer = ask(FOREIGN, Email=f"{email}@example.org", Protocol=protocol)
    if answer.status == 302:
        assert answer.location.startswith(
            "https://exchange.example:8443/autodiscover/autodiscover.json?Email="
        )
        assert answer.location.isascii()
        assert answer.location.isprintable()
