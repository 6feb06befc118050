"""Microsoft's twelve MS-ASPROV interop cases as our own tests, octets to octets (spec/eas-testsuites.md 2.1).

Each runs in every protocol version that it applies to, against ``mdm``: request line, gatekeeper, Provision.
The same pairs over HTTP stand with the gateway's own tests.
"""

import pytest

from mdm.ashttp import Command, Version
from mdm.device import DeviceState, WipeKind
from mdm.lifecycle import Input
from mdm.policy import Policy
from mdm.wbxml import encode
from tests.support import partnership as p
from tests.support.partnership import FORWARDED, FrontDoor, node, provision_root, text_at

each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda v: v.text)
with_status = pytest.mark.parametrize("version", p.WITH_STATUS, ids=lambda v: v.text)

STRICT = Policy()
DIRECTIVE = {WipeKind.DEVICE: "Provision:RemoteWipe", WipeKind.ACCOUNT: "Provision:AccountOnlyRemoteWipe"}


def status_of(command: Command, number: int) -> bytes:
    """The body that says one Status in a command's own root."""
    namespace = {Command.FOLDER_SYNC: "FolderHierarchy", Command.PROVISION: "Provision"}[command]
    return encode(node(f"{namespace}:{command.value}", node(f"{namespace}:Status", str(number))))


@pytest.mark.requirement(
    206, 209, 310, 378, 394, 417, 419, 441, 466, 486, 495, 601, 605, 650, 657, 662, 678, 688, 703, 888
)
@each_version
def test_s01_tc01_acknowledge_security_policy_settings(version: Version) -> None:
    door = FrontDoor(version, STRICT)

    offer = door.provision(p.initial(version))
    temporary = text_at(offer, *p.POLICY_KEY)
    assert text_at(offer, *p.PROVISION_STATUS) == "1"
    assert text_at(offer, *p.POLICY, "Provision:PolicyType") == p.WBXML_POLICY
    assert text_at(offer, *p.POLICY_STATUS) == "1"
    assert p.element_at(offer, *p.POLICY_DATA, "Provision:EASProvisionDoc") == STRICT.render(version)
    assert temporary is not None
    assert 1 <= int(temporary) <= 2**31 - 1
    assert door.folder_sync(temporary) != FORWARDED

    answer = door.provision(p.acknowledgement(temporary), temporary)
    final = text_at(answer, *p.POLICY_KEY)
    assert text_at(answer, *p.PROVISION_STATUS) == "1"
    assert text_at(answer, *p.POLICY_STATUS) == "1"
    assert final is not None
    assert final != temporary
    assert p.element_at(answer, *p.POLICY_DATA) is None

    assert door.folder_sync(final) == FORWARDED
    assert door.device.state is DeviceState.PROVISIONING_SUCCEEDED


@pytest.mark.requirement(509)
@each_version
@pytest.mark.parametrize("key", [None, 0])
def test_s01_tc02_without_acknowledging_security_policy_settings(version: Version, key: int | None) -> None:
    door = FrontDoor(version, Policy(allow_non_provisionable=True))
    assert door.folder_sync(key) == FORWARDED


@pytest.mark.requirement(207, 1044, 1045)
@each_version
def test_s01_tc03_initial_previously_setting_unset(version: Version) -> None:
    door = FrontDoor(version, Policy({"MinDevicePasswordLength": 8, "DevicePasswordHistory": 3}))
    first = door.provision(p.initial(version))
    document = (*p.POLICY_DATA, "Provision:EASProvisionDoc")
    assert text_at(first, *document, "Provision:MinDevicePasswordLength") == "8"

    door.policy = Policy({"MinDevicePasswordLength": None, "DevicePasswordHistory": None})
    second = door.provision(p.initial(version))
    empty = p.element_at(second, *document, "Provision:MinDevicePasswordLength")
    assert empty == node("Provision:MinDevicePasswordLength")
    assert text_at(second, *document, "Provision:DevicePasswordHistory") == "0"


def through_a_wipe(version: Version, kind: WipeKind) -> None:
    door = FrontDoor(version, STRICT)
    key = door.enrol()
    assert p.element_at(door.provision(p.initial(version), key), DIRECTIVE[kind]) is None

    door.order_wipe(kind)
    signal = door.folder_sync(key)
    if version >= Version.V14_0:
        assert (signal.status, signal.body) == (200, status_of(Command.FOLDER_SYNC, 140))
    else:
        assert (signal.status, door.folder_sync(None).status) == (449, 403)

    for asked in (provision_root(), p.initial(version)):
        directive = door.provision(asked)
        expected = provision_root(node("Provision:Status", "1"), node(DIRECTIVE[kind]))
        assert directive.body == encode(expected)

    done = door.provision(p.wipe_acknowledgement(kind))
    assert done.body == encode(provision_root(node("Provision:Status", "1")))
    assert door.device.state is DeviceState.WIPE_SUCCEEDED
    assert p.element_at(door.provision(p.initial(version)), DIRECTIVE[kind]) is not None
    assert door.folder_sync(key) != FORWARDED


@pytest.mark.requirement(653, 654, 702, 1041, 1042, 1047, 1048)
@each_version
def test_s02_tc01_remote_wipe(version: Version) -> None:
    through_a_wipe(version, WipeKind.DEVICE)


@pytest.mark.requirement(665, 701)
@each_version
def test_s02_tc01_remote_wipe_that_failed(version: Version) -> None:
    door = FrontDoor(version, STRICT)
    door.order_wipe()
    assert p.element_at(door.provision(provision_root()), "Provision:RemoteWipe") is not None
    for _ in range(2):
        again = door.provision(p.wipe_acknowledgement(status=2))
        expected = provision_root(node("Provision:Status", "2"), node("Provision:RemoteWipe"))
        assert again.body == encode(expected)
    assert door.device.wipe is not None
    assert (door.device.state, door.device.wipe.failures) == (DeviceState.WIPE_REQUIRED, 2)


@pytest.mark.requirement(653, 654)
@each_version
def test_the_directive_appears_only_while_a_wipe_is_required(version: Version) -> None:
    door = FrontDoor(version, STRICT)
    assert door.provision(provision_root()).body == encode(provision_root(node("Provision:Status", "1")))
    door.order_wipe()
    assert p.element_at(door.provision(provision_root()), "Provision:RemoteWipe") is not None
    door.happens(Input.WIPE_CANCELLED)
    assert door.provision(provision_root()).body == encode(provision_root(node("Provision:Status", "1")))
    assert door.folder_sync(door.enrol()) == FORWARDED


@pytest.mark.requirement(66609, 66610, 66611, 66613, 66615)
def test_s02_tc02_account_only_remote_wipe() -> None:
    through_a_wipe(Version.V16_1, WipeKind.ACCOUNT)


@pytest.mark.requirement(380, 471, 502)
@each_version
def test_s03_tc01_verify_policy_status_3(version: Version) -> None:
    reply = FrontDoor(version, STRICT).provision(p.initial(version, "InvalidPolicyType"))
    assert text_at(reply, *p.PROVISION_STATUS) == "1"
    assert text_at(reply, *p.POLICY_STATUS) == "3"
    assert p.element_at(reply, *p.POLICY_KEY) is None
    assert p.element_at(reply, *p.POLICY_DATA) is None


@pytest.mark.requirement(382, 475, 507, 658, 692, 695, 708, 761)
@each_version
def test_s03_tc02_verify_policy_status_5(version: Version) -> None:
    door = FrontDoor(version, STRICT)
    offer = door.provision(p.initial(version))
    wrong = int(text_at(offer, *p.POLICY_KEY) or 0) + 1
    reply = door.provision(p.acknowledgement(wrong), wrong)
    assert text_at(reply, *p.PROVISION_STATUS) == "1"
    assert text_at(reply, *p.POLICY_STATUS) == "5"
    assert p.element_at(reply, *p.POLICY_KEY) is None
    assert door.device.state is DeviceState.PROVISIONING_REQUIRED


@pytest.mark.requirement(395, 450, 497, 679, 697)
@each_version
def test_s03_tc03_verify_provision_status_2(version: Version) -> None:
    misplaced = provision_root(node("Provision:Policy", p.policy_type()))
    reply = FrontDoor(version, STRICT).provision(misplaced)
    assert (reply.status, reply.body) == (200, status_of(Command.PROVISION, 2))


@pytest.mark.requirement(537)
@each_version
def test_s03_tc04_verify_invalid_policy_key(version: Version) -> None:
    door = FrontDoor(version, STRICT)
    reply = door.folder_sync(str(door.enrol())[0])
    if version >= Version.V14_0:
        assert (reply.status, reply.body) == (200, status_of(Command.FOLDER_SYNC, 144))
    else:
        assert (reply.status, reply.body) == (449, b"")


def acknowledge(door: FrontDoor, status: int) -> None:
    """Fetch the policy, then say what became of it."""
    offer = door.provision(p.initial(door.version))
    temporary = text_at(offer, *p.POLICY_KEY)
    assert temporary is not None
    reply = door.provision(p.acknowledgement(temporary, status), temporary)
    expected = {2: 139, 3: 139, 4: 145}[status]
    if door.version >= Version.V14_0:
        assert (reply.status, reply.body) == (200, status_of(Command.PROVISION, expected))
    else:
        assert (reply.status, reply.body) == (403, b"")
    assert door.device.policy_key == 0


@pytest.mark.requirement(660, 681, 684, 1046)
@each_version
@pytest.mark.parametrize("status", [2, 3])
def test_s03_tc05_verify_policy_status_139(version: Version, status: int) -> None:
    acknowledge(FrontDoor(version, STRICT), status)


@pytest.mark.requirement(461, 686, 687)
@each_version
def test_s03_tc06_verify_policy_status_145(version: Version) -> None:
    acknowledge(FrontDoor(version, STRICT), 4)


@pytest.mark.requirement(458, 682, 685)
@with_status
def test_s03_tc07_verify_status_141(version: Version) -> None:
    door = FrontDoor(version, STRICT, switches={"strict_absent_key": True})
    door.enrol()
    reply = door.folder_sync(None)
    assert (reply.status, reply.body) == (200, status_of(Command.FOLDER_SYNC, 141))


@pytest.mark.requirement(368, 607)
@pytest.mark.parametrize("version", p.SERVED[2:], ids=lambda v: v.text)
def test_the_initial_request_from_14_1_must_carry_device_information(version: Version) -> None:
    reply = FrontDoor(version, STRICT).provision(p.initial(Version.V14_0))
    assert (reply.status, reply.body) == (200, status_of(Command.PROVISION, 165))
