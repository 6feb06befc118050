"""POX body for ActiveSync clients: mobilesync schema 2006 (MS-ASCMD 2.2.1.1, spec/autodiscover.md 3).

The order inside Server is Type, Url, Name: the old Android client ignores a Url that it sees before the Type
(R13). An address without a mailbox is answered inside Action with Status 2, as Microsoft's own test suite
expects (R3818, R4001), not with the framework's error.
"""

from autodiscover.composition import MOBILESYNC
from autodiscover.model import AddressRedirect, Mailbox, NotFound, Question
from autodiscover.xmltext import Element

CULTURE = "en:us"
"""What Exchange 2010 and later answer whatever the client's culture (R5823)."""

PROTOCOL_ERROR = "2"
"""The only Status that is ever sent: 1 would be success, which has no Status."""


def compose(question: Question, outcome: Mailbox | AddressRedirect | NotFound) -> Element:
    """The Response element."""
    match outcome:
        case Mailbox():
            return _response(
                _user(outcome.address, outcome.display_name or outcome.address), _settings(outcome)
            )
        case AddressRedirect(address):
            return _response(_user(question.address, ""), _leaf("Redirect", address))
        case NotFound():
            return _response(None, _error())


def _response(user: Element | None, action: Element) -> Element:
    parts = (_leaf("Culture", CULTURE), user, _node("Action", action))
    return _node("Response", *(part for part in parts if part is not None))


def _user(address: str, display_name: str) -> Element:
    name = (_leaf("DisplayName", display_name),) if display_name else ()
    return _node("User", *name, _leaf("EMailAddress", address))


def _settings(mailbox: Mailbox) -> Element:
    url = mailbox.endpoints.activesync
    server = _node("Server", _leaf("Type", "MobileSync"), _leaf("Url", url), _leaf("Name", url))
    return _node("Settings", server)


def _error() -> Element:
    message = _leaf("Message", "The email address can't be found.")
    return _node("Error", _leaf("Status", PROTOCOL_ERROR), message, _leaf("DebugData", "MailUser"))


def _node(name: str, *children: Element) -> Element:
    return Element(name, MOBILESYNC, children)


def _leaf(name: str, text: str) -> Element:
    return Element(name, MOBILESYNC, (text,))
