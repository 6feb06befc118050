"""Mozilla autoconfig (spec/autodiscover.md 8, golden test 10), read as Thunderbird 153 and K-9 read it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiscover import autoconfig
from autodiscover.errors import Fault
from autodiscover.model import (
    Answer,
    Asker,
    Audience,
    Encryption,
    Endpoints,
    Enquiry,
    MailServer,
    NotFound,
    Request,
    Site,
    Stamp,
    UrlRedirect,
)
from autodiscover.xmltext import Element, parse

STAMP = Stamp(datetime(2026, 11, 21, tzinfo=UTC))
ENDPOINTS = Endpoints(
    "https://usher.example/Microsoft-Server-ActiveSync",
    ews="https://mail.example/EWS/Exchange.asmx",
    imap=MailServer("imap.example", 993),
    pop3=MailServer("pop.example", 110, Encryption.TLS),
    smtp=MailServer("smtp.example", 587, Encryption.TLS),
    web_mail="https://mail.example/?a=1&b=2",
    caldav="https://dav.example/cal/",
    carddav="https://dav.example/card/",
)
SITE = Site("example.org", "Acme <& Sons>", ENDPOINTS)

CLIENT_CONFIG = {"emailProvider", "calendar", "addressbook", "webMail"}
PROVIDER = ["domain", "displayName", "displayShortName"]
INCOMING = {"imap", "pop3", "ews", "activesync"}
THUNDERBIRD_READS = {"pop3", "imap", "nntp", "exchange", "ews", "owa"}
AUTHENTICATION = {"password-cleartext", "password-encrypted", "GSSAPI", "NTLM", "OAuth2"}
HOST_NAME = re.compile(r"[a-z0-9.-]+")


def write(site: Site) -> Answer:
    return autoconfig.write(Enquiry("", ()), (site,), Asker(), STAMP)


def only(element: Element, name: str) -> str:
    (found,) = element.findall(name)
    return found.text


def check_shape(body: bytes) -> Element:
    """The file against the draft's grammar and against what Thunderbird's reader insists on."""
    root = parse(body)
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    assert (root.name, root.namespace, root.attributes) == ("clientConfig", "", (("version", "1.1"),))
    assert {each.name for each in root.children if isinstance(each, Element)} <= CLIENT_CONFIG
    (provider,) = root.findall("emailProvider")
    assert HOST_NAME.fullmatch(dict(provider.attributes)["id"])
    assert [each.name for each in provider.children[:3] if isinstance(each, Element)] == PROVIDER
    assert HOST_NAME.fullmatch(only(provider, "domain"))
    servers = [each for each in provider.children[3:] if isinstance(each, Element)]
    for server in servers:
        check_server(server)
    read = [each for each in provider.findall("incomingServer") if kind(each) in THUNDERBIRD_READS]
    assert read, "Thunderbird finds no incoming server"
    (outgoing,) = provider.findall("outgoingServer")
    assert kind(outgoing) == "smtp"
    return root


def kind(server: Element) -> str:
    return dict(server.attributes)["type"]


def check_server(server: Element) -> None:
    assert server.name in ("incomingServer", "outgoingServer")
    assert kind(server) in (INCOMING if server.name == "incomingServer" else {"smtp"})
    assert HOST_NAME.fullmatch(only(server, "hostname"))
    assert only(server, "socketType") in ("plain", "SSL", "STARTTLS")
    assert only(server, "username") == "%EMAILADDRESS%"
    assert {each.text for each in server.findall("authentication")} & AUTHENTICATION
    assert not server.findall("password")
    if kind(server) in ("ews", "activesync"):
        assert urlsplit(only(server, "url")).scheme == "https"
    else:
        assert 1 <= int(only(server, "port")) <= 65535


def test_everything_that_is_served() -> None:
    answer = write(SITE)
    assert (answer.status, answer.media_type) == (200, "text/xml; charset=utf-8")
    root = check_shape(answer.body)
    (provider,) = root.findall("emailProvider")
    incoming = provider.findall("incomingServer")
    assert [kind(each) for each in incoming] == ["imap", "pop3", "ews", "activesync"]
    assert [only(each, "socketType") for each in incoming] == ["SSL", "STARTTLS", "SSL", "SSL"]
    assert only(incoming[1], "port") == "110"
    assert [each.text for each in incoming[2].findall("authentication")] == [
        "http-basic",
        "password-cleartext",
    ]
    assert only(provider, "displayName") == "Acme <& Sons>"
    assert only(root.findall("calendar")[0], "url") == ENDPOINTS.caldav
    assert only(root.findall("addressbook")[0], "url") == ENDPOINTS.carddav
    page = root.findall("webMail")[0].findall("loginPage")[0]
    assert page.attributes == (("url", "https://mail.example/?a=1&b=2"),)


def test_a_reader_that_stops_at_the_first_pair_has_the_preferred_one() -> None:
    provider = parse(write(SITE).body).findall("emailProvider")[0]
    servers = [kind(each) for each in provider.children[3:] if isinstance(each, Element)]
    assert servers == ["imap", "smtp", "pop3", "ews", "activesync"]


def test_nothing_that_is_not_served() -> None:
    bare = Endpoints(ENDPOINTS.activesync, imap=ENDPOINTS.imap, smtp=ENDPOINTS.smtp)
    root = check_shape(write(replace(SITE, endpoints=bare)).body)
    assert [each.name for each in root.children if isinstance(each, Element)] == ["emailProvider"]
    provider = root.findall("emailProvider")[0]
    assert [kind(each) for each in provider.findall("incomingServer")] == ["imap", "activesync"]


def test_exchange_alone_is_enough_beside_smtp() -> None:
    bare = Endpoints(ENDPOINTS.activesync, ews="https://mail.example:8443/ews", smtp=ENDPOINTS.smtp)
    root = check_shape(write(replace(SITE, endpoints=bare)).body)
    first = root.findall("emailProvider")[0].findall("incomingServer")[0]
    assert (kind(first), only(first, "hostname")) == ("ews", "mail.example")


@pytest.mark.parametrize(
    "endpoints",
    [
        replace(ENDPOINTS, smtp=None),
        Endpoints(ENDPOINTS.activesync, smtp=ENDPOINTS.smtp),
        Endpoints(ENDPOINTS.activesync),
    ],
    ids=["no-smtp", "nothing-to-read", "activesync-only"],
)
def test_what_clients_would_reject_is_not_offered(endpoints: Endpoints) -> None:
    assert (write(replace(SITE, endpoints=endpoints)).status, b"") == (404, b"")


def test_domains_that_are_not_here() -> None:
    elsewhere = UrlRedirect("https://exchange.example/autodiscover/autodiscover.xml")
    for outcomes in ((), (NotFound(),), (elsewhere,)):
        assert autoconfig.write(Enquiry("", ()), outcomes, Asker(), STAMP).status == 404
    assert autoconfig.refuse(Fault.INTERNAL, STAMP).status == 500


@pytest.mark.parametrize(
    "path",
    [
        "/mail/config-v1.1.xml",
        "/.well-known/autoconfig/mail/config-v1.1.xml",
        "/v1.1/mail/config-v1.1.xml",
        "/Mail/Config-v1.1.XML",
    ],
)
def test_the_paths(path: str) -> None:
    assert autoconfig.matches(path)
    assert not autoconfig.matches(path + "/")
    assert not autoconfig.matches("/x" + path)
    assert autoconfig.AUDIENCE is Audience.ANYBODY
    assert autoconfig.METHODS == ("GET", "HEAD")


def asked(host: str, **query: str) -> list[str]:
    enquiry = autoconfig.read(Request("GET", "/mail/config-v1.1.xml", tuple(query.items()), host=host))
    return [question.domain for question in enquiry.questions]


def test_the_address_outranks_the_host_name() -> None:
    assert asked("autoconfig.mx.example", emailaddress="ann@Example.org") == ["example.org"]
    assert asked("autoconfig.example.org") == ["example.org", "autoconfig.example.org"]
    assert asked("example.org", emailaddress="%EMAILADDRESS%") == ["example.org"]
    assert asked("", emailaddress="") == []


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_request_changes_a_byte_of_the_file(name: str, value: str) -> None:
    request = Request("GET", "/mail/config-v1.1.xml", ((name, value), ("emailaddress", value)))
    enquiry = autoconfig.read(request)
    assert autoconfig.write(enquiry, (SITE,), Asker(value), STAMP) == write(SITE)


@settings(deadline=None)
@given(
    st.text(min_size=1).filter(str.strip),
    st.from_regex(r"https://[a-z]{1,9}\.example/\S{0,9}", fullmatch=True),
)
def test_whatever_the_directory_says_the_file_can_be_read(provider: str, url: str) -> None:
    endpoints = replace(ENDPOINTS, ews=url, caldav=url, web_mail=url)
    check_shape(write(replace(SITE, provider=provider, endpoints=endpoints)).body)
