"""Every command of the sample server with its statuses."""

import asyncio
from dataclasses import replace

import pytest

from gateway.phone import messages
from gateway.phone.reading import Folder, awakening, collections, hierarchy
from gateway.sample import commands
from gateway.sample.mailbox import INBOX, SENT, Letter
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.device import DeviceInformation
from mdm.wbxml import element

FOLDER = Folder(INBOX, "Inbox", 2)
V = Version.V14_1


def asking(key, folder=FOLDER, **more):
    return messages.sync([(folder, key)], V, **more)


async def answered(visit, document):
    answer = await commands.sync(visit, document)
    return collections(answer)[0]


def test_folders_for_key_zero_none_for_the_key_in_force_and_nothing_else(visit):
    first = hierarchy(commands.folder_sync(visit, messages.folder_sync("0")))
    assert (first.status, len(first.added)) == (1, 4)
    assert hierarchy(commands.folder_sync(visit, messages.folder_sync(first.key))).added == ()
    assert hierarchy(commands.folder_sync(visit, messages.folder_sync("9"))).status == 9
    empty = element(tag("FolderHierarchy", "FolderSync"))
    assert hierarchy(commands.folder_sync(visit, empty)).status == 10


async def test_a_sync_primes_and_then_tells(visit):
    primed = await answered(visit, asking("0"))
    assert (primed.status, primed.key, primed.added) == (1, "1", {})
    told = await answered(visit, asking("1"))
    assert (told.status, told.key, len(told.added), told.more) == (1, "2", 3, False)
    assert len((await answered(visit, asking("2"))).added) == 0


async def test_the_window_of_the_device_is_kept(visit):
    await commands.sync(visit, asking("0"))
    told = await answered(visit, asking("1", window=2))
    assert (len(told.added), told.more) == (2, True)


@pytest.mark.parametrize(("folder", "key", "status"), [(FOLDER, "77", 3), (Folder("99", "x", 2), "0", 12)])
async def test_wrong_keys_and_folders(visit, folder, key, status):
    assert (await answered(visit, asking(key, folder))).status == status


async def test_statuses_of_the_whole(visit):
    assert (await commands.sync(visit, None)).text_of(tag("AirSync", "Status")) == "13"
    both = asking("0", wait_minutes=1, heartbeat=60)
    assert (await commands.sync(visit, both)).text_of(tag("AirSync", "Status")) == "4"


async def test_a_hanging_sync_ends_with_mail_or_empty(visit):
    await commands.sync(visit, asking("0"))
    await commands.sync(visit, asking("1"))
    assert await commands.sync(visit, asking("2", heartbeat=1)) is None
    hanging = asyncio.ensure_future(commands.sync(visit, asking("2", heartbeat=30)))
    await asyncio.sleep(0.05)
    letter = Letter("bob@x.test", "alice@x.test", "S", "t", visit.now)
    visit.post.deliver(letter, ["alice@x.test"])
    answer = await asyncio.wait_for(hanging, 2)
    assert len(collections(answer)[0].added) == 1


async def test_an_unknown_folder_does_not_hang(visit):
    assert (await answered(visit, asking("5", Folder("99", "x", 2), heartbeat=30))).status == 12


async def test_what_the_device_did_itself_is_not_told_back(visit):
    await commands.sync(visit, asking("0"))
    told = await answered(visit, asking("1"))
    first, second, _ = told.added
    document = asking("2")
    read = element(tag("AirSync", "ApplicationData"), element(tag("Email", "Read"), "1"))
    document.children[0].children[0].children.append(
        element(
            tag("AirSync", "Commands"),
            element(tag("AirSync", "Change"), element(tag("AirSync", "ServerId"), first), read),
            element(tag("AirSync", "Delete"), element(tag("AirSync", "ServerId"), second)),
        )
    )
    after = await answered(visit, document)
    assert (after.added, after.changed, after.removed) == ({}, {}, ())
    held = visit.mailbox.collections[INBOX].items
    assert held[first][1].read
    assert second not in held


async def test_12_1_is_told_the_class(visit):
    old = replace(visit, request=replace(visit.request, version=Version.V12_1))
    answer = await commands.sync(old, messages.sync([(FOLDER, "0")], Version.V12_1))
    assert answer.children[0].children[0].text_of(tag("AirSync", "Class")) == "Email"


async def test_ping_statuses(visit):
    watchers = commands.Watchers()

    async def ping(document):
        return awakening(await watchers.ping(visit, document))

    assert (await ping(None)).status == 3
    assert await ping(messages.ping(9999, [FOLDER])) == awakening_of(5, 3540)
    assert (await ping(messages.ping(60, [Folder("99", "x", 2)]))).status == 7
    assert (await ping(messages.ping(60, [FOLDER]))).folders == (INBOX,)
    visit.mailbox.view("A1", INBOX).tell(visit.mailbox.collections[INBOX], 100)
    assert (await ping(messages.ping(1, [FOLDER]))).status == 1
    assert (await ping(None)).status == 1


async def test_ping_wakes_with_mail(visit):
    visit.mailbox.view("A1", INBOX).tell(visit.mailbox.collections[INBOX], 100)
    hanging = asyncio.ensure_future(commands.Watchers().ping(visit, messages.ping(60, [FOLDER])))
    await asyncio.sleep(0.05)
    assert not hanging.done()
    commands.send_mail(visit, messages.mail("a@x.test", "alice@x.test", "S", "t"), keep=False)
    assert awakening(await asyncio.wait_for(hanging, 2)).status == 2


def awakening_of(status, limit):
    return awakening(
        element(
            tag("Ping", "Ping"),
            element(tag("Ping", "Status"), str(status)),
            element(tag("Ping", "HeartbeatInterval"), str(limit)),
        )
    )


def test_mail_goes_to_everybody_who_lives_here(visit):
    mime = messages.mail("alice@x.test", "Bob <bob@x.test>, someone@else.test", "Grüße", "Text\n")
    assert commands.send_mail(visit, mime, keep=True) is None
    arrived = next(iter(visit.post.mailboxes["bob@x.test"].collections[INBOX].items.values()))[1]
    assert (arrived.subject, arrived.text.strip(), arrived.sender) == ("Grüße", "Text", "alice@x.test")
    assert len(visit.mailbox.collections[SENT].items) == 1


def test_mail_to_nobody(visit):
    fault = commands.send_mail(visit, b"Subject: x\r\n\r\nbody", keep=False)
    assert fault.text_of(tag("ComposeMail", "Status")) == "119"


def test_settings(visit):
    report = messages.settings(DeviceInformation(model="M"), V)
    report.children.append(element(tag("Settings", "UserInformation"), element(tag("Settings", "Get"))))
    report.children.append(element(tag("Settings", "Oof"), element(tag("Settings", "Get"))))
    answer = commands.settings(visit, report)
    names = [child.name for child in answer.children]
    assert names == ["Status", "DeviceInformation", "UserInformation", "Oof"]
    statuses = [child.text_of(tag("Settings", "Status")) for child in answer.children[1:]]
    assert statuses == ["1", "1", "2"]
