"""The POX envelope (spec/autodiscover.md 2.1, 2.3, 2.8, golden tests 3 to 5, eas-testsuites S01)."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiscover import pox
from autodiscover.composition import MOBILESYNC, OUTLOOK
from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    AddressRedirect,
    Asker,
    Endpoints,
    Enquiry,
    Mailbox,
    NotFound,
    Outcome,
    Question,
    Request,
    Stamp,
    UrlRedirect,
)
from autodiscover.xmltext import Element, parse
from tests.support import discovery_outcomes as outcomes
from tests.support import shapes

STAMP = Stamp(datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=UTC), 4711)
ENDPOINTS = Endpoints("https://usher.example/Microsoft-Server-ActiveSync", ews="https://mail.example/ews")
MAILBOX = Mailbox("alice@example.org", "Alice", ENDPOINTS)
AL = Question("al@example.org")


def read(body: bytes) -> Enquiry:
    return pox.read(Request(body=body))


def request(schema: str | None, *addresses: str, extra: str = "") -> bytes:
    leaves = "".join(f"<EMailAddress>{address}</EMailAddress>" for address in addresses) + extra
    if schema is not None:
        leaves += f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
    return f"<Autodiscover xmlns='urn:any'><Request>{leaves}</Request></Autodiscover>".encode()


def fault_of(body: bytes) -> Fault:
    with pytest.raises(DiscoveryError) as caught:
        read(body)
    return caught.value.fault


@pytest.mark.parametrize(
    "path",
    ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.XML"],
)
def test_the_path_is_known_in_any_case(path: str) -> None:
    assert pox.matches(path)


@pytest.mark.parametrize(
    "path",
    ["/autodiscover/autodiscover.xml/", "/x/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"],
)
def test_nothing_near_the_path_is_taken_for_it(path: str) -> None:
    assert not pox.matches(path)


@pytest.mark.parametrize("schema", [OUTLOOK, MOBILESYNC])
def test_values_are_trimmed_and_found_in_any_order(schema: str) -> None:
    expected = Enquiry(schema, (Question("alice@example.org"),))
    assert read(request(f"\n {schema}\t", " alice@example.org\n")) == expected
    turned = (
        f"\n<Autodiscover><Request><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
        "<EMailAddress>alice@example.org</EMailAddress></Request></Autodiscover>"
    )
    assert read(turned.encode()) == expected


@pytest.mark.requirement("MS-ASCMD_R2286", "MS-ASCMD_R2287", "MS-ASCMD_R3799")
def test_more_than_one_request_is_600() -> None:
    body = request(MOBILESYNC, "a@example.org")
    assert fault_of(body.replace(b"</Autodiscover>", b"<Request/></Autodiscover>")) is Fault.INVALID_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Autodiscover/>",
        b"<Other><Request/></Other>",
        b"<!DOCTYPE a><Autodiscover/>",
        request(OUTLOOK),
        request(MOBILESYNC, "  "),
        request(OUTLOOK, "a@example.org", "b@example.org"),
        request(MOBILESYNC, extra="<LegacyDN>/o=x</LegacyDN>"),
    ],
)
def test_what_is_no_request_is_600(body: bytes) -> None:
    assert fault_of(body) is Fault.INVALID_REQUEST


@pytest.mark.requirement("MS-ASCMD_R2285", "MS-ASCMD_R2288")
@pytest.mark.parametrize("schema", [None, "", "urn:other", OUTLOOK.replace("http:", "https:")])
def test_a_schema_that_nobody_provides_is_601(schema: str | None) -> None:
    assert fault_of(request(schema, "a@example.org")) is Fault.NO_PROVIDER


def test_a_distinguished_name_is_kept_beside_the_address() -> None:
    found = read(request(OUTLOOK, "a@example.org", extra="<LegacyDN>/o=x/cn=a</LegacyDN>"))
    assert found.questions == (Question("a@example.org", "/o=x/cn=a"),)


@pytest.mark.parametrize("fault", list(Fault))
def test_an_error_is_http_200_with_time_and_id_in_the_envelopes_namespace(fault: Fault) -> None:
    answer = pox.refuse(fault, STAMP)
    assert (answer.status, answer.media_type) == (200, "text/xml; charset=utf-8")
    (response,) = parse(answer.body).findall("Response")
    (error,) = response.findall("Error")
    assert (response.namespace, error.namespace) == (pox.ENVELOPE, pox.ENVELOPE)
    assert dict(error.attributes) == {"Time": "03:04:05.6789010", "Id": "4711"}
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{7}", dict(error.attributes)["Time"])
    names = [child.name for child in error.children if isinstance(child, Element)]
    assert names == ["ErrorCode", "Message", "DebugData"]
    assert error.findall("ErrorCode")[0].text == str(fault.pox)


def written(schema: str, outcome: Outcome, asker: Asker | None = None) -> bytes:
    return pox.write(Enquiry(schema, (AL,)), (outcome,), asker or Asker(), STAMP).body


def test_each_schema_answers_in_its_own_namespace() -> None:
    for schema in (OUTLOOK, MOBILESYNC):
        root = parse(written(schema, MAILBOX))
        assert (root.name, root.namespace) == ("Autodiscover", pox.ENVELOPE)
        assert root.findall("Response")[0].namespace == schema


def test_the_answer_starts_with_a_declaration() -> None:
    assert written(OUTLOOK, MAILBOX).startswith(b'<?xml version="1.0" encoding="utf-8"?>')


def test_an_unknown_mailbox_is_500_for_outlook() -> None:
    assert b"<ErrorCode>500</ErrorCode>" in written(OUTLOOK, NotFound())


def test_a_mailbox_with_nothing_that_fits_the_asker_is_500() -> None:
    assert b"<ErrorCode>500</ErrorCode>" in written(OUTLOOK, MAILBOX, Asker("Microsoft Office/16.0", 1))


def test_an_address_redirect_in_both_schemas() -> None:
    moved = AddressRedirect("alice@example.org")
    assert b"<RedirectAddr>alice@example.org</RedirectAddr>" in written(OUTLOOK, moved)
    assert b"<Redirect>alice@example.org</Redirect>" in written(MOBILESYNC, moved)


def test_a_url_redirect_is_in_the_body_for_outlook_and_a_302_for_activesync() -> None:
    moved = UrlRedirect("https://other.example/autodiscover/autodiscover.xml")
    assert b"<RedirectUrl>https://other.example/" in written(OUTLOOK, moved)
    answer = pox.write(Enquiry(MOBILESYNC, (AL,)), (moved,), Asker(), STAMP)
    assert (answer.status, answer.location, answer.body) == (302, moved.url, b"")


def test_values_cannot_break_out_of_their_element() -> None:
    hostile = Mailbox("alice@example.org", '</DisplayName><x a="', ENDPOINTS)
    assert b"&lt;/DisplayName&gt;&lt;x a=&quot;" in written(MOBILESYNC, hostile)


@given(
    outcome=outcomes.mailboxes | outcomes.redirects | outcomes.nobody | outcomes.sites,
    asker=outcomes.askers,
    schema=st.sampled_from([OUTLOOK, MOBILESYNC]),
)
def test_every_answer_has_its_shape(outcome: Outcome, asker: Asker, schema: str) -> None:
    answer = pox.write(Enquiry(schema, (AL,)), (outcome,), asker, STAMP)
    if answer.status == 302:
        assert re.fullmatch(
            r"https://exchange\.example(:444)?/autodiscover/autodiscover\.xml", answer.location, re.I
        )
        assert (schema, answer.body) == (MOBILESYNC, b"")
        return
    assert (answer.status, answer.media_type) == (200, "text/xml; charset=utf-8")
    if schema == MOBILESYNC:
        allowed: tuple[shapes.Shape, ...] = (shapes.MOBILESYNC, shapes.POX_ERROR)
    else:
        allowed = (shapes.OUTLOOK_SETTINGS, shapes.OUTLOOK_REDIRECT, shapes.POX_ERROR)
    shapes.check(shapes.read(answer.body), *allowed)


@pytest.mark.parametrize("fault", Fault)
def test_every_error_has_its_shape(fault: Fault) -> None:
    shapes.check(shapes.read(pox.refuse(fault, STAMP).body), shapes.POX_ERROR)


def test_a_shape_can_be_missed() -> None:
    answer = pox.write(Enquiry(OUTLOOK, (AL,)), (MAILBOX,), Asker(), STAMP)
    shapes.check(shapes.read(answer.body), shapes.OUTLOOK_SETTINGS)
    first, second = b"<AccountType>email</AccountType>", b"<Action>settings</Action>"
    for wrong in (
        answer.body.replace(first + second, second + first),
        answer.body.replace(first, b""),
        answer.body.replace(first, first * 2),
        answer.body.replace(b"outlook/responseschema/2006a", b"outlook/responseschema/2006"),
        answer.body.replace(b"<SSL>on</SSL>", b"<SSL>true</SSL>"),
        answer.body.replace(second, b'<Action x="1">settings</Action>'),
    ):
        with pytest.raises(AssertionError):
            shapes.check(shapes.read(wrong), shapes.OUTLOOK_SETTINGS)


def test_every_answer_at_its_path_says_that_soap_is_spoken() -> None:
    assert pox.HEADERS == (("X-SOAP-Enabled", "True"),)
