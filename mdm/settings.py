"""What a device says of itself: DeviceInformation of a Settings command (MS-ASCMD 2.2.3.47) or, from protocol
14.1 on, of the initial Provision request (MS-ASPROV 2.2.2.54). And the password that a client asks to be kept
for recovery (MS-ASCMD 2.2.3.45), which is a secret: taken out of the document, never passed on.

The fields are free text of up to 1,024 characters in any order, each at most once. What a client reports is
kept as reported and believed by nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from mdm.codepages import Tag, tag
from mdm.device import DeviceInformation
from mdm.errors import SchemaError
from mdm.wbxml import Element, element

TEXT_LIMIT = 1024
"""Characters of one field, by MS-ASCMD."""

PASSWORD_LIMIT = 255
"""Characters of a recovery password."""

SUCCESS = "1"
PROTOCOL_ERROR = "2"
ACCESS_DENIED = "3"
INVALID_ARGUMENTS = "5"
DENIED_BY_POLICY = "7"
"""Status of a part of the answer; 5 and 7 exist for DevicePassword."""

SETTINGS = tag("Settings", "Settings")
DEVICE_INFORMATION = tag("Settings", "DeviceInformation")
SET = tag("Settings", "Set")
STATUS = tag("Settings", "Status")
DEVICE_PASSWORD = tag("Settings", "DevicePassword")
PASSWORD = tag("Settings", "Password")

FIELDS: Mapping[Tag, str] = {
    tag("Settings", "Model"): "model",
    tag("Settings", "IMEI"): "imei",
    tag("Settings", "FriendlyName"): "friendly_name",
    tag("Settings", "OS"): "os",
    tag("Settings", "OSLanguage"): "os_language",
    tag("Settings", "PhoneNumber"): "phone_number",
    tag("Settings", "UserAgent"): "user_agent",
    tag("Settings", "EnableOutboundSMS"): "enable_outbound_sms",
    tag("Settings", "MobileOperator"): "mobile_operator",
}
"""Element to attribute of ``DeviceInformation``."""


def read_information(root: Element) -> DeviceInformation | None:
    """Read DeviceInformation/Set below a Settings or Provision element.

    Returns:
        None when the document carries no such thing. Elements of unknown name are passed over.

    Raises:
        SchemaError: a field is there twice, is longer than ``TEXT_LIMIT`` or holds a NUL, which no
            database keeps.
    """
    told = root.path(DEVICE_INFORMATION, SET)
    if told is None:
        return None
    values: dict[str, str] = {}
    for child in told.children:
        name = FIELDS.get(child.tag) if isinstance(child, Element) else None
        if name is not None and isinstance(child, Element):
            _keep(values, name, child)
    return DeviceInformation(**values)


def _keep(values: dict[str, str], name: str, child: Element) -> None:
    if name in values:
        raise SchemaError(f"{child.name} is there twice")
    text = child.text
    if len(text) > TEXT_LIMIT:
        raise SchemaError(f"{child.name} is longer than {TEXT_LIMIT} characters")
    if "\0" in text:
        raise SchemaError(f"{child.name} holds a NUL")
    values[name] = text


def merge(known: DeviceInformation, told: DeviceInformation) -> DeviceInformation:
    """What is known afterwards: a field that the client left out keeps its earlier value."""
    said = {each.name: getattr(told, each.name) for each in fields(told)}
    return replace(known, **{name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True, slots=True)
class RecoveryPassword:
    """What a client gives to be kept for a user who forgot it; an empty text takes it back."""

    text: str = field(repr=False)


def read_password(root: Element) -> RecoveryPassword | str | None:
    """Read DevicePassword/Set/Password below a Settings element.

    Returns:
        None when the document carries no such thing; a Status where it carries a wrong one.

    Raises:
        SchemaError: one stands where none belongs, from where it would go on to the mail server.
    """
    if any(_hides_password(child) for child in root.children if isinstance(child, Element)):
        raise SchemaError("DevicePassword below another element")
    told = root.findall(DEVICE_PASSWORD)
    if not told:
        return None
    given = told[0].path(SET, PASSWORD)
    if len(told) > 1 or given is None or any(isinstance(child, Element) for child in given.children):
        return PROTOCOL_ERROR
    wrong = len(given.text) > PASSWORD_LIMIT or "\0" in given.text
    return INVALID_ARGUMENTS if wrong else RecoveryPassword(given.text)


def _hides_password(part: Element) -> bool:
    left = [part]
    while left:
        below = [child for child in left.pop().children if isinstance(child, Element)]
        if any(child.tag == DEVICE_PASSWORD for child in below):
            return True
        left += below
    return False


def without_password(root: Element) -> Element | None:
    """The request without its DevicePassword; None when nothing is left to ask anybody else."""
    rest = [each for each in root.children if not isinstance(each, Element) or each.tag != DEVICE_PASSWORD]
    return Element(root.tag, rest) if any(isinstance(each, Element) for each in rest) else None


def with_password(root: Element, status: str) -> Element:
    """An answer of Settings with what became of the password, after its own Status."""
    said = element(DEVICE_PASSWORD, element(STATUS, status))
    place = next((n for n, each in enumerate(root.children) if _is_status(each)), -1) + 1
    return Element(root.tag, [*root.children[:place], said, *root.children[place:]])


def password_answer(status: str) -> Element:
    """The whole answer to a Settings command that carried nothing else."""
    return with_password(element(SETTINGS, element(STATUS, SUCCESS)), status)


def _is_status(child: object) -> bool:
    return isinstance(child, Element) and child.tag == STATUS


def acknowledgement(status: str = SUCCESS) -> Element:
    """DeviceInformation with its Status, as it stands in the answer of Settings and of Provision."""
    return element(DEVICE_INFORMATION, element(STATUS, status))


def answer(request: Element) -> tuple[Element, DeviceInformation | None]:
    """Answer a Settings command without a mail server: DeviceInformation is taken, all else denied.

    For quarantined devices (house.md 11.5), which may report themselves and read nothing.
    """
    try:
        told, status = read_information(request), SUCCESS
    except SchemaError:
        told, status = None, PROTOCOL_ERROR
    parts = [
        acknowledgement(status)
        if child.tag == DEVICE_INFORMATION
        else element(
            child.tag, element(STATUS, DENIED_BY_POLICY if child.tag == DEVICE_PASSWORD else ACCESS_DENIED)
        )
        for child in request.children
        if isinstance(child, Element) and child.tag[0] == SETTINGS[0] and child.tag != STATUS
    ]
    return element(SETTINGS, element(STATUS, SUCCESS), *parts), told
