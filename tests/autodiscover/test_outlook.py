"""The body for Outlook and EWS clients (spec/autodiscover.md 2.5 to 2.7, R5, R6, golden test 15)."""

from autodiscover.composition import Offer
from autodiscover.model import (
    AddressRedirect,
    Encryption,
    Endpoints,
    Mailbox,
    MailServer,
    UrlRedirect,
)
from autodiscover.outlook import compose, redirect
from autodiscover.xmltext import Element

EWS = "https://mail.example/EWS/Exchange.asmx"
ENDPOINTS = Endpoints(
    "https://usher.example/Microsoft-Server-ActiveSync",
    ews=EWS,
    imap=MailServer("imap.example", 993),
    smtp=MailServer("smtp.example", 587, Encryption.TLS),
    web_mail="https://mail.example/owa",
)
MAILBOX = Mailbox("alice@example.org", "Alice", ENDPOINTS, deployment="5f0f6c0e-0000-4000-8000-000000000001")


def single(element: Element, *path: str) -> Element:
    for name in path:
        (element,) = element.findall(name)
    return element


def protocols(response: Element) -> dict[str, Element]:
    found = single(response, "Account").findall("Protocol")
    by_type = {single(protocol, "Type").text: protocol for protocol in found}
    assert len(by_type) == len(found), "the EWS libraries fail on a type that appears twice"
    return by_type


def test_ews_is_shown_inside_and_outside_with_both_urls() -> None:
    shown = protocols(compose(MAILBOX, Offer.EWS))
    assert list(shown) == ["EXCH", "EXPR", "WEB"]
    for kind in ("EXCH", "EXPR"):
        assert [single(shown[kind], name).text for name in ("ASUrl", "EwsUrl", "OOFUrl")] == [EWS] * 3
        assert single(shown[kind], "Server").text == "mail.example"


def test_web_mail_is_shown_only_where_there_is_some() -> None:
    page = single(protocols(compose(MAILBOX, Offer.EWS))["WEB"], "External", "OWAUrl")
    assert page.text == "https://mail.example/owa"
    without = Mailbox("alice@example.org", "Alice", Endpoints(ENDPOINTS.activesync, ews=EWS))
    assert list(protocols(compose(without, Offer.EWS))) == ["EXCH", "EXPR"]


def test_mail_names_each_port_with_its_kind_of_encryption() -> None:
    shown = protocols(compose(MAILBOX, Offer.MAIL))
    assert list(shown) == ["IMAP", "SMTP"]
    names = ("Server", "Port", "LoginName", "SPA", "SSL", "Encryption")
    assert [single(shown["IMAP"], name).text for name in names] == [
        *("imap.example", "993", "alice@example.org", "off", "on", "SSL")
    ]
    assert single(shown["SMTP"], "Encryption").text == "TLS"


def test_a_port_in_the_clear_says_so_in_both_elements() -> None:
    plain = MailServer("imap.example", 143, Encryption.NONE)
    endpoints = Endpoints(ENDPOINTS.activesync, imap=plain, smtp=plain)
    shown = protocols(compose(Mailbox("a@example.org", "", endpoints), Offer.MAIL))["IMAP"]
    assert (single(shown, "SSL").text, single(shown, "Encryption").text) == ("off", "None")


def test_the_user_carries_the_primary_address_and_the_deployment() -> None:
    user = single(compose(MAILBOX, Offer.EWS), "User")
    assert single(user, "AutoDiscoverSMTPAddress").text == "alice@example.org"
    assert single(user, "DeploymentId").text == MAILBOX.deployment
    nameless = Mailbox("alice@example.org", "", ENDPOINTS)
    user = single(compose(nameless, Offer.EWS), "User")
    assert single(user, "DisplayName").text == "alice@example.org"
    assert user.findall("DeploymentId") == ()


def test_redirects_carry_no_protocol() -> None:
    account = single(redirect(AddressRedirect("alice@example.org")), "Account")
    assert [child.name for child in account.children if isinstance(child, Element)] == [
        *("AccountType", "Action", "RedirectAddr")
    ]
    account = single(redirect(UrlRedirect("https://other.example/autodiscover/autodiscover.xml")), "Account")
    assert single(account, "Action").text == "redirectUrl"
    assert single(account, "RedirectUrl").text == "https://other.example/autodiscover/autodiscover.xml"
