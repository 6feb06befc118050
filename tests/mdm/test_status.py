import pytest

from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.codepages import NAMES, tag
from mdm.element import element
from mdm.status import COMMON, Place, document, http_equivalent, place, refusal, signal449
from mdm.wbxml import decode

OLD = [version for version in Version if version < Version.V14_0]
NEW = [version for version in Version if version >= Version.V14_0]
HTTP_ONLY = {
    *(Command.GET_ATTACHMENT, Command.GET_HIERARCHY, Command.AUTODISCOVER),
    *(Command.CREATE_COLLECTION, Command.DELETE_COLLECTION, Command.MOVE_COLLECTION),
}
STATED = {
    **dict.fromkeys((101, 103, 106, 138, 147), 400),
    **dict.fromkeys((112, 125, 126, 132), 403),
    **dict.fromkeys((140, 141, 142, 143, 144), 449),
    110: 500,
    111: 503,
    113: 507,
    137: 501,
}


def test_the_table_has_every_assigned_code_and_its_version() -> None:
    assert set(COMMON) == set(range(101, 185)) - {157, 158, 159, 180, 181, 182}
    assert all(row.number == number for number, row in COMMON.items())
    assert len({row.name for row in COMMON.values()}) == len(COMMON)
    assert [COMMON[number].since for number in (163, 164, 177, 178)] == [
        *(Version.V14_0, Version.V14_1, Version.V14_1, Version.V16_0)
    ]
    assert COMMON[142].name == "DeviceNotProvisioned"


def test_http_equivalents_that_the_specification_states_are_these() -> None:
    assert {number: row.http for number, row in COMMON.items() if row.stated} == STATED
    assert http_equivalent(Command.SEND_MAIL, 106) == 500
    assert http_equivalent(Command.PROVISION, 132) == 500
    assert http_equivalent(Command.SYNC, 140, key_sent=True) == 449
    assert http_equivalent(Command.SYNC, 140, key_sent=False) == 403
    assert http_equivalent(Command.SYNC, 142, key_sent=False) == 449


def test_every_other_http_equivalent_is_an_error() -> None:
    assert all(400 <= row.http < 600 for row in COMMON.values())


def test_the_place_is_the_status_of_the_commands_own_page() -> None:
    for command in set(Command) - HTTP_ONLY:
        where = place(command)
        assert where is not None
        assert where.path[0] == command.roots[0]
        assert NAMES[where.status] == (NAMES[where.path[0]][0], "Status")
    assert {command for command in Command if place(command) is None} == HTTP_ONLY


@pytest.mark.parametrize(
    ("command", "path", "status"),
    [
        (Command.SYNC, ((0, 0x05),), (0, 0x0E)),
        (Command.FOLDER_SYNC, ((7, 0x16),), (7, 0x0C)),
        (Command.PING, ((13, 0x05),), (13, 0x07)),
        (Command.PROVISION, ((14, 0x05),), (14, 0x0B)),
        (Command.SETTINGS, ((18, 0x05),), (18, 0x06)),
        (Command.ITEM_OPERATIONS, ((20, 0x05),), (20, 0x0D)),
        (Command.SEND_MAIL, ((21, 0x05),), (21, 0x12)),
        (Command.SMART_REPLY, ((21, 0x07),), (21, 0x12)),
        (Command.SEARCH, ((15, 0x05),), (15, 0x0C)),
        (Command.MOVE_ITEMS, ((5, 0x05),), (5, 0x0B)),
        (Command.GET_ITEM_ESTIMATE, ((6, 0x05),), (6, 0x0E)),
        (Command.MEETING_RESPONSE, ((8, 0x07), (8, 0x0A)), (8, 0x0B)),
        (Command.RESOLVE_RECIPIENTS, ((10, 0x05),), (10, 0x07)),
        (Command.VALIDATE_CERT, ((11, 0x05),), (11, 0x0A)),
        (Command.FIND, ((25, 0x05),), (25, 0x0A)),
    ],
)
def test_places_by_number(
    command: Command, path: tuple[tuple[int, int], ...], status: tuple[int, int]
) -> None:
    assert place(command) == Place(path, status)


def test_document_of_a_folder_sync_to_the_octet() -> None:
    reply = refusal(Command.FOLDER_SYNC, Version.V14_1, 142)
    assert reply == Reply(200, (), bytes.fromhex("03016A000007564C03313432000101"), WBXML_TYPE)


@pytest.mark.parametrize("command", sorted(set(Command) - HTTP_ONLY, key=lambda command: command.value))
def test_from_14_0_a_refusal_is_the_commands_own_document(command: Command) -> None:
    where = place(command)
    assert where is not None
    for version in NEW:
        for number in COMMON:
            reply = refusal(command, version, number)
            root = decode(reply.body)
            assert (reply.status, root.tag) == (200, where.path[0])
            holder = root.path(*where.path[1:])
            assert holder is not None
            assert holder.text_of(where.status) == str(number)


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize("command", list(Command), ids=lambda command: command.value)
def test_up_to_12_1_a_refusal_is_http_alone(command: Command, version: Version) -> None:
    for number in COMMON:
        assert refusal(command, version, number) == Reply(http_equivalent(command, number))


def test_commands_without_wbxml_answers_are_refused_by_http_in_every_version() -> None:
    for command in HTTP_ONLY:
        assert document(command, 142) is None
        assert refusal(command, Version.V16_1, 137) == Reply(501)
        assert signal449(command, Version.V16_1, 142) == Reply(449)


def test_a_wipe_without_key_is_403_up_to_12_1_only() -> None:
    assert refusal(Command.SYNC, Version.V12_1, 140, key_sent=False) == Reply(403)
    assert refusal(Command.SYNC, Version.V12_1, 140) == Reply(449)
    assert refusal(Command.SYNC, Version.V14_0, 140, key_sent=False).status == 200


def test_a_commands_own_status_is_wbxml_in_every_version_that_answers_in_wbxml() -> None:
    ping = tag("Ping", "Ping"), tag("Ping", "Status")
    for version in Version:
        reply = refusal(Command.PING, version, 7)
        assert (reply.status, decode(reply.body)) == (200, element(ping[0], element(ping[1], "7")))
    assert refusal(Command.SEND_MAIL, Version.V12_1, 5) == Reply(500)
    assert refusal(Command.GET_ATTACHMENT, Version.V12_1, 5) == Reply(500)


def test_signal_449_carries_the_status_from_14_0_on() -> None:
    for version in Version:
        reply = signal449(Command.SYNC, version, 144)
        assert reply.status == 449
        if version >= Version.V14_0:
            assert (reply.body, reply.media_type) == (refusal(Command.SYNC, version, 144).body, WBXML_TYPE)
        else:
            assert reply == Reply(449)


def test_an_unassigned_code_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        refusal(Command.SYNC, Version.V12_1, 157)
