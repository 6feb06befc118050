"""The two documents that the gateway reads for itself, over real sockets (product 3.3, 6.5; MS-ASPROV)."""

import pytest

from gateway.config import Limits
from gateway.phone.device import Provisioning
from gateway.phone.line import Answer
from gateway.records import AuditTag
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.codepages import tag
from mdm.device import AccessLevel, DeviceInformation, DeviceState
from mdm.policy import Policy
from mdm.wbxml import Element, decode, encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, reply
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN
from tests.support.mail_server import posts
from tests.support.partnership import node
from tests.support.raw import Raw
from tests.support.serving import exchange


async def test_provision_is_answered_here_and_durable_when_it_is(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = gateway.phone()
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
    device = gateway.device()
    assert (device.state, device.policy_key) == (DeviceState.PROVISIONING_SUCCEEDED, phone.policy_key)
    assert device.information.model == "Usher Phone"
    assert gateway.trail(AuditTag.POLICY_REQUESTED, AuditTag.POLICY_ACKNOWLEDGED) == [
        AuditTag.POLICY_REQUESTED,
        AuditTag.POLICY_ACKNOWLEDGED,
    ]
    assert backend.seen == []


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
@pytest.mark.parametrize("body", [b"\0", b"<Provision/>", b"\x03\x01\x6a\x00\x00\x0e\x45"])
async def test_what_is_no_wbxml_is_102(gateway: Gateway, version: Version, body: bytes) -> None:
    phone = gateway.phone(version=version)
    answer = await gateway.post(phone, Command.PROVISION, body)
    assert (answer.http, answer.status) == ((200, 102) if version >= Version.V14_0 else (400, None))


def padded(size: int) -> bytes:
    """A Provision document of exactly so many octets."""
    root = p.provision_root(node("Provision:Status", "x"))
    return encode(p.provision_root(node("Provision:Status", "x" * (size - len(encode(root)) + 1))))


async def test_the_limit_of_a_provision_document(gateway: Gateway) -> None:
    limit, phone = Limits().provision_bytes, gateway.phone()
    for size, http in ((limit, 200), (limit + 1, 413)):
        octets = padded(size)
        assert len(octets) == size
        assert (await gateway.post(phone, Command.PROVISION, octets)).http == http, size
        head = gateway.head(phone, Command.PROVISION, "Transfer-Encoding: chunked", "Connection: close")
        chunk = b"%x\r\n%b\r\n" % (1000, octets[:1000]) + b"%x\r\n%b\r\n0\r\n\r\n" % (
            size - 1000,
            octets[1000:],
        )
        assert Raw(await exchange(gateway.port, head + chunk)).statuses == [http]
    assert (await phone.provision())[0] is Provisioning.ACCEPTED


async def test_the_limit_of_a_settings_document(gateway: Gateway, backend: RecordingBackend) -> None:
    limit, phone = Limits().settings_bytes, await gateway.enrolled()
    empty = len(encode(settings("x")))
    for size, http in ((limit, 200), (limit + 1, 413)):
        octets = encode(settings("x" * (size - empty + 1)))
        assert len(octets) == size
        answer = await gateway.post(phone, Command.SETTINGS, octets)
        assert answer.http == http, size
    assert posts(backend) == ["Settings"]
    assert len(backend.seen[0].body) == limit


def settings(message: str) -> Element:
    said = node("Settings:ReplyMessage", message)
    return node(
        "Settings:Settings", node("Settings:Oof", node("Settings:Set", node("Settings:OofMessage", said)))
    )


async def test_what_a_device_reports_is_kept_and_goes_on_as_it_came(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled(version=Version.V14_0)
    body = encode(node("Settings:Settings", p.information("iPhone15,2", OS="iOS 17", IMEI="123456789012345")))
    assert (await gateway.post(phone, Command.SETTINGS, body)).http == 200
    told = gateway.device().information
    assert told == DeviceInformation(model="iPhone15,2", os="iOS 17", imei="123456789012345")
    assert backend.seen[-1].body == body
    assert AuditTag.INFORMATION_REPORTED in gateway.trail()


async def test_the_same_report_again_changes_nothing(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled(version=Version.V14_0)
    for _ in range(3):
        await phone.report()
        await gateway.quiet()
    assert gateway.trail(AuditTag.INFORMATION_REPORTED) == [AuditTag.INFORMATION_REPORTED]
    assert posts(backend) == ["Settings"] * 3


RECOVERY = "Recovery-Horse-77"
ASKED_FOR = Policy.from_document(
    {"settings": {"DevicePasswordEnabled": True, "PasswordRecoveryEnabled": True}}
)


def recovery(text: str, *others: Element) -> Element:
    given = node("Settings:DevicePassword", node("Settings:Set", node("Settings:Password", text)))
    return node("Settings:Settings", *others, given)


def became(answer: Answer) -> str | None:
    """Status of the password in an answer."""
    assert answer.document is not None
    return (
        None
        if (said := answer.document.find(tag("Settings", "DevicePassword"))) is None
        else said.text_of(tag("Settings", "Status"))
    )


async def test_a_recovery_password_is_kept_here_and_no_mail_server_sees_it(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    refused = await gateway.enrolled("bob")
    assert became(await gateway.post(refused, Command.SETTINGS, recovery(RECOVERY))) == "7"
    gateway.set_policy(ASKED_FOR)
    phone = await gateway.enrolled()
    for text, status in ((RECOVERY, "1"), ("x" * 256, "5"), ("x" * 255, "1"), ("", "1")):
        answer = await gateway.post(phone, Command.SETTINGS, recovery(text))
        assert (answer.http, answer.status, became(answer)) == (200, 1, status)
    assert gateway.made.recovery.stored_at(gateway.key()) is None
    assert backend.seen == []
    await gateway.post(phone, Command.SETTINGS, recovery(RECOVERY))
    assert gateway.made.recovery.reveal(ADMIN, gateway.key(), "forgotten").password == RECOVERY


async def test_what_else_a_settings_command_asks_reaches_the_mail_server(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    gateway.set_policy(ASKED_FOR)
    phone = await gateway.enrolled()
    oof = node("Settings:Oof", node("Settings:Get", node("Settings:BodyType", "TEXT")))
    one = node("Settings:Status", "1")
    said = node("Settings:Settings", one, node("Settings:Oof", one))
    backend.script = reply(200, encode(said), Content_Type=WBXML_TYPE)
    answer = await gateway.post(phone, Command.SETTINGS, recovery(RECOVERY, oof, p.information("Pixel")))
    assert (answer.http, became(answer)) == (200, "1")
    assert answer.document is not None
    assert answer.document.findall(tag("Settings", "Oof")) == [node("Settings:Oof", one)]
    assert posts(backend) == ["Settings"]
    assert decode(backend.seen[-1].body) == node("Settings:Settings", oof, p.information("Pixel"))
    assert gateway.device().information.model == "Pixel"
    assert RECOVERY not in repr(gateway.made.audit.query(limit=1000))


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_settings_that_cannot_be_read_do_not_go_on(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = await gateway.enrolled(version=version)
    long = node("Settings:Settings", p.information("x" * 2000))
    for body in (b"\x03\x01\x6a\x00\x00\x12", encode(p.folder_sync()), encode(long)):
        answer = await gateway.post(phone, Command.SETTINGS, body)
        assert answer.http in (200, 400)
        assert answer.status != 1
    assert backend.seen == []


async def test_a_quarantined_device_sees_nothing_and_may_report(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.QUARANTINE, "new model")
    hierarchy = await phone.folder_sync()
    assert hierarchy.document is not None
    changes = hierarchy.document.path(tag("FolderHierarchy", "Changes"), tag("FolderHierarchy", "Count"))
    assert changes is not None
    assert (hierarchy.status, changes.text) == (1, "0")
    body = node("Settings:Settings", p.information("Quarantined 1"))
    answer = await gateway.post(phone, Command.SETTINGS, body)
    assert (answer.http, answer.status) == (200, 1)
    assert gateway.device().information.model == "Quarantined 1"
    assert backend.seen == []


@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_a_quarantined_device_s_bad_documents(
    gateway: Gateway, backend: RecordingBackend, version: Version
) -> None:
    phone = await gateway.enrolled(version=version)
    async with gateway.hears():
        gateway.made.devices.set_access(ADMIN, gateway.key(), AccessLevel.QUARANTINE, "new model")
    for body, code in ((b"", 101), (b"\0", 102), (encode(p.provision_root()), 103)):
        answer = await gateway.post(phone, Command.FOLDER_SYNC, body)
        assert (answer.http, answer.status) == ((200, code) if version >= Version.V14_0 else (400, None))
    big = await gateway.post(phone, Command.SETTINGS, b"\0" * (Limits().settings_bytes + 1))
    assert big.http == 413
    assert backend.seen == []
