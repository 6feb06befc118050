"""POX body for Outlook and EWS clients: outlook schema 2006a (MS-OXDSCLI, spec/autodiscover.md 2).

EWS is shown in EXCH and again in EXPR, with ASUrl and EwsUrl in both: Evolution reads only the one,
Thunderbird only the other (R5). No protocol type appears twice, and none that the EWS libraries do not
know stands beside another such (R6). ``SPA`` and ``SSL`` default to on when absent, so they are always
written.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from autodiscover.composition import OUTLOOK, Block, Offer
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
from autodiscover.xmltext import Element

MAPI_HTTP_VERSION = 1
"""Newest form of the mapiHttp block that is written; the client names the newest that it reads."""

MAIL_STORE, ADDRESS_BOOK = "/mapi/emsmdb/", "/mapi/nspi/"
"""Usual paths of the two services of MAPI over HTTP (MS-OXCMAPIHTTP)."""

STRANGER = Asker()


def compose(mailbox: Mailbox, offer: Offer, asker: Asker = STRANGER) -> Element:
    """The Response element that shows one set of services."""
    shown = (_block(block, mailbox, asker) for block in offer.shown(asker, mailbox.endpoints))
    further = map(_alternative, mailbox.alternatives)
    account = _account("settings", _leaf("MicrosoftOnline", "False"), *shown, *further)
    return _node("Response", _user(mailbox), account)


def redirect(outcome: AddressRedirect | UrlRedirect) -> Element:
    """The Response element that sends the client elsewhere."""
    match outcome:
        case AddressRedirect(address):
            account = _account("redirectAddr", _leaf("RedirectAddr", address))
        case UrlRedirect():
            url = outcome.ending(".xml")
            account = _account("redirectUrl", _leaf("RedirectUrl", url))
    return _node("Response", account)


def _user(mailbox: Mailbox) -> Element:
    leaves = [
        _leaf("DisplayName", mailbox.display_name or mailbox.address),
        _leaf("AutoDiscoverSMTPAddress", mailbox.address),
    ]
    if mailbox.deployment:
        leaves.append(_leaf("DeploymentId", mailbox.deployment))
    return _node("User", *leaves)


def _account(action: str, *children: Element) -> Element:
    return _node("Account", _leaf("AccountType", "email"), _leaf("Action", action), *children)


def _alternative(mailbox: AlternativeMailbox) -> Element:
    """Outlook looks the address up again with the asker's login; the owner is the mailbox itself."""
    leaves = (
        ("Type", "Delegate"),
        ("DisplayName", mailbox.display_name or mailbox.address),
        ("SmtpAddress", mailbox.address),
        ("OwnerSmtpAddress", mailbox.address),
    )
    return _node("AlternativeMailbox", *(_leaf(name, text) for name, text in leaves))


def _block(block: Block, mailbox: Mailbox, asker: Asker) -> Element:
    served = mailbox.endpoints
    match block:
        case Block.MAPI_HTTP:
            return _mapi_http(served.mapi or "", min(asker.mapi_http, MAPI_HTTP_VERSION))
        case Block.EXCH:
            return _protocol(block, _leaf("Server", _host(served.ews)), *_urls(served))
        case Block.WEB:
            return _web(served.web_mail or "", served.ews)
        case Block.IMAP | Block.POP3 | Block.SMTP:
            server = {Block.IMAP: served.imap, Block.POP3: served.pop3, Block.SMTP: served.smtp}[block]
            return _protocol(block, *(_mail(server, mailbox.address) if server is not None else ()))
        case Block.CALDAV | Block.CARDDAV:
            url = served.caldav if block is Block.CALDAV else served.carddav
            return _protocol(block, *_groupware(url or "", mailbox.address))
        case _:
            return _protocol(block, _leaf("Server", _host(served.ews)), *_OUTSIDE, *_urls(served))


def _protocol(block: Block, *children: Element) -> Element:
    return _node("Protocol", _leaf("Type", block.value), *children)


def _host(url: str | None) -> str:
    return urlsplit(url or "").hostname or ""


def _urls(served: Endpoints) -> Iterator[Element]:
    for name in ("ASUrl", "EwsUrl", "OOFUrl"):
        yield _leaf(name, served.ews or "")
    if served.oab is not None:
        yield _leaf("OABUrl", served.oab)


def _mapi_http(mail_store: str, version: int) -> Element:
    """The form without a Type; the address book is beside the mail store where that has its usual name."""
    stores = [("MailStore", mail_store)]
    if MAIL_STORE in mail_store:
        stores.append(("AddressBook", mail_store.replace(MAIL_STORE, ADDRESS_BOOK)))
    marks = (("Type", Block.MAPI_HTTP.value), ("Version", str(version)))
    children = tuple(
        _node(name, _leaf("InternalUrl", url), _leaf("ExternalUrl", url)) for name, url in stores
    )
    return Element("Protocol", OUTLOOK, children, marks)


def _web(page: str, ews: str | None) -> Element:
    address = Element("OWAUrl", OUTLOOK, (page,), (("AuthenticationMethod", "Basic, Fba"),))
    inner = (_protocol(Block.EXPR, _leaf("ASUrl", ews)),) if ews is not None else ()
    return _protocol(Block.WEB, _node("External", address, *inner))


def _groupware(url: str, login: str) -> Iterator[Element]:
    leaves = (("Server", url), ("LoginName", login), ("DomainRequired", "off"), ("SPA", "off"))
    yield from (_leaf(name, text) for name, text in (*leaves, ("SSL", "on"), ("AuthRequired", "on")))


def _mail(server: MailServer, login: str) -> Iterator[Element]:
    """The login is the whole address: a bare name is ambiguous on a server of several domains."""
    leaves = (
        ("Server", server.host),
        ("Port", str(server.port)),
        ("LoginName", login),
        ("DomainRequired", "off"),
        ("SPA", "off"),
        ("SSL", "off" if server.encryption is Encryption.NONE else "on"),
        ("Encryption", server.encryption.value),
        ("AuthRequired", "on"),
    )
    yield from (_leaf(name, text) for name, text in leaves)


def _node(name: str, *children: Element) -> Element:
    return Element(name, OUTLOOK, children)


def _leaf(name: str, text: str) -> Element:
    return Element(name, OUTLOOK, (text,))


_OUTSIDE = (_leaf("SSL", "on"), _leaf("CertPrincipalName", "None"), _leaf("AuthPackage", "basic"))
"""What EXPR and EXHTTP say of the way there: names are checked as usual, and Basic is what backends take."""
