"""The MS-ASCMD interop cases about Provision, Settings and common Status codes (spec/eas-testsuites.md 2.3).

Runs against ``mdm`` alone, from octets to octets; cases whose answer is a mail server's stand elsewhere.
"""

import pytest

from mdm import query
from mdm.access import USER_DISABLED, AccessDecision
from mdm.ashttp import Command, Reply, Version
from mdm.device import AccessLevel
from mdm.query import DeviceFieldError
from mdm.status import refusal
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.partnership import FORWARDED, FrontDoor, node, provision_root, text_at

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda v: v.text)
with_status = pytest.mark.parametrize("version", p.WITH_STATUS, ids=lambda v: v.text)


@pytest.mark.requirement(4990, 4992, 5026, 5028)
@each_version
def test_s12_tc01_download_policy(version: Version) -> None:
    door = FrontDoor(version)
    offer = door.provision(p.initial(version))
    temporary = text_at(offer, *p.POLICY_KEY)
    assert p.element_at(offer, *p.POLICY_DATA) is not None
    assert temporary is not None
    answer = door.provision(p.acknowledgement(temporary), temporary)
    assert text_at(answer, *p.POLICY_STATUS) == "1"
    assert door.folder_sync(text_at(answer, *p.POLICY_KEY)) == FORWARDED


@pytest.mark.requirement(4989)
@each_version
def test_s12_tc02_without_policy_type(version: Version) -> None:
    reply = FrontDoor(version).provision(provision_root(p.policies()))
    assert reply.body == encode(provision_root(node("Provision:Status", "2")))


@pytest.mark.requirement(4912)
@each_version
def test_s12_tc03_status_144(version: Version) -> None:
    door = FrontDoor(version)
    reply = door.folder_sync(door.enrol() + 1)
    if version < Version.V14_0:
        assert reply == Reply(449)
    else:
        assert (reply.status, text_at(reply, "FolderHierarchy:Status")) == (200, "144")


@pytest.mark.requirement(5201)
@each_version
def test_s16_tc15_settings_of_a_quarantined_device_are_kept_here(version: Version) -> None:

    door = FrontDoor(version)
    key = door.enrol()
    door.access = AccessDecision(AccessLevel.QUARANTINE, "unknown model")
    told = p.information(None, EnableOutboundSMS="1", PhoneNumber="+1 555 0100")
    reply = door.post(Command.SETTINGS, node("Settings:Settings", told), key)
    assert text_at(reply, "Settings:Status") == "1"
    assert text_at(reply, "Settings:DeviceInformation", "Settings:Status") == "1"


@pytest.mark.requirement(4954)
@pytest.mark.parametrize("version", p.SERVED[2:], ids=lambda v: v.text)
def test_s21_tc03_common_status_165(version: Version) -> None:
    reply = FrontDoor(version).provision(p.initial(Version.V14_0))
    assert text_at(reply, *p.PROVISION_STATUS) == "165"


@pytest.mark.requirement(4817, 7547)
@each_version
def test_s21_tc08_common_status_103(version: Version) -> None:
    """Microsoft's case is SendMail without Mime, which is the mail server's; ours is the wrong document."""
    reply = FrontDoor(version).provision(p.folder_sync())
    if version < Version.V14_0:
        assert reply == Reply(400)
    else:
        assert text_at(reply, *p.PROVISION_STATUS) == "103"


def status_of_field(version: Version, **fields: str) -> Reply:
    """The answer to a plain query with these device fields."""
    named = {"DeviceId": "ABC123", "DeviceType": "iPhone", **fields}
    line = f"Cmd=FolderSync&User=alice&DeviceId={named['DeviceId']}&DeviceType={named['DeviceType']}"
    with pytest.raises(DeviceFieldError) as caught:
        query.parse(line, version=version.text, policy_key="0", multipart=None)
    assert caught.value.http == 400
    if caught.value.status is None:
        return Reply(caught.value.http)
    return refusal(caught.value.command, caught.value.version, caught.value.status)


@pytest.mark.requirement(4828)
@each_version
def test_s21_tc11_common_status_108(version: Version) -> None:
    reply = status_of_field(version, DeviceId="D" * 35)
    assert reply == (Reply(400) if version < Version.V14_0 else refusal(Command.FOLDER_SYNC, version, 108))


@pytest.mark.requirement(4830)
@each_version
def test_s21_tc10_common_status_109(version: Version) -> None:
    reply = status_of_field(version, DeviceType="T" * 35)
    assert reply == (Reply(400) if version < Version.V14_0 else refusal(Command.FOLDER_SYNC, version, 109))


@pytest.mark.requirement(4869, 7555)
@each_version
@pytest.mark.parametrize("command", [Command.FOLDER_SYNC, Command.PROVISION], ids=lambda c: c.value)
def test_s21_tc12_common_status_126(version: Version, command: Command) -> None:
    door = FrontDoor(version)
    key = door.enrol()
    door.access = USER_DISABLED
    reply = door.post(command, p.folder_sync(), key)
    assert reply == (Reply(403) if version < Version.V14_0 else refusal(command, version, 126))


@pytest.mark.requirement(4917)
@with_status
def test_s21_tc14_common_status_145(version: Version) -> None:
    door = FrontDoor(version)
    temporary = text_at(door.provision(p.initial(version)), *p.POLICY_KEY)
    assert temporary is not None
    reply = door.provision(p.acknowledgement(temporary, 4), temporary)
    assert text_at(reply, *p.PROVISION_STATUS) == "145"


@pytest.mark.requirement(7547)
@each_version
def test_a_body_that_is_no_wbxml_is_102_or_400(version: Version) -> None:
    reply = FrontDoor(version).provision(b"<Provision/>")
    assert reply == (Reply(400) if version < Version.V14_0 else refusal(Command.PROVISION, version, 102))
