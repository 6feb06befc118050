import pytest

from mdm.ashttp import (
    COMMANDS_OFFERED,
    REASONS,
    Command,
    Reply,
    Version,
    is_wbxml,
    options_reply,
    rp_headers,
    version,
)
from mdm.codepages import NAMES
from mdm.errors import QueryError

CODES = {
    "Sync": 0,
    "SendMail": 1,
    "SmartForward": 2,
    "SmartReply": 3,
    "GetAttachment": 4,
    "FolderSync": 9,
    "FolderCreate": 10,
    "FolderDelete": 11,
    "FolderUpdate": 12,
    "MoveItems": 13,
    "GetItemEstimate": 14,
    "MeetingResponse": 15,
    "Search": 16,
    "Settings": 17,
    "Ping": 18,
    "ItemOperations": 19,
    "Provision": 20,
    "ResolveRecipients": 21,
    "ValidateCert": 22,
    "Find": 23,
}


def test_versions_are_ordered_and_have_text_and_code() -> None:
    texts = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"]
    assert [known.text for known in sorted(Version)] == texts
    assert [version(text) for text in texts] == list(Version)
    assert Version.V16_1.code == 161
    assert Version.V2_5 < Version.V12_0 < Version.V14_0 <= Version.V14_0


@pytest.mark.parametrize("text", ["", "14", "14.2", "14.1 ", "16,1", "V14_1"])
def test_other_versions_are_400(text: str) -> None:
    with pytest.raises(QueryError) as fault:
        version(text)
    assert fault.value.http == 400


def test_commands_have_the_codes_of_the_specification() -> None:
    assert {command.value: command.code for command in Command if command.code is not None} == CODES


def test_a_wbxml_command_has_the_root_of_its_own_name() -> None:
    for command in Command:
        assert all(NAMES[root][1] == command.value for root in command.roots)
    assert {command for command in Command if not command.roots} == {
        *(Command.GET_ATTACHMENT, Command.GET_HIERARCHY, Command.AUTODISCOVER),
        *(Command.CREATE_COLLECTION, Command.DELETE_COLLECTION, Command.MOVE_COLLECTION),
    }


def test_commands_offered_grow_with_the_version() -> None:
    assert list(COMMANDS_OFFERED) == list(Version)
    assert len(COMMANDS_OFFERED[Version.V2_5]) == 21
    assert set(COMMANDS_OFFERED[Version.V12_0]) - set(COMMANDS_OFFERED[Version.V2_5]) == {
        *(Command.SETTINGS, Command.ITEM_OPERATIONS)
    }
    assert COMMANDS_OFFERED[Version.V12_0] == COMMANDS_OFFERED[Version.V16_0]
    assert set(COMMANDS_OFFERED[Version.V16_1]) - set(COMMANDS_OFFERED[Version.V16_0]) == {Command.FIND}
    assert all(Command.AUTODISCOVER not in offered for offered in COMMANDS_OFFERED.values())


@pytest.mark.requirement("MS-ASHTTP_S04_TC01")
def test_options_answer_has_both_lists_without_spaces_and_no_body() -> None:
    reply = options_reply([Version.V14_1, Version.V12_1], ["Sync", "Provision"])
    headers = dict(reply.headers)
    assert (reply.status, reply.body, reply.media_type) == (200, b"", None)
    assert headers["MS-ASProtocolVersions"] == "12.1,14.1"
    assert headers["MS-ASProtocolCommands"] == "Sync,Provision"
    assert headers["MS-Server-ActiveSync"] == "14.1"
    assert headers["Public"] == headers["Allow"] == "OPTIONS,POST"
    assert headers["Cache-Control"] == "private"


@pytest.mark.requirement("MS-ASHTTP_R1202")
def test_rp_headers_announce_versions_and_commands() -> None:
    assert rp_headers(iter([Version.V16_1, Version.V2_5]), ["Sync", "Ping"]) == (
        ("X-MS-RP", "2.5,16.1"),
        ("MS-ASProtocolVersions", "2.5,16.1"),
        ("MS-ASProtocolCommands", "Sync,Ping"),
    )


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("application/vnd.ms-sync.wbxml", True),
        ("application/vnd.ms-sync", True),
        ("Application/Vnd.MS-Sync ; charset=utf-8", True),
        ("application/vnd.ms-sync.multipart", False),
        ("message/rfc822", False),
        ("", False),
        (None, False),
    ],
)
def test_both_content_types_are_wbxml(content_type: str | None, answer: bool) -> None:
    assert is_wbxml(content_type) is answer


def test_reason_phrases_cover_what_python_lacks() -> None:
    assert {449, 451, 456, 457, 507} <= set(REASONS)


def test_a_reply_is_a_value() -> None:
    assert Reply(449) == Reply(449, (), b"", None)
