"""The commands of the sample mail server: documents in, documents out; long polls wait here (MS-ASCMD 2.2.1).

A small but honest server: SyncKeys are checked, statuses are the specification's, and a Ping ends when mail
comes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

from gateway.sample import documents
from gateway.sample.mailbox import Letter, Mailbox, PostOffice
from mdm.ashttp import Version
from mdm.codepages import Tag, tag
from mdm.query import CommandRequest
from mdm.wbxml import Element, element

SHORTEST_HEARTBEAT = 1
LONGEST_HEARTBEAT = 3540
"""Seconds; Exchange's longest, and a shortest that lets a test see a heartbeat end."""
WINDOW = 100
HIERARCHY_KEY = "1"
"""The folders never change, so one key says it all."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request with what it is about."""

    request: CommandRequest
    mailbox: Mailbox
    post: PostOffice
    now: datetime


class Watchers:
    """What each device's last Ping asked for, which an empty Ping repeats."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}

    async def ping(self, visit: Visit, document: Element | None) -> Element:
        """Hang until one of the folders has news or the heartbeat is over."""
        key = (visit.mailbox.address, visit.request.device_id)
        heartbeat, folders = self._last.get(key, (0, ()))
        if document is not None:
            heartbeat = _number(document, tag("Ping", "HeartbeatInterval")) or heartbeat
            folders = _pinged(document) or folders
        if not heartbeat or not folders:
            return _ping_answer(3)
        nearest = min(max(heartbeat, SHORTEST_HEARTBEAT), LONGEST_HEARTBEAT)
        if nearest != heartbeat:
            return _ping_answer(5, element(tag("Ping", "HeartbeatInterval"), str(nearest)))
        if not set(folders) <= visit.mailbox.collections.keys():
            return _ping_answer(7)
        self._last[key] = (heartbeat, folders)
        news = await _news(visit, folders, heartbeat)
        if not news:
            return _ping_answer(1)
        named = [element(tag("Ping", "Folder"), one) for one in news]
        return _ping_answer(2, element(tag("Ping", "Folders"), *named))


async def _news(visit: Visit, folders: Sequence[str], seconds: float) -> list[str]:
    """The folders with news for this device, at once or as soon as there are some; none when time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        change = visit.mailbox.next_change()
        news = visit.mailbox.news(visit.request.device_id, folders)
        if news or loop.time() >= end:
            return news
        try:
            await asyncio.wait_for(change.wait(), end - loop.time())
        except TimeoutError:
            return []


def _pinged(document: Element) -> tuple[str, ...]:
    folders = document.find(tag("Ping", "Folders"))
    named = [] if folders is None else folders.findall(tag("Ping", "Folder"))
    return tuple(one.text_of(tag("Ping", "Id")) or "" for one in named)


def _ping_answer(status: int, *more: Element) -> Element:
    return element(tag("Ping", "Ping"), element(tag("Ping", "Status"), str(status)), *more)


def folder_sync(visit: Visit, document: Element) -> Element:
    """All folders for key 0, none for the key in force, Status 9 for any other."""
    key = document.text_of(tag("FolderHierarchy", "SyncKey"))
    if key not in ("0", HIERARCHY_KEY):
        status = "10" if key is None else "9"
        return element(
            tag("FolderHierarchy", "FolderSync"), element(tag("FolderHierarchy", "Status"), status)
        )
    folders = list(visit.mailbox.collections.values()) if key == "0" else []
    added = [
        element(
            tag("FolderHierarchy", "Add"),
            element(tag("FolderHierarchy", "ServerId"), one.server_id),
            element(tag("FolderHierarchy", "ParentId"), "0"),
            element(tag("FolderHierarchy", "DisplayName"), one.name),
            element(tag("FolderHierarchy", "Type"), str(one.kind)),
        )
        for one in folders
    ]
    count = element(tag("FolderHierarchy", "Count"), str(len(added)))
    return element(
        tag("FolderHierarchy", "FolderSync"),
        element(tag("FolderHierarchy", "Status"), "1"),
        element(tag("FolderHierarchy", "SyncKey"), HIERARCHY_KEY),
        element(tag("FolderHierarchy", "Changes"), count, *added),
    )


async def sync(visit: Visit, document: Element | None) -> Element | None:
    """Changes both ways; hangs with Wait or HeartbeatInterval until there are some. None: an empty answer."""
    collections = None if document is None else document.find(tag("AirSync", "Collections"))
    if document is None or collections is None:
        return _sync_status(13)
    wanted = collections.findall(tag("AirSync", "Collection"))
    minutes, seconds = (_number(document, tag("AirSync", name)) for name in ("Wait", "HeartbeatInterval"))
    if minutes is not None and seconds is not None:
        return _sync_status(4)
    patience = (minutes or 0) * 60 + (seconds or 0)
    if patience and not await _worth_answering(visit, wanted, patience):
        return None
    answers = [_collection(visit, one) for one in wanted]
    return element(tag("AirSync", "Sync"), element(tag("AirSync", "Collections"), *answers))


def _sync_status(status: int) -> Element:
    return element(tag("AirSync", "Sync"), element(tag("AirSync", "Status"), str(status)))


async def _worth_answering(visit: Visit, wanted: Sequence[Element], seconds: float) -> bool:
    for one in wanted:
        first = one.text_of(tag("AirSync", "SyncKey")) == "0"
        if first or one.find(tag("AirSync", "Commands")) is not None:
            return True
    known = [one.text_of(tag("AirSync", "CollectionId")) or "" for one in wanted]
    if not set(known) <= visit.mailbox.collections.keys():
        return True
    return bool(await _news(visit, known, seconds))


def _collection(visit: Visit, wanted: Element) -> Element:
    server_id = wanted.text_of(tag("AirSync", "CollectionId")) or ""
    key = wanted.text_of(tag("AirSync", "SyncKey")) or ""
    collection = visit.mailbox.collections.get(server_id)
    if collection is None:
        return _answered(visit, server_id, key, 12)
    view = visit.mailbox.view(visit.request.device_id, server_id)
    if not view.accept(key):
        return _answered(visit, server_id, "0", 3)
    if key == "0":
        return _answered(visit, server_id, view.step(), 1)
    _apply(visit, server_id, wanted)
    window = min(_number(wanted, tag("AirSync", "WindowSize")) or WINDOW, WINDOW)
    changes, more = view.tell(collection, window)
    parts = [element(tag("AirSync", "MoreAvailable"))] if more else []
    if changes:
        version = visit.request.version
        commands = [documents.command(one, version) for one in changes]
        parts.append(element(tag("AirSync", "Commands"), *commands))
    return _answered(visit, server_id, view.step(), 1, *parts)


def _answered(visit: Visit, server_id: str, key: str, status: int, *parts: Element) -> Element:
    fields = [
        element(tag("AirSync", "SyncKey"), key),
        element(tag("AirSync", "CollectionId"), server_id),
        element(tag("AirSync", "Status"), str(status)),
    ]
    collection = visit.mailbox.collections.get(server_id)
    if visit.request.version <= Version.V12_1 and collection is not None:
        fields.insert(0, element(tag("AirSync", "Class"), documents.CLASSES[collection.kind]))
    return element(tag("AirSync", "Collection"), *fields, *parts)


def _apply(visit: Visit, server_id: str, wanted: Element) -> None:
    """What the device itself did: read flags and deletions. It is not told of them again."""
    commands = wanted.find(tag("AirSync", "Commands"))
    collection = visit.mailbox.collections[server_id]
    view = visit.mailbox.view(visit.request.device_id, server_id)
    for one in () if commands is None else commands.children:
        if not isinstance(one, Element):
            continue
        item = one.text_of(tag("AirSync", "ServerId")) or ""
        if one.name == "Delete" and collection.remove(item):
            view.known.pop(item, None)
        read = one.path(tag("AirSync", "ApplicationData"), tag("Email", "Read"))
        held = collection.items.get(item)
        if one.name == "Change" and read is not None and held and isinstance(held[1], Letter):
            collection.put(replace(held[1], read=read.text == "1"), item)
            view.known[item] = collection.items[item][0]
    if commands is not None:
        visit.mailbox.changed()


def settings(visit: Visit, document: Element) -> Element:
    """Status 1 for a reported device, the address for UserInformation, Status 2 for the rest."""
    answers: list[Element] = [element(tag("Settings", "Status"), "1")]
    for asked in document.children:
        if isinstance(asked, Element):
            answers.append(element(asked.tag, *_setting(visit, asked)))
    return element(tag("Settings", "Settings"), *answers)


def _setting(visit: Visit, asked: Element) -> list[Element]:
    good = element(tag("Settings", "Status"), "1")
    if asked.tag == tag("Settings", "DeviceInformation"):
        return [good]
    if asked.tag == tag("Settings", "UserInformation"):
        address = element(tag("Settings", "SMTPAddress"), visit.mailbox.address)
        addresses = element(tag("Settings", "EmailAddresses"), address)
        return [good, element(tag("Settings", "Get"), addresses)]
    return [element(tag("Settings", "Status"), "2")]


def send_mail(visit: Visit, mime: bytes, *, keep: bool) -> Element | None:
    """Deliver a message to everyone who lives here; None is success, an element says what is wrong."""
    message = message_from_bytes(mime, _class=EmailMessage, policy=policy.default)
    fields = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    recipients = [address for _, address in getaddresses(fields) if address]
    if not recipients:
        return element(tag("ComposeMail", "SendMail"), element(tag("ComposeMail", "Status"), "119"))
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    subject = str(message.get("Subject", ""))
    letter = Letter(visit.mailbox.address, ", ".join(recipients), subject, text, visit.now)
    visit.post.deliver(letter, recipients)
    if keep:
        visit.post.keep_copy(letter, visit.mailbox.address)
    return None


def _number(root: Element, wanted: Tag) -> int | None:
    text = root.text_of(wanted)
    return int(text) if text and text.isdecimal() else None
