"""The documents that a phone sends, per version, as the specification orders them."""

from email import message_from_bytes

import pytest

from gateway.phone import messages
from gateway.phone.reading import Folder
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.device import DeviceInformation, WipeKind
from mdm.wbxml import decode, element, encode

FULL = DeviceInformation(
    model="M", imei="1", friendly_name="F", os="O", os_language="en", phone_number="2",
    user_agent="U", enable_outbound_sms="1", mobile_operator="P",
)  # fmt: skip
INBOX = Folder("5", "Inbox", 2)


def names(node):
    return [child.name for child in node.children]


@pytest.mark.parametrize("version", [Version.V12_1, Version.V14_0, Version.V14_1, Version.V16_1])
def test_the_policy_request_reports_the_device_from_14_1(version):
    expected = ["DeviceInformation", "Policies"] if version >= Version.V14_1 else ["Policies"]
    assert names(messages.policy_request(FULL, version)) == expected
    assert names(messages.policy_request(None, version)) == ["Policies"]


def test_a_12_1_phone_reports_no_fields_of_14_0():
    old = messages.settings(FULL, Version.V12_1).path(
        tag("Settings", "DeviceInformation"), tag("Settings", "Set")
    )
    new = messages.settings(FULL, Version.V14_0).path(
        tag("Settings", "DeviceInformation"), tag("Settings", "Set")
    )
    assert set(names(new)) - set(names(old)) == {"EnableOutboundSMS", "MobileOperator"}


def test_the_empty_provision_has_the_octets_of_the_specification():
    assert encode(messages.wipe_poll()) == bytes.fromhex("03016A00000E05")


@pytest.mark.parametrize(
    ("kind", "name"), [(WipeKind.DEVICE, "RemoteWipe"), (WipeKind.ACCOUNT, "AccountOnlyRemoteWipe")]
)
def test_the_wipe_acknowledgement(kind, name):
    expected = element(tag("Provision", name), element(tag("Provision", "Status"), "2"))
    assert messages.wipe_acknowledgement(kind, 2).children == [expected]


def test_class_stands_in_the_collection_up_to_12_1_only():
    def collection(version, key):
        document = messages.sync([(INBOX, key)], version, heartbeat=60, wait_minutes=1)
        assert names(document) == ["Collections", "Wait", "HeartbeatInterval"]
        return names(document.children[0].children[0])

    assert collection(Version.V12_1, "0") == ["Class", "SyncKey", "CollectionId"]
    assert collection(Version.V14_0, "0") == ["SyncKey", "CollectionId"]
    later = ["SyncKey", "CollectionId", "GetChanges", "WindowSize", "Options"]
    assert collection(Version.V16_1, "7") == later


def test_ping_names_what_to_watch():
    document = messages.ping(480, [INBOX])
    folder = document.path(tag("Ping", "Folders"), tag("Ping", "Folder"))
    assert document.text_of(tag("Ping", "HeartbeatInterval")) == "480"
    assert (folder.text_of(tag("Ping", "Id")), folder.text_of(tag("Ping", "Class"))) == ("5", "Email")


def test_a_mail_is_mime_with_network_line_ends_and_survives_wbxml():
    mime = messages.mail("a@x.test", "b@x.test", "Grüße", "Äpfel\n")
    assert b"\r\n" in mime
    assert message_from_bytes(mime)["To"] == "b@x.test"
    sent = decode(encode(messages.send_mail(mime, "id-1")))
    assert sent.find(tag("ComposeMail", "Mime")).children == [mime]
