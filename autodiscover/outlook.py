"""POX body for Outlook and EWS clients: outlook schema 2006a (MS-OXDSCLI, spec/autodiscover.md 2).

EWS is shown in EXCH and again in EXPR, with ASUrl and EwsUrl in both: Evolution reads only the one,
Thunderbird only the other (R5). No protocol type appears twice, and none that the EWS libraries do not
know stands beside another such (R6). ``SPA`` and ``SSL`` default to on when absent, so they are always
written.
"""

from urllib.parse import urlsplit

from autodiscover.composition import OUTLOOK, Offer
from autodiscover.model import AddressRedirect, Encryption, Mailbox, MailServer, UrlRedirect
from autodiscover.xmltext import Element


def compose(mailbox: Mailbox, offer: Offer) -> Element:
    """The Response element that shows one set of services."""
    protocols = _mail(mailbox) if offer is Offer.MAIL else _exchange(mailbox)
    account = _account("settings", _leaf("MicrosoftOnline", "False"), *protocols)
    return _node("Response", _user(mailbox), account)


def redirect(outcome: AddressRedirect | UrlRedirect) -> Element:
    """The Response element that sends the client elsewhere."""
    match outcome:
        case AddressRedirect(address):
            account = _account("redirectAddr", _leaf("RedirectAddr", address))
        case UrlRedirect(url):
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


def _exchange(mailbox: Mailbox) -> tuple[Element, ...]:
    ews = mailbox.endpoints.ews or ""
    server = _leaf("Server", urlsplit(ews).hostname or "")
    urls = (_leaf("ASUrl", ews), _leaf("EwsUrl", ews), _leaf("OOFUrl", ews))
    inside = _node("Protocol", _leaf("Type", "EXCH"), server, *urls)
    outside = _node(
        "Protocol",
        _leaf("Type", "EXPR"),
        server,
        _leaf("SSL", "on"),
        _leaf("CertPrincipalName", "None"),
        _leaf("AuthPackage", "basic"),
        *urls,
    )
    return inside, outside, *_web(mailbox.endpoints.web_mail, ews)


def _web(web_mail: str | None, ews: str) -> tuple[Element, ...]:
    """The WEB block: nothing when there is no web mail, since a dead address is worse than none."""
    if web_mail is None:
        return ()
    page = Element("OWAUrl", OUTLOOK, (web_mail,), (("AuthenticationMethod", "Basic, Fba"),))
    inner = _node("Protocol", _leaf("Type", "EXPR"), _leaf("ASUrl", ews))
    return (_node("Protocol", _leaf("Type", "WEB"), _node("External", page, inner)),)


def _mail(mailbox: Mailbox) -> tuple[Element, ...]:
    pairs = (("IMAP", mailbox.endpoints.imap), ("SMTP", mailbox.endpoints.smtp))
    return tuple(_server(kind, server, mailbox.address) for kind, server in pairs if server is not None)


def _server(kind: str, server: MailServer, login: str) -> Element:
    """The login is the whole address: a bare name is ambiguous on a server of several domains."""
    leaves = (
        ("Type", kind),
        ("Server", server.host),
        ("Port", str(server.port)),
        ("LoginName", login),
        ("DomainRequired", "off"),
        ("SPA", "off"),
        ("SSL", "off" if server.encryption is Encryption.NONE else "on"),
        ("Encryption", server.encryption.value),
        ("AuthRequired", "on"),
    )
    return _node("Protocol", *(_leaf(name, text) for name, text in leaves))


def _node(name: str, *children: Element) -> Element:
    return Element(name, OUTLOOK, children)


def _leaf(name: str, text: str) -> Element:
    return Element(name, OUTLOOK, (text,))
