"""The one decision: its order, both ways to signal, and who may never get through."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.access import DEVICE_LIMIT, USER_DISABLED, AccessDecision
from mdm.ashttp import Command, Reply, Version
from mdm.device import AccessLevel, Device, DeviceState, WipeKind
from mdm.gatekeeper import (
    ANSWER_HERE,
    FORWARD,
    PROVISION_HERE,
    Refuse,
    Verdict,
    admit,
)
from mdm.lifecycle import WIPING
from mdm.policy import DEFAULT, Policy
from mdm.status import refusal, signal449
from mdm.wbxml import decode
from tests.support import partnership as p
from tests.support.partnership import KEY, node

BLOCK = AccessDecision(AccessLevel.BLOCK, "stolen")
QUARANTINE = AccessDecision(AccessLevel.QUARANTINE, "unknown model")
LAX = Policy(allow_non_provisionable=True)
LEGACY = (Version.V2_5, Version.V12_0)
OBSOLETE = (
    Command.GET_HIERARCHY,
    Command.CREATE_COLLECTION,
    Command.DELETE_COLLECTION,
    Command.MOVE_COLLECTION,
    Command.AUTODISCOVER,
)
CHALLENGED = [c for c in Command if c not in (*OBSOLETE, Command.PROVISION, Command.PING)]


def spoken(version: Version, commands: list[Command] = CHALLENGED) -> list[Command]:
    return [command for command in commands if command.first <= version <= command.last]


def at(value: Any) -> str:
    return str(getattr(value, "text", getattr(value, "value", value)))


each_version = pytest.mark.parametrize("version", p.SERVED, ids=at)
with_status = pytest.mark.parametrize("version", p.WITH_STATUS, ids=at)
EVERY = [(version, command) for version in p.SERVED for command in spoken(version)]
each_command = pytest.mark.parametrize(("version", "command"), EVERY, ids=at)


def verdict(
    command: Command, version: Version, device: Device, key: int | None = KEY, **fields: Any
) -> Verdict:
    return admit(p.request(command, version, key), device, p.terms(version, **fields))


def refused(command: Command, version: Version, status: int, **more: bool) -> Reply:
    return refusal(command, version, status, **more)


def reply_of(outcome: Verdict) -> Reply:
    assert isinstance(outcome, Refuse)
    return outcome.reply


class TestVersionsAndCommands:
    @pytest.mark.parametrize("version", LEGACY, ids=at)
    @pytest.mark.parametrize("command", [Command.SYNC, Command.PROVISION, Command.PING], ids=at)
    def test_old_versions_are_refused_unless_switched_on(self, version: Version, command: Command) -> None:
        device = p.provisioned(version)
        assert reply_of(verdict(command, version, device)) == Reply(400)
        assert not isinstance(verdict(command, version, device, legacy_versions=True), Refuse)

    @pytest.mark.parametrize("command", OBSOLETE, ids=at)
    @each_version
    def test_obsolete_commands_are_not_implemented(self, command: Command, version: Version) -> None:
        assert reply_of(verdict(command, version, p.provisioned(version))) == Reply(501)

    @with_status
    def test_get_attachment_ended_with_12_1(self, version: Version) -> None:
        assert reply_of(verdict(Command.GET_ATTACHMENT, version, p.provisioned(version))) == Reply(400)
        served = p.provisioned(Version.V12_1)
        assert verdict(Command.GET_ATTACHMENT, Version.V12_1, served) is FORWARD

    @pytest.mark.parametrize("version", p.SERVED[:-1], ids=at)
    def test_find_began_with_16_1(self, version: Version) -> None:
        outcome = reply_of(verdict(Command.FIND, version, p.provisioned(version)))
        expected = Reply(501) if version < Version.V14_0 else refused(Command.FIND, version, 138)
        assert outcome == expected
        assert verdict(Command.FIND, Version.V16_1, p.provisioned(Version.V16_1)) is FORWARD


class TestCompliance:
    @each_command
    def test_the_current_key_opens(self, version: Version, command: Command) -> None:
        assert verdict(command, version, p.provisioned(version)) is FORWARD

    @each_command
    @pytest.mark.parametrize("key", [None, 0])
    def test_without_a_key_the_device_is_not_provisioned(
        self, version: Version, command: Command, key: int | None
    ) -> None:
        for device in (p.device(), p.provisioned(version)):
            assert reply_of(verdict(command, version, device, key)) == refused(command, version, 142)

    @each_command
    def test_strictness_about_an_absent_key(self, version: Version, command: Command) -> None:
        device = p.provisioned(version)
        strict = verdict(command, version, device, None, strict_absent_key=True)
        assert reply_of(strict) == refused(command, version, 141)
        said_zero = verdict(command, version, device, 0, strict_absent_key=True)
        assert reply_of(said_zero) == refused(command, version, 142)

    @each_command
    @pytest.mark.parametrize("key", [KEY + 1, 1, 2**32 - 1])
    def test_a_wrong_key_is_144(self, version: Version, command: Command, key: int) -> None:
        outcome = verdict(command, version, p.provisioned(version), key)
        assert reply_of(outcome) == refused(command, version, 144)

    @each_version
    def test_a_temporary_key_opens_nothing(self, version: Version) -> None:
        device = p.device(temporary_key=77, offered_at=p.NOON)
        assert reply_of(verdict(Command.SYNC, version, device, 77)) == refused(Command.SYNC, version, 144)

    @each_version
    def test_a_changed_policy_is_144(self, version: Version) -> None:
        device = p.provisioned(version)
        changed = verdict(Command.SYNC, version, device, policy_digest="other")
        assert reply_of(changed) == refused(Command.SYNC, version, 144)
        revoked = replace(device, state=DeviceState.PROVISIONING_REQUIRED, policy_key=0, policy_digest="")
        assert reply_of(verdict(Command.SYNC, version, revoked)) == refused(Command.SYNC, version, 144)

    @each_version
    def test_a_refresh_that_is_due_is_143(self, version: Version) -> None:
        outcome = verdict(Command.SYNC, version, p.provisioned(version), refresh_due=True)
        assert reply_of(outcome) == refused(Command.SYNC, version, 143)

    @each_command
    @pytest.mark.parametrize("key", [None, 0])
    def test_a_lax_policy_serves_devices_without_a_key(
        self, version: Version, command: Command, key: int | None
    ) -> None:
        assert verdict(command, version, p.device(), key, policy=LAX, strict_absent_key=True) is FORWARD

    @each_version
    def test_a_lax_policy_does_not_serve_wrong_keys(self, version: Version) -> None:
        outcome = verdict(Command.SYNC, version, p.device(), 5, policy=LAX)
        assert reply_of(outcome) == refused(Command.SYNC, version, 144)

    @each_version
    @pytest.mark.parametrize("state", [DeviceState.PROVISIONING_REQUIRED, DeviceState.PROVISIONING_SUCCEEDED])
    @pytest.mark.parametrize("key", [None, 0, 5, KEY])
    def test_provision_needs_no_key(self, version: Version, state: DeviceState, key: int | None) -> None:
        assert verdict(Command.PROVISION, version, p.device(state), key) is PROVISION_HERE


class TestSignal449:
    @each_command
    @pytest.mark.parametrize(("key", "status"), [(0, 142), (KEY + 1, 144)])
    def test_449_with_the_body_that_200_would_have(
        self, version: Version, command: Command, key: int, status: int
    ) -> None:
        outcome = reply_of(verdict(command, version, p.provisioned(version), key, signal449=True))
        assert outcome == signal449(command, version, status)
        assert outcome.status == 449
        if version >= Version.V14_0:
            assert outcome.body == refused(command, version, status).body

    @each_command
    def test_a_wipe_is_signalled_the_same_way(self, version: Version, command: Command) -> None:
        outcome = reply_of(verdict(command, version, p.wiping(), signal449=True))
        assert outcome.status == 449

    @each_version
    def test_a_block_is_never_449(self, version: Version) -> None:
        outcome = reply_of(
            verdict(Command.SYNC, version, p.provisioned(version), signal449=True, access=BLOCK)
        )
        assert outcome == refused(Command.SYNC, version, 129)

    @each_version
    def test_ping_keeps_its_own_words(self, version: Version) -> None:
        outcome = reply_of(verdict(Command.PING, version, p.device(), None, signal449=True))
        assert outcome == refused(Command.PING, version, 7)


class TestPing:
    @each_version
    def test_a_compliant_device_needs_no_key(self, version: Version) -> None:
        for key in (None, 0, KEY, 5):
            assert verdict(Command.PING, version, p.provisioned(version), key) is FORWARD

    @each_version
    @pytest.mark.parametrize("fields", [{"policy_digest": "other"}, {"refresh_due": True}])
    def test_out_of_compliance_it_is_sent_to_folder_sync(
        self, version: Version, fields: dict[str, Any]
    ) -> None:
        outcome = reply_of(verdict(Command.PING, version, p.provisioned(version), None, **fields))
        assert (outcome.status, decode(outcome.body)) == (200, node("Ping:Ping", node("Ping:Status", "7")))

    @each_version
    def test_never_provisioned(self, version: Version) -> None:
        assert isinstance(verdict(Command.PING, version, p.device(), None), Refuse)
        assert verdict(Command.PING, version, p.device(), None, policy=LAX) is FORWARD

    @each_version
    @pytest.mark.parametrize("state", sorted(WIPING, key=lambda s: s.value))
    def test_a_wipe_is_announced_by_status_7(self, version: Version, state: DeviceState) -> None:
        outcome = verdict(Command.PING, version, p.wiping(state=state), None, policy=LAX)
        assert reply_of(outcome) == refused(Command.PING, version, 7)


class TestWipe:
    @each_command
    @pytest.mark.parametrize("state", sorted(WIPING, key=lambda s: s.value))
    @pytest.mark.parametrize("key", [None, 0, KEY])
    def test_every_command_is_sent_to_provision(
        self, version: Version, command: Command, state: DeviceState, key: int | None
    ) -> None:
        outcome = reply_of(verdict(command, version, p.wiping(state=state), key, policy=LAX))
        if version >= Version.V14_0:
            assert outcome == refused(command, version, 140)
        else:
            assert outcome == Reply(403 if key is None else 449)

    @each_version
    @pytest.mark.parametrize(
        "access", [BLOCK, QUARANTINE, USER_DISABLED, DEVICE_LIMIT], ids=lambda a: a.reason
    )
    def test_a_block_does_not_hide_the_wipe(self, version: Version, access: AccessDecision) -> None:
        assert verdict(Command.PROVISION, version, p.wiping(), access=access) is PROVISION_HERE
        outcome = reply_of(verdict(Command.SYNC, version, p.wiping(), access=access))
        assert outcome == refused(Command.SYNC, version, 140)

    @pytest.mark.parametrize("version", p.SERVED[:-1], ids=at)
    @pytest.mark.parametrize("command", [Command.SYNC, Command.PROVISION, Command.PING], ids=at)
    def test_an_account_order_below_16_1_is_a_block(self, version: Version, command: Command) -> None:
        outcome = reply_of(verdict(command, version, p.wiping(WipeKind.ACCOUNT)))
        assert outcome == refused(command, version, 129)

    def test_16_1_is_sent_to_fetch_its_account_order(self) -> None:
        device, version = p.wiping(WipeKind.ACCOUNT), Version.V16_1
        assert verdict(Command.PROVISION, version, device) is PROVISION_HERE
        assert reply_of(verdict(Command.SYNC, version, device)) == refused(Command.SYNC, version, 140)

    def test_a_record_without_its_order_is_wiped_whole(self) -> None:
        bare = replace(p.wiping(), wipe=None)
        assert verdict(Command.PROVISION, Version.V12_1, bare) is PROVISION_HERE


class TestAccess:
    @pytest.mark.parametrize(
        ("access", "status"), [(BLOCK, 129), (USER_DISABLED, 126), (DEVICE_LIMIT, 177)], ids=at
    )
    @pytest.mark.parametrize(
        ("version", "command"),
        [*EVERY, *((v, c) for v in p.SERVED for c in (Command.PROVISION, Command.PING))],
        ids=at,
    )
    def test_a_block_is_final_for_every_command(
        self, version: Version, command: Command, access: AccessDecision, status: int
    ) -> None:
        outcome = reply_of(verdict(command, version, p.provisioned(version), access=access))
        if version < Version.V14_0:
            assert outcome == Reply(403)
        elif status == 177 and version < Version.V14_1:
            assert outcome == refused(command, version, 129)
        else:
            assert outcome == refused(command, version, status)

    @each_version
    def test_quarantine_lets_a_device_provision_and_report(self, version: Version) -> None:
        device = p.provisioned(version)
        assert verdict(Command.PROVISION, version, device, access=QUARANTINE) is PROVISION_HERE
        for command in (Command.FOLDER_SYNC, Command.SETTINGS):
            assert verdict(command, version, device, access=QUARANTINE) is ANSWER_HERE
            challenged = reply_of(verdict(command, version, p.device(), 0, access=QUARANTINE))
            assert challenged == refused(command, version, 142)

    @pytest.mark.parametrize(
        ("version", "command"),
        [(v, c) for v, c in EVERY if c not in (Command.FOLDER_SYNC, Command.SETTINGS)],
        ids=at,
    )
    def test_quarantine_gives_no_mail_data(self, version: Version, command: Command) -> None:
        outcome = reply_of(verdict(command, version, p.provisioned(version), access=QUARANTINE))
        assert outcome == refused(command, version, 129)

    def test_a_lax_policy_in_quarantine_needs_no_key_and_still_forwards_nothing(self) -> None:
        outcome = verdict(Command.FOLDER_SYNC, Version.V16_1, p.device(), 0, policy=LAX, access=QUARANTINE)
        assert outcome is ANSWER_HERE


devices = st.builds(
    p.device,
    st.sampled_from(DeviceState),
    policy_key=st.sampled_from([0, KEY]),
    temporary_key=st.sampled_from([0, 77]),
    policy_digest=st.sampled_from(["", "old", *(DEFAULT.digest(v) for v in p.SERVED)]),
    wipe=st.sampled_from([None, p.wipe(), p.wipe(WipeKind.ACCOUNT)]),
)


@given(
    st.sampled_from(list(Version)),
    st.sampled_from(list(Command)),
    devices,
    st.sampled_from([None, 0, 77, KEY, KEY + 1]),
    st.booleans(),
    st.sampled_from([p.ALLOWED, BLOCK, QUARANTINE]),
    st.booleans(),
)
def test_nobody_gets_through_who_is_not_in_compliance(
    version: Version,
    command: Command,
    device: Device,
    key: int | None,
    lax: bool,
    access: AccessDecision,
    flag: bool,
) -> None:
    fields = {"signal449": flag, "strict_absent_key": flag, "legacy_versions": flag, "refresh_due": flag}
    terms = p.terms(version, LAX if lax else DEFAULT, access=access, **fields)
    outcome = admit(p.request(command, version, key), device, terms)
    if outcome is not FORWARD:
        return
    assert access is p.ALLOWED
    assert device.state not in WIPING
    assert command is not Command.PROVISION
    in_force = (
        device.state is DeviceState.PROVISIONING_SUCCEEDED and device.policy_digest == terms.policy_digest
    )
    shown = command is Command.PING or (key == device.policy_key and key != 0)
    excused = lax and (not key or (command is Command.PING and not device.policy_key))
    assert excused or (in_force and shown and not terms.refresh_due)


@each_version
@pytest.mark.parametrize("key", [None, 0], ids=str)
def test_who_had_a_key_is_not_served_without_it(version: Version, key: int | None) -> None:
    """T4, T6: a lax policy serves devices that never provision, not the copy of one that did."""
    had = replace(p.device(), proof_key=KEY)
    assert verdict(Command.SYNC, version, p.device(), key, policy=LAX) is FORWARD
    assert verdict(Command.SYNC, version, had, key, policy=LAX) is not FORWARD
