import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from mdm.ashttp import Version
from mdm.errors import QueryError
from mdm.query import (
    CACHED_QUERY_LIMIT,
    DEVICE_ID_LIMIT,
    DEVICE_TYPE_LIMIT,
    QUERY_LIMIT,
    Command,
    CommandRequest,
    DeviceFieldError,
    parse,
    to_base64,
    to_plain,
)

PLAIN = "Cmd=Sync&User=anna&DeviceId=Appl123&DeviceType=iPhone"


def plain(query: str | bytes, version: str | None = "14.1", key: str | None = None) -> CommandRequest:
    return parse(query, version=version, policy_key=key, multipart=None)


def blob(octets: bytes, key: str | None = None) -> CommandRequest:
    return parse(base64.b64encode(octets).decode(), version=None, policy_key=key, multipart=None)


def octets(
    *, version: int = 141, code: int = 0, device: bytes = b"v140Device", key: bytes = b"", rest: bytes = b""
) -> bytes:
    head = bytes((version, code)) + b"\x09\x04"
    return head + bytes((len(device),)) + device + bytes((len(key),)) + key + b"\x02SP" + rest


def http_of(query: str | bytes, version: str | None = "14.1", key: str | None = None) -> int:
    with pytest.raises(QueryError) as fault:
        plain(query, version, key)
    assert fault.value.status is None
    return fault.value.http


def http_of_blob(data: bytes) -> int:
    with pytest.raises(QueryError) as fault:
        blob(data)
    assert fault.value.status is None
    return fault.value.http


def test_plain_query_with_its_headers() -> None:
    query = "User=DOM%5Canna&DeviceId=abc-1&DeviceType=iPhone&CollectionId=5&ItemId=5%3A1"
    query += "&SaveInSent=T&Cmd=SmartReply"
    request = parse(query, version="12.1", policy_key="3219837654", multipart="T")
    assert request == CommandRequest(
        command=Command.SMART_REPLY,
        device_id="ABC-1",
        device_type="iPhone",
        version=Version.V12_1,
        policy_key=3219837654,
        user="DOM\\anna",
        parameters=(("CollectionId", "5"), ("ItemId", "5:1")),
        save_in_sent=True,
        accept_multipart=True,
    )
    assert request.parameter("ItemId") == "5:1"
    assert request.parameter("LongId") is None


def test_base64_example_of_the_specification() -> None:
    request = plain("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l", version=None)
    assert request == CommandRequest(
        command=Command.SYNC,
        device_id="V140DEVICE",
        device_type="SmartPhone",
        version=Version.V14_0,
        locale=0x0409,
        base64=True,
        device_id_octets=b"v140Device",
    )


def test_base64_of_a_binary_device_is_the_hexadecimal_id_of_its_plain_form() -> None:
    device = bytes(range(0xF0, 0x100))
    request = blob(octets(device=device, code=17, key=b"\0\0\0\0"))
    assert (request.command, request.policy_key) == (Command.SETTINGS, 0)
    assert (
        request.device_id
        == device.hex().upper()
        == plain(f"Cmd=Sync&DeviceId={device.hex()}&DeviceType=SP").device_id
    )
    assert request.device_id_octets == device


def test_base64_of_nine_with_empty_options() -> None:
    request = blob(octets(device=b"Nine4383AF346860", key=b"\0\0\0\0", rest=b"\x07\x01\x00"))
    assert (request.device_id, request.save_in_sent, request.accept_multipart) == (
        "NINE4383AF346860",
        False,
        False,
    )


def test_base64_parameters_and_options() -> None:
    rest = b"\x01\x015\x03\x035:1\x07\x01\x03\x08\x04anna\x2a\x02??"
    request = blob(octets(code=2, rest=rest))
    assert request.parameters == (("CollectionId", "5"), ("ItemId", "5:1"))
    assert (request.save_in_sent, request.accept_multipart, request.user) == (True, True, "anna")


@pytest.mark.parametrize("command", list(Command), ids=lambda command: command.value)
def test_every_command_is_understood_in_both_forms(command: Command) -> None:
    assert plain(f"Cmd={command.value}&DeviceId=a&DeviceType=b").command is command
    if command.code is not None:
        assert blob(octets(code=command.code)).command is command


@pytest.mark.parametrize("code", [5, 6, 7, 8, 24, 25, 128, 255])
def test_unassigned_command_codes_are_501(code: int) -> None:
    assert http_of_blob(octets(code=code)) == 501


@pytest.mark.requirement("MS-ASHTTP_S02_TC05")
@pytest.mark.parametrize("name", ["Nothing", "sync", "OPTIONS", "", "GetItemEstimates"])
def test_unknown_commands_are_501(name: str) -> None:
    assert http_of(f"Cmd={name}&User=a&DeviceId=a&DeviceType=b") == 501


@pytest.mark.requirement("MS-ASHTTP_S02_TC01")
@pytest.mark.parametrize("version", [0, 25, 120, 122, 139, 142, 162, 191, 255])
def test_unknown_version_octets_are_400_every_time(version: int) -> None:
    assert [http_of_blob(octets(version=version)) for _ in range(2)] == [400, 400]


@pytest.mark.parametrize("version", [None, "", "1.0", "12", "14.10", "16.2", " 14.1", "latest"])
def test_a_plain_query_needs_a_known_version_header(version: str | None) -> None:
    assert http_of(PLAIN, version) == 400


def test_the_blob_needs_no_version_header_and_believes_none() -> None:
    query = base64.b64encode(octets(version=160)).decode()
    for header in (None, "12.1", "nonsense"):
        assert parse(query, version=header, policy_key=None, multipart="T") == blob(octets(version=160))


@pytest.mark.parametrize(
    ("in_blob", "header", "key"),
    [
        (b"", None, None),
        (b"", "7", 7),
        (b"\x07\0\0\0", None, 7),
        (b"\x07\0\0\0", "8", 7),
        (b"\0\0\0\0", "8", 0),
        (b"\xff\xff\xff\xff", None, 0xFFFFFFFF),
    ],
)
def test_policy_key_of_the_blob_comes_before_the_header(
    in_blob: bytes, header: str | None, key: int | None
) -> None:
    assert blob(octets(key=in_blob), header).policy_key == key


@pytest.mark.parametrize(("header", "key"), [(None, None), ("0", 0), ("1", 1), ("4294967295", 0xFFFFFFFF)])
def test_policy_key_header(header: str | None, key: int | None) -> None:
    assert plain(PLAIN, key=header).policy_key == key


@pytest.mark.parametrize(
    "header",
    ["", " 1", "1 ", "+1", "-1", "0x1", "1e3", "1_0", "4294967296", "00000000001", "١", "1\n", "abc"],
)
def test_policy_key_header_is_a_decimal_uint32_or_400(header: str) -> None:
    assert http_of(PLAIN, key=header) == 400
    with pytest.raises(QueryError):
        blob(octets(key=b"\0\0\0\0"), header)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_policy_key_of_the_blob_has_no_or_four_octets(length: int) -> None:
    assert http_of_blob(octets(key=b"\0" * length)) == 400


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.rstrip("="),
        lambda text: text,
        lambda text: text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        lambda text: text.replace("+", "%2b").replace("/", "%2f").replace("=", "%3d"),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
    ],
)
def test_every_spelling_of_base64_is_the_same_request(spelling: Callable[[str], str]) -> None:
    for extra in range(3):
        data = octets(device=b"\xf8\xfb\xef\xbe\xff\xff\xff", rest=b"\x01" + bytes((extra,)) + b"5" * extra)
        text = base64.b64encode(data).decode()
        assert "+" in text and "/" in text
        assert plain(spelling(text), version=None) == blob(data)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "jAA",
        "jAAJ BAp2",
        "jAAJBAp2MTQw=RGV2",
        "jAAJB",
        "jAA=====",
        "%ZZ",
        "é",
        "jAAJ%00BAp2",
        "abc=",
    ],
)
def test_broken_base64_is_400(query: str) -> None:
    assert http_of(query) == 400


@pytest.mark.parametrize("cut", range(1, len(octets(rest=b"\x01\x0512345"))))
def test_a_length_past_the_end_is_400(cut: int) -> None:
    data = octets(rest=b"\x01\x0512345")
    complete = len(octets())
    if cut == complete:
        assert blob(data[:cut]).parameters == ()
    else:
        assert http_of_blob(data[:cut]) == 400


@pytest.mark.parametrize(
    "rest",
    [
        b"\x01\x015\x01\x015",
        b"\x07\x00",
        b"\x07\x02\0\0",
        b"\x07\x01\0\x07\x01\0",
        b"\x08\x01\xff",
        b"\x01\x01\n",
        b"\x08\x02\xc2\x85",
        b"\x2a\x00\x2a\x00",
    ],
)
def test_base64_parameters_twice_misshapen_or_not_text_are_400(rest: bytes) -> None:
    assert http_of_blob(octets(rest=rest)) == 400


@pytest.mark.parametrize(
    "query",
    [
        "Cmd=Sync&Cmd=Provision&User=a&DeviceId=a&DeviceType=b",
        "Cmd=Sync&cmd=Sync&User=a&DeviceId=a&DeviceType=b",
        PLAIN + "&deviceid=Appl123",
        PLAIN + "&Us%65r=bob",
        PLAIN + "&X-1=1&x-1=2",
        "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l&" + PLAIN,
        PLAIN + "&jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25lAA==",
        PLAIN + "&jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25lA%3D",
        PLAIN + "&=5",
        PLAIN + "&Flag",
        PLAIN + "&CollectionId=a%0D%0AX:1",
        PLAIN + "&CollectionId=a%00",
        PLAIN + "&CollectionId=\n",
        PLAIN + "&CollectionId=%C2%85",
        PLAIN + "&CollectionId=%7F",
        PLAIN + "&CollectionId=%",
        PLAIN + "&CollectionId=%4",
        PLAIN + "&CollectionId=%GG",
        PLAIN + "&CollectionId=%u0041",
        PLAIN + "&CollectionId=%FF",
        PLAIN + "&CollectionId=%C0%AF",
        PLAIN + "&CollectionId=%ED%A0%80",
        PLAIN + "&CollectionId=\ud800",
        PLAIN + "&SaveInSent=1",
        "User=anna&DeviceId=a&DeviceType=b",
        "DeviceType=Sync&x=Cmd=Sync",
        "&",
    ],
)
def test_duplicates_mixtures_and_broken_escapes_are_400(query: str) -> None:
    assert http_of(query) == 400


def test_octets_that_are_not_utf8_are_400() -> None:
    assert http_of(PLAIN.encode() + b"&CollectionId=\xff") == 400
    assert plain(PLAIN.encode() + "&CollectionId=é".encode()).parameters == (("CollectionId", "é"),)


def test_plus_is_no_space_and_names_match_in_any_case() -> None:
    request = plain("cmd=Sync&&USER=a+b%40x&deviceid=a&DEVICETYPE=b&")
    assert (request.command, request.user) == (Command.SYNC, "a+b@x")


def test_unknown_plain_parameters_are_dropped() -> None:
    assert plain(PLAIN + "&Trace=1") == plain(PLAIN)


def test_base64_that_ends_like_a_plain_query_is_base64() -> None:
    aligned = octets(device=b"mydevice", rest=b"\x2a\x04??")
    assert len(aligned) % 3 == 0
    text = base64.b64encode(aligned).decode() + "Cmd="
    assert plain(text, version=None).base64


@pytest.mark.requirement("MS-ASCMD_S21_TC11")
@pytest.mark.parametrize(
    "device_id", ["", "a" * (DEVICE_ID_LIMIT + 1), "a" * 35, "a b", "a/b", "ä", "a%2Fb", "a\u00adb"]
)
def test_a_device_id_of_the_wrong_form_is_108(device_id: str) -> None:
    for version, status in (("16.1", 108), ("14.0", 108), ("12.1", None), ("2.5", None)):
        with pytest.raises(DeviceFieldError) as fault:
            plain(f"Cmd=FolderSync&User=a&DeviceId={device_id}&DeviceType=SP", version)
        assert (fault.value.http, fault.value.status) == (400, status)
        assert (fault.value.command, fault.value.version.text) == (Command.FOLDER_SYNC, version)


@pytest.mark.requirement("MS-ASCMD_S21_TC10")
@pytest.mark.parametrize(
    "device_type", ["", "a" * (DEVICE_TYPE_LIMIT + 1), "a" * 35, "a/b", "<b>", "%20a", "a%20", "ä"]
)
def test_a_device_type_of_the_wrong_form_is_109(device_type: str) -> None:
    for version, status in (("14.0", 109), ("12.1", None)):
        with pytest.raises(DeviceFieldError) as fault:
            plain(f"Cmd=FolderSync&User=a&DeviceId=a&DeviceType={device_type}", version)
        assert (fault.value.http, fault.value.status) == (400, status)


def test_missing_device_fields_are_108_and_109() -> None:
    for query, status in (("Cmd=Sync&DeviceType=b", 108), ("Cmd=Sync&DeviceId=b", 109)):
        with pytest.raises(DeviceFieldError) as fault:
            plain(query)
        assert fault.value.status == status


@pytest.mark.parametrize("device_id", ["a", "a" * DEVICE_ID_LIMIT, "A.b_c-d", "0"])
def test_device_ids_of_the_right_form_are_upper_cased(device_id: str) -> None:
    request = plain(f"Cmd=Sync&DeviceId={device_id}&DeviceType=Windows%20Mail")
    assert (request.device_id, request.device_type) == (device_id.upper(), "Windows Mail")
    assert blob(octets(device=device_id.encode())).device_id == device_id.upper()


@pytest.mark.parametrize("device", [b"", b"\xff" * 17, b"a" * 33])
def test_base64_device_ids_without_a_plain_form_are_108(device: bytes) -> None:
    with pytest.raises(DeviceFieldError) as fault:
        blob(octets(device=device))
    assert fault.value.status == 108


def test_discovery_needs_neither_device_nor_version() -> None:
    request = plain("Cmd=Autodiscover", version=None)
    assert (request.command, request.device_id, request.device_type) == (Command.AUTODISCOVER, "", "")
    assert plain("Cmd=Autodiscover&DeviceId=a", "14.0").version is Version.V14_0
    with pytest.raises(DeviceFieldError):
        plain("Cmd=Autodiscover&DeviceId=a/b", "14.0")


def test_query_limit_from_just_below_to_just_above() -> None:
    base = PLAIN + "&LongId="
    for length in (QUERY_LIMIT - 1, QUERY_LIMIT):
        assert plain(base + "x" * (length - len(base))).parameters[0][0] == "LongId"
    assert http_of(base + "x" * (QUERY_LIMIT + 1 - len(base))) == 400


def test_remembering_changes_nothing() -> None:
    base = PLAIN + "&LongId="
    for length in (CACHED_QUERY_LIMIT, CACHED_QUERY_LIMIT + 1):
        query = base + "x" * (length - len(base))
        assert plain(query) == plain(query) == plain(query.encode())
    assert plain(PLAIN, "14.1", "1") != plain(PLAIN, "14.1", "2")
    assert plain(PLAIN, "14.0") != plain(PLAIN, "14.1")


def test_the_base64_form_has_no_room_for_everything() -> None:
    request = plain(PLAIN)
    for impossible in (
        replace(request, command=Command.GET_HIERARCHY),
        replace(request, version=Version.V12_0),
        replace(request, parameters=(("LongId", "x" * 256),)),
    ):
        with pytest.raises(QueryError):
            to_base64(impossible)
    assert parse(
        to_base64(replace(request, parameters=(("LongId", "x" * 255),))),
        version=None,
        policy_key=None,
        multipart=None,
    ).parameters == (("LongId", "x" * 255),)


def test_the_plain_query_carries_the_account_of_the_mail_server_and_escapes_everything() -> None:
    request = replace(plain(PLAIN), parameters=(("CollectionId", "a&Cmd=Provision/é+ "),), save_in_sent=True)
    assert to_plain(request, user="DOM\\anna@x") == (
        "Cmd=Sync&User=DOM%5Canna%40x&DeviceId=APPL123&DeviceType=iPhone"
        "&CollectionId=a%26Cmd%3DProvision%2F%C3%A9%2B%20&SaveInSent=T"
    )
