"""The user settings of SOAP AutoDiscover, one row each (MS-OXWSADISC, spec/autodiscover.md 4.4).

``KNOWN`` has every name that is documented or that a client in use asks for; ``SERVED`` those that can be
answered, with their type and where the value comes from. What is known but not served is answered
SettingIsNotAvailable, what is not known InvalidSetting, and nothing else ever: exchangelib aborts on any
other code there (R9).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from autodiscover.model import Encryption, Mailbox, MailServer
from autodiscover.xmltext import Element

NAMESPACE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"

ALWAYS = "AutoDiscoverSMTPAddress"
"""Answered whether it is asked for or not: exchangelib fails without it (R8)."""

SERVER_VERSION = (15, 0, 847, 32)
"""Exchange 2013 SP1, the dialect of EWS that every server in use speaks at least: a higher one would promise
what only some have, and libraries choose their request's version by it."""

CAS_VERSION = "15.00.0847.032"

EWS_SCHEMAS = (
    "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2, "
    "Exchange2013, Exchange2013_SP1"
)
"""Up to ``SERVER_VERSION``; exchangelib takes the last one by alphabet and must know it."""

_ECP = """
Voicemail EmailSubscriptions TextMessaging DeliveryReport RetentionPolicyTags Publishing Photo Connect
TeamMailbox TeamMailboxCreating TeamMailboxEditing TeamMailboxHiding ExtensionInstallation
"""
_SIDED = """
EcpUrl EwsUrl EmwsUrl OABUrl PhotosUrl UMUrl WebClientUrls MailboxServer OutlookServiceUrl
ServerExclusiveConnect MailboxServerAuthenticationMethods Pop3Connections Imap4Connections SmtpConnections
"""
_SINGLE = """
UserDisplayName UserDN UserDeploymentId InternalRpcClientServer InternalMailboxServerDN MailboxDN
PublicFolderServer ActiveDirectoryServer ExternalMailboxServerRequiresSSL CrossOrganizationSharingEnabled
AlternateMailboxes CasVersion EwsSupportedSchemas ExternalEwsVersion MobileMailboxPolicy
MobileMailboxPolicyInterop DocumentSharingLocations UserMSOnline MailboxVersion SPMySiteHostURL
SiteMailboxCreationURL InternalRpcHttpServer ExchangeRpcUrl InternalRpcHttpConnectivityRequiresSsl
InternalRpcHttpAuthenticationMethod ShowGalAsDefaultView AutoDiscoverSMTPAddress InteropExternalEwsUrl
InteropExternalEwsVersion PublicFolderInformation RedirectUrl EwsPartnerUrl CertPrincipalName
GroupingInformation MapiHttpEnabled
"""
KNOWN: frozenset[str] = frozenset(
    [
        *_SINGLE.split(),
        *(side + name for side in ("Internal", "External") for name in _SIDED.split()),
        *(f"{side}Ecp{name}Url" for side in ("Internal", "External") for name in _ECP.split()),
        *(f"Ecp{name}UrlFragment" for name in _ECP.split()),
    ]
)

Value = str | tuple[Element, ...] | None


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting is answered.

    Attributes:
        kind: its ``xsi:type``.
        content: element that holds the value.
        derive: text, or the elements of a collection; None where this mailbox has none.
    """

    kind: str
    content: str
    derive: Callable[[Mailbox], Value]


def leaf(name: str, text: str) -> Element:
    """An element of the service's namespace with text in it."""
    return Element(name, NAMESPACE, (text,))


def node(name: str, *children: Element) -> Element:
    """An element of the service's namespace with elements in it."""
    return Element(name, NAMESPACE, children)


def _text(derive: Callable[[Mailbox], str | None]) -> Setting:
    return Setting("StringSetting", "Value", derive)


def _connection(server: Callable[[Mailbox], MailServer | None]) -> Setting:
    def derive(mailbox: Mailbox) -> Value:
        found = server(mailbox)
        return None if found is None else (_protocol_connection(found),)

    return Setting("ProtocolConnectionCollectionSetting", "ProtocolConnections", derive)


def _protocol_connection(server: MailServer) -> Element:
    encryption = {Encryption.NONE: "None", Encryption.SSL: "SSL", Encryption.TLS: "TLS"}[server.encryption]
    return node(
        "ProtocolConnection",
        leaf("Hostname", server.host),
        leaf("Port", str(server.port)),
        leaf("EncryptionMethod", encryption),
    )


def _web_clients(mailbox: Mailbox) -> Value:
    if mailbox.endpoints.web_mail is None:
        return None
    leaves = (leaf("AuthenticationMethods", "Basic, Fba"), leaf("Url", mailbox.endpoints.web_mail))
    return (node("WebClientUrl", *leaves),)


def _alternates(mailbox: Mailbox) -> Value:
    return tuple(
        node(
            "AlternateMailbox",
            leaf("Type", "Delegate"),
            leaf("DisplayName", further.display_name or further.address),
            leaf("SmtpAddress", further.address),
            leaf("OwnerSmtpAddress", further.address),
        )
        for further in mailbox.alternatives
    )


def _schemas(mailbox: Mailbox) -> str | None:
    return None if mailbox.endpoints.ews is None else EWS_SCHEMAS


def _version(mailbox: Mailbox) -> str | None:
    return None if mailbox.endpoints.ews is None else CAS_VERSION


_EWS = _text(lambda mailbox: mailbox.endpoints.ews)
_OAB = _text(lambda mailbox: mailbox.endpoints.oab)
_IMAP = _connection(lambda mailbox: mailbox.endpoints.imap)
_POP3 = _connection(lambda mailbox: mailbox.endpoints.pop3)
_SMTP = _connection(lambda mailbox: mailbox.endpoints.smtp)
_WEB = Setting("WebClientUrlCollectionSetting", "WebClientUrls", _web_clients)

SERVED: dict[str, Setting] = {
    "AutoDiscoverSMTPAddress": _text(lambda mailbox: mailbox.address),
    "UserDisplayName": _text(lambda mailbox: mailbox.display_name or mailbox.address),
    "UserDeploymentId": _text(lambda mailbox: mailbox.deployment or None),
    "InternalEwsUrl": _EWS,
    "ExternalEwsUrl": _EWS,
    "ExternalEwsVersion": _text(_version),
    "EwsSupportedSchemas": _text(_schemas),
    "CasVersion": _text(lambda _: CAS_VERSION),
    "InternalOABUrl": _OAB,
    "ExternalOABUrl": _OAB,
    "InternalImap4Connections": _IMAP,
    "ExternalImap4Connections": _IMAP,
    "InternalPop3Connections": _POP3,
    "ExternalPop3Connections": _POP3,
    "InternalSmtpConnections": _SMTP,
    "ExternalSmtpConnections": _SMTP,
    "InternalWebClientUrls": _WEB,
    "ExternalWebClientUrls": _WEB,
    "AlternateMailboxes": Setting("AlternateMailboxCollectionSetting", "AlternateMailboxes", _alternates),
    "MapiHttpEnabled": _text(lambda mailbox: str(mailbox.endpoints.mapi is not None)),
    "CrossOrganizationSharingEnabled": _text(lambda _: "False"),
    "UserMSOnline": _text(lambda _: "False"),
}


def settings(wanted: tuple[str, ...], mailbox: Mailbox) -> tuple[Element, Element]:
    """The UserSettingErrors and UserSettings elements; each name is answered once."""
    names = dict.fromkeys((*wanted, ALWAYS))
    values = {name: SERVED[name].derive(mailbox) for name in names if name in SERVED}
    missing = [name for name in names if values.get(name) is None]
    found = (_setting(name, value) for name, value in values.items() if value is not None)
    return node("UserSettingErrors", *map(_error, missing)), node("UserSettings", *found)


def _setting(name: str, value: str | tuple[Element, ...]) -> Element:
    row = SERVED[name]
    content = leaf(row.content, value) if isinstance(value, str) else node(row.content, *value)
    return Element("UserSetting", NAMESPACE, (leaf("Name", name), content), (("i:type", row.kind),))


def _error(name: str) -> Element:
    code = "SettingIsNotAvailable" if name in KNOWN else "InvalidSetting"
    message = f"Setting '{name}' is {'not available' if name in KNOWN else 'not valid'}."
    return node("UserSettingError", *_leaves(ErrorCode=code, ErrorMessage=message, SettingName=name))


def _leaves(**texts: str) -> Iterator[Element]:
    return (leaf(name, text) for name, text in texts.items())
