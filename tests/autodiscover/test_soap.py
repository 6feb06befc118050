"""SOAP requests and answers (spec/autodiscover.md 4, R8, R9, golden tests 6 and 7)."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from exchangelib.errors import ErrorNonExistentMailbox
from exchangelib.properties import UserResponse
from exchangelib.util import to_xml
from hypothesis import given
from hypothesis import strategies as st

from autodiscover import soap
from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    AddressRedirect,
    Asker,
    Audience,
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
from autodiscover.soap_settings import KNOWN
from tests.support import discovery_outcomes as outcomes
from tests.support import shapes

STAMP = Stamp(datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC), 4711)
NS = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
MAILBOX = Mailbox("ann@example.org", "Ann", Endpoints("https://u/x", ews="https://mail.example/ews"))


def envelope(body: str, header: str = "") -> Request:
    text = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:a="{NS}" xmlns:w="http://www.w3.org/2005/08/addressing">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    return Request(path=soap.PATH, body=text.encode())


def users(*addresses: str, wanted: tuple[str, ...] = ("ExternalEwsUrl",), header: str = "") -> Request:
    who = "".join(f"<a:User><a:Mailbox> {address}\n</a:Mailbox></a:User>" for address in addresses)
    what = "".join(f"<a:Setting>{name}</a:Setting>" for name in wanted)
    inside = f"<a:Users>{who}</a:Users><a:RequestedSettings>{what}</a:RequestedSettings>"
    return message("GetUserSettings", inside, header)


def message(operation: str, inside: str, header: str = "") -> Request:
    name = f"a:{operation}RequestMessage"
    return envelope(f"<{name}><a:Request>{inside}</a:Request></{name}>", header)


def written(enquiry: Enquiry, *found: Outcome) -> bytes:
    return soap.write(enquiry, found, Asker(), STAMP).body


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.svc", "/Autodiscover/AutoDiscover.SVC"])
def test_the_path_is_known_in_any_case(path: str) -> None:
    assert soap.matches(path)


@pytest.mark.parametrize(
    "path", ["/autodiscover/autodiscover.svc/wssecurity", "/autodiscover/autodiscover.svc/", "/x.svc"]
)
def test_the_security_paths_are_not_served(path: str) -> None:
    assert not soap.matches(path)
    assert (soap.AUDIENCE, soap.METHODS, soap.HEADERS) == (Audience.SIGNED, ("POST",), ())


def test_users_and_settings_are_read_in_order() -> None:
    enquiry = soap.read(users("ann@example.org", "bob@example.org", wanted=("A", "B", "A")))
    assert enquiry == Enquiry(
        "GetUserSettings", (Question("ann@example.org"), Question("bob@example.org")), ("A", "B", "A")
    )


def test_elements_are_found_in_any_namespace_and_with_a_message_id() -> None:
    plain = users("ann@example.org", header="<w:MessageID>urn:uuid:1</w:MessageID>").body.decode()
    bare = plain.replace("a:", "").replace("w:", "").replace("s:", "")
    assert soap.read(Request(body=bare.encode())) == soap.read(Request(body=plain.encode()))
    assert soap.read(Request(body=plain.encode())).message_id == "urn:uuid:1"


def test_domains_are_questions_about_domains() -> None:
    enquiry = soap.read(
        message("GetDomainSettings", "<a:Domains><a:Domain>example.org</a:Domain><a:Domain/></a:Domains>")
    )
    assert enquiry.questions[0] == Question(domain="example.org")
    assert enquiry.questions[1].domain
    assert not enquiry.questions[1].address


@pytest.mark.parametrize(
    "request_",
    [
        Request(body=b"<Other/>"),
        Request(body=b"not XML"),
        Request(body=b"<!DOCTYPE x><Envelope><Body/></Envelope>"),
        envelope(""),
        envelope("<a:GetUserSettings/>"),
        envelope("<a:GetUserSettingsRequestMessage/>"),
        envelope("<a:GetUserSettingsRequestMessage/>" * 2),
        message("GetOrganizationRelationshipSettings", ""),
        message("GetUserSettings", "", "<w:MessageID>" + "x" * 257 + "</w:MessageID>"),
        users("ann@example.org", wanted=("x" * 65,)),
        Request(body=envelope("").body.replace(b"<s:Body></s:Body>", b"<s:Body/><s:Body/>")),
    ],
    ids=range(11),
)
def test_what_is_no_request_is_a_fault(request_: Request) -> None:
    with pytest.raises(DiscoveryError) as caught:
        soap.read(request_)
    assert caught.value.fault is Fault.INVALID_REQUEST


@pytest.mark.parametrize(
    ("header", "understood"),
    [
        ('<a:RequestedServerVersion s:mustUnderstand="1">Exchange2016</a:RequestedServerVersion>', True),
        ('<w:Action s:mustUnderstand="1">x</w:Action><w:To s:mustUnderstand="1">https://x</w:To>', True),
        ('<x:Security xmlns:x="urn:x" s:mustUnderstand="0"/>', True),
        ('<x:Security xmlns:x="urn:x"/>', True),
        ('<x:Security xmlns:x="urn:x" s:mustUnderstand="1"/>', False),
        ('<a:ExchangeImpersonation s:mustUnderstand="true"/>', False),
    ],
)
def test_a_header_that_insists_must_be_understood(header: str, understood: bool) -> None:
    if understood:
        assert soap.read(users("ann@example.org", header=header)).questions
        return
    with pytest.raises(DiscoveryError) as caught:
        soap.read(users("ann@example.org", header=header))
    assert b'<faultcode xmlns="">s:MustUnderstand</faultcode>' in soap.refuse(caught.value.fault, STAMP).body


@pytest.mark.parametrize(
    "request_",
    [
        users(wanted=("ExternalEwsUrl",)),
        users("ann@example.org", wanted=()),
        users(*["ann@example.org"] * (soap.MAXIMUM_USERS + 1)),
        users("ann@example.org", wanted=("A",) * (soap.MAXIMUM_SETTINGS + 1)),
        users(*["ann@example.org"] * soap.MAXIMUM_USERS, wanted=tuple(sorted(KNOWN))[:26]),
    ],
    ids=["nobody", "nothing", "too many users", "too many settings", "too much together"],
)
def test_nobody_nothing_and_too_much_are_an_invalid_request(request_: Request) -> None:
    enquiry = soap.read(request_)
    found = tuple(NotFound() for _ in enquiry.questions)
    answer = soap.write(enquiry, found, Asker(), STAMP)
    assert answer.status == 200
    assert b"<Response><ErrorCode>InvalidRequest</ErrorCode>" in answer.body


def test_as_many_as_allowed_are_answered() -> None:
    most = tuple(sorted(KNOWN))[: soap.MAXIMUM_ANSWERS // soap.MAXIMUM_USERS]
    enquiry = soap.read(users(*["ann@example.org"] * soap.MAXIMUM_USERS, wanted=most * 2))
    assert len(enquiry.questions) == soap.MAXIMUM_USERS
    body = written(enquiry, *[MAILBOX] * soap.MAXIMUM_USERS)
    assert body.count(b"<UserResponse>") == soap.MAXIMUM_USERS


def test_echoes_are_escaped() -> None:
    enquiry = Enquiry("GetUserSettings", (Question("ann@example.org"),), ("<b>&\x00",), "urn:<x>&\x01")
    body = written(enquiry, MAILBOX)
    shapes.check(shapes.read(body), shapes.SOAP_USERS)
    assert b"&lt;b&gt;&amp;" in body
    assert b"urn:&lt;x&gt;&amp;" in body


@given(
    found=st.lists(outcomes.mailboxes | outcomes.redirects | outcomes.nobody, min_size=1, max_size=4),
    wanted=st.lists(st.sampled_from(sorted(KNOWN)) | st.text(max_size=20), min_size=1, max_size=12),
    message_id=st.text(max_size=20),
)
def test_every_answer_about_users_has_its_shape(
    found: list[Outcome], wanted: list[str], message_id: str
) -> None:
    enquiry = Enquiry("GetUserSettings", (Question("a@b"),) * len(found), tuple(wanted), message_id)
    shapes.check(shapes.read(written(enquiry, *found)), shapes.SOAP_USERS)


@given(
    found=st.lists(outcomes.sites | outcomes.redirects | outcomes.nobody, min_size=1, max_size=4),
    wanted=st.lists(
        st.sampled_from(["ExternalEwsUrl", "ExternalEwsVersion"]) | st.text(max_size=9),
        min_size=1,
        max_size=4,
    ),
)
def test_every_answer_about_domains_has_its_shape(found: list[Outcome], wanted: list[str]) -> None:
    enquiry = Enquiry("GetDomainSettings", (Question(domain="b"),) * len(found), tuple(wanted))
    shapes.check(shapes.read(written(enquiry, *found)), shapes.SOAP_DOMAINS)


def test_nobody_is_federated() -> None:
    enquiry = soap.read(message("GetFederationInformation", "<a:Domain>example.org</a:Domain>"))
    assert enquiry.questions == ()
    shapes.check(shapes.read(written(enquiry)), shapes.SOAP_FEDERATION)


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_500_and_has_its_shape(fault: Fault) -> None:
    answer = soap.refuse(fault, STAMP)
    assert answer.status == 500
    shapes.check(shapes.read(answer.body), shapes.SOAP_FAULT)
    assert (b"s:Server" in answer.body) == (fault is Fault.INTERNAL)


def as_exchangelib_reads(outcome: Outcome) -> UserResponse:
    enquiry = Enquiry("GetUserSettings", (Question("a@b"),), tuple(UserResponse.SETTINGS_MAP.values()))
    envelope = to_xml(written(enquiry, outcome))
    element = next(envelope.iter(f"{{{NS}}}UserResponse"))
    return UserResponse.from_xml(elem=element, account=None)


def test_exchangelib_reads_what_it_needs() -> None:
    found = as_exchangelib_reads(MAILBOX)
    found.raise_errors()
    assert found.autodiscover_smtp_address == "ann@example.org"
    assert found.ews_url == "https://mail.example/ews"
    assert found.version.api_version == "Exchange2013_SP1"


def test_exchangelib_reads_both_redirects_and_an_unknown_user() -> None:
    address = as_exchangelib_reads(AddressRedirect("new@other.example"))
    assert address.redirect_address == "new@other.example"
    url = as_exchangelib_reads(UrlRedirect("https://other.example/autodiscover/autodiscover.xml"))
    assert url.redirect_url == "https://other.example/autodiscover/autodiscover.svc"
    with pytest.raises(ErrorNonExistentMailbox):
        as_exchangelib_reads(NotFound()).raise_errors()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_makes_it_fail_otherwise_than_by_a_fault(body: bytes) -> None:
    for sent in (body, b"<Envelope><Body><GetUserSettingsRequestMessage>" + body):
        with pytest.raises(DiscoveryError):
            soap.read(Request(body=sent))


PIECES = st.recursive(
    st.text("ab@<&\n", max_size=4).map(escape),
    lambda inside: st.builds(
        lambda name, children: f"<{name}>{''.join(children)}</{name}>",
        st.sampled_from(
            ["Request", "Users", "User", "Mailbox", "Domains", "Domain", "RequestedSettings", "Setting"]
        ),
        st.lists(inside, max_size=3),
    ),
    max_leaves=12,
)


@given(operation=st.sampled_from(["GetUserSettings", "GetDomainSettings"]), inside=PIECES)
def test_whatever_is_inside_is_refused_or_answered_in_shape(operation: str, inside: str) -> None:
    try:
        enquiry = soap.read(message(operation, inside))
    except DiscoveryError as error:
        shapes.check(shapes.read(soap.refuse(error.fault, STAMP).body), shapes.SOAP_FAULT)
        return
    found = tuple(NotFound() for _ in enquiry.questions)
    shapes.check(shapes.read(written(enquiry, *found)), shapes.SOAP_USERS, shapes.SOAP_DOMAINS)
