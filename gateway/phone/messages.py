"""The documents that a phone sends (MS-ASCMD 2.2.1, MS-ASPROV 3.1.5.1): pure functions from values to trees.

Kept apart from ``mdm.provision`` and ``mdm.settings``, which read these documents: a phone that shared their
tables would hide a mistake in them, because both sides would make it.
"""

from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

from gateway.phone.reading import Folder
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.device import DeviceInformation, WipeKind
from mdm.wbxml import Element, element

POLICY_TYPE = "MS-EAS-Provisioning-WBXML"
PREVIEW_OCTETS = 512
"""Size of the plain text body that a phone asks for with each mail (AirSyncBase TruncationSize)."""

INFORMATION_TAGS = (
    ("model", "Model"),
    ("imei", "IMEI"),
    ("friendly_name", "FriendlyName"),
    ("os", "OS"),
    ("os_language", "OSLanguage"),
    ("phone_number", "PhoneNumber"),
    ("user_agent", "UserAgent"),
    ("enable_outbound_sms", "EnableOutboundSMS"),
    ("mobile_operator", "MobileOperator"),
)
SINCE_14 = frozenset({"enable_outbound_sms", "mobile_operator"})


def device_information(information: DeviceInformation, version: Version) -> Element:
    """Settings:DeviceInformation with what this version may report."""
    reported = [
        element(tag("Settings", name), value)
        for field, name in INFORMATION_TAGS
        if (value := getattr(information, field)) is not None
        and (version >= Version.V14_0 or field not in SINCE_14)
    ]
    return element(tag("Settings", "DeviceInformation"), element(tag("Settings", "Set"), *reported))


def settings(information: DeviceInformation, version: Version) -> Element:
    """The Settings command with which phones up to 14.0 report themselves."""
    return element(tag("Settings", "Settings"), device_information(information, version))


def policy_request(information: DeviceInformation | None, version: Version) -> Element:
    """The initial Provision request; DeviceInformation rides along from 14.1 on."""
    policy = element(tag("Provision", "Policy"), element(tag("Provision", "PolicyType"), POLICY_TYPE))
    children = [element(tag("Provision", "Policies"), policy)]
    if information is not None and version >= Version.V14_1:
        children.insert(0, device_information(information, version))
    return element(tag("Provision", "Provision"), *children)


def policy_acknowledgement(key: int, status: int) -> Element:
    """What the phone says after it looked at the policy."""
    policy = element(
        tag("Provision", "Policy"),
        element(tag("Provision", "PolicyType"), POLICY_TYPE),
        element(tag("Provision", "PolicyKey"), str(key)),
        element(tag("Provision", "Status"), str(status)),
    )
    return element(tag("Provision", "Provision"), element(tag("Provision", "Policies"), policy))


def wipe_poll() -> Element:
    """The empty Provision with which a phone fetches a wipe directive."""
    return element(tag("Provision", "Provision"))


def wipe_acknowledgement(kind: WipeKind, status: int) -> Element:
    """The phone's word that it wipes, or could not."""
    name = "RemoteWipe" if kind is WipeKind.DEVICE else "AccountOnlyRemoteWipe"
    directive = element(tag("Provision", name), element(tag("Provision", "Status"), str(status)))
    return element(tag("Provision", "Provision"), directive)


def folder_sync(key: str) -> Element:
    return element(tag("FolderHierarchy", "FolderSync"), element(tag("FolderHierarchy", "SyncKey"), key))


def sync(
    wanted: Iterable[tuple[Folder, str]],
    version: Version,
    *,
    window: int = 50,
    wait_minutes: int | None = None,
    heartbeat: int | None = None,
) -> Element:
    """A Sync of folders, each from its SyncKey; it hangs with ``wait_minutes`` or ``heartbeat`` (seconds)."""
    collections = [_collection(folder, key, version, window) for folder, key in wanted]
    children = [element(tag("AirSync", "Collections"), *collections)]
    if wait_minutes is not None:
        children.append(element(tag("AirSync", "Wait"), str(wait_minutes)))
    if heartbeat is not None:
        children.append(element(tag("AirSync", "HeartbeatInterval"), str(heartbeat)))
    return element(tag("AirSync", "Sync"), *children)


def _collection(folder: Folder, key: str, version: Version, window: int) -> Element:
    fields = [
        element(tag("AirSync", "SyncKey"), key),
        element(tag("AirSync", "CollectionId"), folder.server_id),
    ]
    if version <= Version.V12_1:
        fields.insert(0, element(tag("AirSync", "Class"), folder.item_class))
    if key != "0":
        fields.append(element(tag("AirSync", "GetChanges")))
        fields.append(element(tag("AirSync", "WindowSize"), str(window)))
        fields.append(element(tag("AirSync", "Options"), _preview()))
    return element(tag("AirSync", "Collection"), *fields)


def _preview() -> Element:
    return element(
        tag("AirSyncBase", "BodyPreference"),
        element(tag("AirSyncBase", "Type"), "1"),
        element(tag("AirSyncBase", "TruncationSize"), str(PREVIEW_OCTETS)),
    )


def ping(heartbeat: int, folders: Sequence[Folder]) -> Element:
    """A Ping in full: ``heartbeat`` in seconds and what to watch."""
    watched = [
        element(
            tag("Ping", "Folder"),
            element(tag("Ping", "Id"), folder.server_id),
            element(tag("Ping", "Class"), folder.item_class),
        )
        for folder in folders
    ]
    return element(
        tag("Ping", "Ping"),
        element(tag("Ping", "HeartbeatInterval"), str(heartbeat)),
        element(tag("Ping", "Folders"), *watched),
    )


def mail(sender: str, to: str, subject: str, text: str) -> bytes:
    """A MIME message with CRLF line ends; it gets its Message-ID from the server."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message.set_content(text)
    return message.as_bytes()


def send_mail(mime: bytes, client_id: str) -> Element:
    """SendMail of 14.0 and later; ``client_id`` is at most 40 characters and new for each message."""
    return element(
        tag("ComposeMail", "SendMail"),
        element(tag("ComposeMail", "ClientId"), client_id),
        element(tag("ComposeMail", "SaveInSentItems")),
        element(tag("ComposeMail", "Mime"), mime),
    )
