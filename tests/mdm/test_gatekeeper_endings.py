"""What the gatekeeper says besides the verdict: how hanging requests end, and answers in quarantine."""

from typing import Any

import pytest

from mdm.access import USER_DISABLED, AccessDecision
from mdm.ashttp import Command, Reply, Version
from mdm.device import AccessLevel, Device, DeviceInformation
from mdm.errors import ProtocolError, SchemaError, WBXMLError
from mdm.gatekeeper import QUARANTINE_SYNC_KEY, answer_here, farewell, interrupt
from mdm.policy import Policy
from mdm.status import refusal, signal449
from mdm.wbxml import decode, encode
from tests.support import partnership as p
from tests.support.partnership import KEY, node

BLOCK = AccessDecision(AccessLevel.BLOCK, "stolen")
QUARANTINE = AccessDecision(AccessLevel.QUARANTINE, "unknown model")
LAX = Policy(allow_non_provisionable=True)
each_version = pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)


def at(value: Any) -> str:
    return str(getattr(value, "value", value))


class TestInterrupt:
    @each_version
    @pytest.mark.parametrize("command", [Command.SYNC, Command.PING], ids=at)
    def test_a_device_in_compliance_may_stay(self, version: Version, command: Command) -> None:
        request = p.request(command, version, None if command is Command.PING else KEY)
        assert interrupt(request, p.provisioned(version), p.terms(version)) is None

    @each_version
    def test_a_key_that_was_renewed_meanwhile_cuts_nothing(self, version: Version) -> None:
        renewed = p.provisioned(version, policy_key=KEY + 1)
        assert interrupt(p.request(Command.SYNC, version), renewed, p.terms(version)) is None

    CHANGES = (
        (p.wiping(), {}, 140),
        (p.device(), {}, 144),
        (None, {"policy_digest": "other"}, 144),
        (None, {"refresh_due": True}, 143),
        (None, {"access": BLOCK}, 129),
        (None, {"access": USER_DISABLED}, 126),
        (None, {"access": QUARANTINE}, 129),
    )

    @each_version
    @pytest.mark.parametrize(("device", "fields", "status"), CHANGES, ids=range(len(CHANGES)))
    def test_a_change_ends_both(
        self, version: Version, device: Device | None, fields: dict[str, Any], status: int
    ) -> None:
        subject, terms = device or p.provisioned(version), p.terms(version, **fields)
        sync = interrupt(p.request(Command.SYNC, version), subject, terms)
        assert sync == refusal(Command.SYNC, version, status)
        ping = interrupt(p.request(Command.PING, version, None), subject, terms)
        assert ping == refusal(Command.PING, version, 7)

    def test_sync_follows_the_switch(self) -> None:
        terms = p.terms(Version.V16_1, signal449=True)
        cut = interrupt(p.request(Command.SYNC, Version.V16_1), p.wiping(), terms)
        assert cut == signal449(Command.SYNC, Version.V16_1, 140)

    def test_a_lax_device_without_a_key_may_stay(self) -> None:
        terms = p.terms(Version.V14_0, LAX)
        for command in (Command.SYNC, Command.PING):
            assert interrupt(p.request(command, Version.V14_0, None), p.device(), terms) is None


class TestFarewell:
    @each_version
    def test_ping_says_that_its_time_is_over(self, version: Version) -> None:
        reply = farewell(p.request(Command.PING, version, None))
        assert (reply.status, decode(reply.body)) == (200, node("Ping:Ping", node("Ping:Status", "1")))

    @each_version
    def test_sync_says_nothing_at_all(self, version: Version) -> None:
        assert farewell(p.request(Command.SYNC, version)) == Reply(200, (), b"", None)


class TestQuarantineAnswers:
    FOLDER_SYNC = p.request(Command.FOLDER_SYNC, Version.V16_1)
    SETTINGS = p.request(Command.SETTINGS, Version.V16_1)

    @pytest.mark.parametrize(
        ("said", "kept"), [("0", QUARANTINE_SYNC_KEY), ("17", "17"), ("", QUARANTINE_SYNC_KEY)]
    )
    def test_the_hierarchy_does_not_change(self, said: str, kept: str) -> None:
        reply, told = answer_here(self.FOLDER_SYNC, encode(p.folder_sync(said)))
        assert told is None
        assert decode(reply.body) == node(
            "FolderHierarchy:FolderSync",
            node("FolderHierarchy:Status", "1"),
            node("FolderHierarchy:SyncKey", kept),
            node("FolderHierarchy:Changes", node("FolderHierarchy:Count", "0")),
        )

    def test_a_report_is_taken(self) -> None:
        body = encode(node("Settings:Settings", p.information("Pixel")))
        reply, told = answer_here(self.SETTINGS, body)
        assert told == DeviceInformation(model="Pixel")
        assert p.text_at(reply, "Settings:DeviceInformation", "Settings:Status") == "1"

    def test_only_the_commands_own_document(self) -> None:
        with pytest.raises(SchemaError):
            answer_here(self.SETTINGS, encode(p.folder_sync()))
        with pytest.raises(WBXMLError):
            answer_here(self.SETTINGS, b"<Settings/>")
        with pytest.raises(ProtocolError) as caught:
            answer_here(self.FOLDER_SYNC, b"")
        assert caught.value.status == 101
