"""The body for Outlook and EWS clients (spec/autodiscover.md 2.5 to 2.7, R5, R6, golden test 15)."""

from dataclasses import replace

import pytest

from autodiscover.composition import Offer
from autodiscover.model import (
    AddressRedirect,
    AlternativeMailbox,
    Asker,
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


def test_further_mailboxes_come_after_the_protocols_and_own_themselves() -> None:
    further = (AlternativeMailbox("team@example.org", "Team"), AlternativeMailbox("room@example.org", ""))
    account = single(compose(replace(MAILBOX, alternatives=further), Offer.MAIL), "Account")
    assert [child.name for child in account.children if isinstance(child, Element)][-2:] == [
        "AlternativeMailbox"
    ] * 2
    leaves = [
        [(child.name, child.text) for child in found.children if isinstance(child, Element)]
        for found in account.findall("AlternativeMailbox")
    ]
    assert leaves[0] == [
        ("Type", "Delegate"),
        ("DisplayName", "Team"),
        ("SmtpAddress", "team@example.org"),
        ("OwnerSmtpAddress", "team@example.org"),
    ]
    assert leaves[1][1] == ("DisplayName", "room@example.org")


@pytest.mark.parametrize(("asked", "written"), [(1, "1"), (7, "1")])
def test_mapi_http_is_written_in_the_newest_form_that_both_know(asked: int, written: str) -> None:
    endpoints = replace(ENDPOINTS, mapi="https://mail.example/mapi/emsmdb/?MailboxId=1", oab=None)
    found = single(
        compose(replace(MAILBOX, endpoints=endpoints), Offer.MAPI, Asker(mapi_http=asked)), "Account"
    ).findall("Protocol")[0]
    assert found.attributes == (("Type", "mapiHttp"), ("Version", written))
    assert found.findall("Type") == ()
    for name, url in (("MailStore", "emsmdb"), ("AddressBook", "nspi")):
        for side in ("InternalUrl", "ExternalUrl"):
            assert single(found, name, side).text == f"https://mail.example/mapi/{url}/?MailboxId=1"


def test_a_mail_store_elsewhere_has_no_address_book_that_could_be_guessed() -> None:
    endpoints = replace(ENDPOINTS, mapi="https://mail.example/store/")
    found = single(
        compose(replace(MAILBOX, endpoints=endpoints), Offer.MAPI, Asker(mapi_http=1)), "Account"
    ).findall("Protocol")[0]
    assert found.findall("AddressBook") == ()


def test_negotiate_in_the_capabilities_changes_no_authentication() -> None:
    asker = Asker(can_handle=frozenset({"negotiate", "exhttpinfo"}))
    shown = protocols(compose(MAILBOX, Offer.EWS, asker))
    assert [single(shown[kind], "AuthPackage").text for kind in ("EXPR", "EXHTTP")] == ["basic"] * 2


def test_web_mail_without_ews_names_only_the_page() -> None:
    endpoints = Endpoints(
        ENDPOINTS.activesync, mapi="https://mail.example/mapi/emsmdb/", web_mail="https://w"
    )
    account = single(
        compose(replace(MAILBOX, endpoints=endpoints), Offer.MAPI, Asker(mapi_http=1)), "Account"
    )
    web = account.findall("Protocol")[1]
    assert (single(web, "External", "OWAUrl").text, single(web, "External").findall("Protocol")) == (
        "https://w",
        (),
    )


def test_calendars_and_contacts_stand_beside_mail() -> None:
    endpoints = replace(ENDPOINTS, caldav="https://mail.example/dav/", carddav="https://mail.example/dav/")
    shown = protocols(compose(replace(MAILBOX, endpoints=endpoints), Offer.GROUPWARE))
    assert list(shown) == ["IMAP", "SMTP", "CalDAV", "CardDAV"]
    assert single(shown["CalDAV"], "Server").text == "https://mail.example/dav/"
    assert single(shown["CardDAV"], "LoginName").text == "alice@example.org"


@pytest.mark.parametrize(
    "url", ["https://other.example/", "https://other.example/EWS", "https://other.example"]
)
def test_a_url_redirect_ends_as_clients_want_it(url: str) -> None:
    account = single(redirect(UrlRedirect(url)), "Account")
    assert single(account, "RedirectUrl").text == "https://other.example/autodiscover/autodiscover.xml"
