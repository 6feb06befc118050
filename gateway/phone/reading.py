"""What a phone understands of the answers (MS-ASCMD 2.2.1, MS-ASPROV 2.2.2): trees to values.

Lenient, as phones are: what is missing is None or empty; nothing here refuses an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mdm.codepages import Tag, tag
from mdm.device import WipeKind
from mdm.wbxml import Element

INBOX = 2
ITEM_CLASSES: Mapping[int, str] = {
    2: "Email",
    3: "Email",
    4: "Email",
    5: "Email",
    6: "Email",
    7: "Tasks",
    8: "Calendar",
    9: "Contacts",
    10: "Notes",
    12: "Email",
    13: "Calendar",
    14: "Contacts",
    15: "Tasks",
    17: "Notes",
}
"""FolderHierarchy Type to the class of its items (MS-ASCMD 2.2.3.186.2); unknown ones are taken for mail."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the mailbox; ``kind`` is FolderHierarchy Type, 2 for the inbox."""

    server_id: str
    name: str
    kind: int
    parent: str = "0"

    @property
    def item_class(self) -> str:
        return ITEM_CLASSES.get(self.kind, "Email")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Answer to FolderSync."""

    status: int | None
    key: str | None
    added: tuple[Folder, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What Sync said of one folder; ``added`` and ``changed`` map a ServerId to its ApplicationData."""

    collection: str
    status: int | None
    key: str | None
    added: Mapping[str, Element]
    changed: Mapping[str, Element]
    removed: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Awakening:
    """Answer to Ping; ``limit`` is the HeartbeatInterval (Status 5) or MaxFolders (Status 6) named."""

    status: int | None
    folders: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """Answer to Provision.

    Attributes:
        status: Provision Status.
        policy_status: Status inside Policy, None without one.
        key: PolicyKey, temporary or final; 0 without one.
        settings: elements of EASProvisionDoc that hold a text.
        wipe: the directive, None without one.
    """

    status: int | None
    policy_status: int | None
    key: int
    settings: Mapping[str, str]
    wipe: WipeKind | None


def _number(root: Element | None, wanted: Tag) -> int | None:
    text = None if root is None else root.text_of(wanted)
    return int(text) if text and text.isdecimal() else None


def hierarchy(root: Element) -> Hierarchy:
    changes = root.find(tag("FolderHierarchy", "Changes"))
    added = () if changes is None else changes.findall(tag("FolderHierarchy", "Add"))
    removed = () if changes is None else changes.findall(tag("FolderHierarchy", "Delete"))
    return Hierarchy(
        _number(root, tag("FolderHierarchy", "Status")),
        root.text_of(tag("FolderHierarchy", "SyncKey")),
        tuple(_folder(one) for one in added),
        tuple(one.text_of(tag("FolderHierarchy", "ServerId")) or "" for one in removed),
    )


def _folder(added: Element) -> Folder:
    return Folder(
        added.text_of(tag("FolderHierarchy", "ServerId")) or "",
        added.text_of(tag("FolderHierarchy", "DisplayName")) or "",
        _number(added, tag("FolderHierarchy", "Type")) or 1,
        added.text_of(tag("FolderHierarchy", "ParentId")) or "0",
    )


def collections(root: Element) -> tuple[Changes, ...]:
    """Every collection of a Sync answer."""
    holder = root.find(tag("AirSync", "Collections"))
    found = () if holder is None else holder.findall(tag("AirSync", "Collection"))
    return tuple(_changes(one) for one in found)


def _changes(collection: Element) -> Changes:
    commands = collection.find(tag("AirSync", "Commands"))
    return Changes(
        collection.text_of(tag("AirSync", "CollectionId")) or "",
        _number(collection, tag("AirSync", "Status")),
        collection.text_of(tag("AirSync", "SyncKey")),
        _items(commands, tag("AirSync", "Add")),
        _items(commands, tag("AirSync", "Change")),
        (
            *_items(commands, tag("AirSync", "Delete")),
            *_items(commands, tag("AirSync", "SoftDelete")),
        ),
        collection.find(tag("AirSync", "MoreAvailable")) is not None,
    )


def _items(commands: Element | None, wanted: Tag) -> dict[str, Element]:
    found = () if commands is None else commands.findall(wanted)
    return {
        one.text_of(tag("AirSync", "ServerId")) or "": one.find(tag("AirSync", "ApplicationData")) or one
        for one in found
    }


def awakening(root: Element) -> Awakening:
    folders = root.find(tag("Ping", "Folders"))
    named = () if folders is None else folders.findall(tag("Ping", "Folder"))
    limit = _number(root, tag("Ping", "HeartbeatInterval"))
    return Awakening(
        _number(root, tag("Ping", "Status")),
        tuple(one.text for one in named),
        limit if limit is not None else _number(root, tag("Ping", "MaxFolders")),
    )


def policy_answer(root: Element) -> PolicyAnswer:
    """The answer to any Provision request; a directive is found wherever servers put it."""
    policy = root.path(tag("Provision", "Policies"), tag("Provision", "Policy"))
    key = _number(policy, tag("Provision", "PolicyKey"))
    return PolicyAnswer(
        _number(root, tag("Provision", "Status")),
        _number(policy, tag("Provision", "Status")),
        key or 0,
        _settings(policy),
        _directive(root, policy),
    )


def _settings(policy: Element | None) -> dict[str, str]:
    document = None
    if policy is not None:
        document = policy.path(tag("Provision", "Data"), tag("Provision", "EASProvisionDoc"))
    children = () if document is None else document.children
    return {child.name: child.text for child in children if isinstance(child, Element)}


def _directive(*places: Element | None) -> WipeKind | None:
    for place in places:
        if place is not None and place.find(tag("Provision", "RemoteWipe")) is not None:
            return WipeKind.DEVICE
        if place is not None and place.find(tag("Provision", "AccountOnlyRemoteWipe")) is not None:
            return WipeKind.ACCOUNT
    return None
