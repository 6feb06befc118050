"""Query strings nobody would send: a request within limits or QueryError. And both forms round-trip."""

import base64
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdm.ashttp import Version
from mdm.errors import QueryError
from mdm.query import DEVICE_ID_LIMIT, Command, CommandRequest, parse, to_base64, to_plain
from tests.support.examples import examples

BLOBS = st.builds(
    lambda head, tail: base64.b64encode(head + tail),
    st.sampled_from(
        [b"", b"\x8d\x00\x09\x04\x04abcd\x00\x02SP", b"\xa1\x14\x09\x04\x02\xff\x00\x04\x01\0\0\0\x01x"]
    ),
    st.binary(max_size=24),
)
PARTS = st.sampled_from(
    [
        "Cmd=Sync",
        "cmd=Ping",
        "User=a",
        "DeviceId=a",
        "DeviceType=b",
        "DeviceId=%41",
        "CollectionId=%C3%A9",
        "SaveInSent=T",
        "X=1",
        "%",
        "=",
        "Cmd",
        "",
        "LongId=%0a",
        "jAAJBA==",
        "+",
        "%26Cmd=Sync",
    ]
)
QUERIES = st.one_of(
    st.binary(max_size=40), BLOBS, st.lists(PARTS, max_size=8).map(lambda parts: "&".join(parts).encode())
)
HEADERS = st.none() | st.sampled_from(["14.1", "12.1", "0", "T", "1", "99999999999"]) | st.text(max_size=5)


@given(QUERIES, HEADERS, HEADERS, HEADERS)
@settings(max_examples=examples(1500), deadline=None)
@example(b"Cmd=Sync&DeviceId=a&DeviceType=b", "14.1", "1", "T")
def test_a_request_or_query_error(
    query: bytes, version: str | None, key: str | None, multipart: str | None
) -> None:
    try:
        request = parse(query, version=version, policy_key=key, multipart=multipart)
    except QueryError as fault:
        assert fault.http in (400, 501)
        return
    assert len(request.device_id) <= DEVICE_ID_LIMIT
    assert request.device_id == request.device_id.upper()
    again = parse(to_plain(request, user="u"), version=request.version.text, policy_key=None, multipart=None)
    assert (again.command, again.device_id, again.device_type, again.parameters, again.save_in_sent) == (
        *(request.command, request.device_id, request.device_type),
        *(request.parameters, request.save_in_sent),
    )
    if request.base64:
        rebuilt = to_base64(request, user=request.user)
        assert parse(rebuilt, version=None, policy_key=None, multipart=None) == request


ALPHABET = "ABCXYZabcxyz0189._-"
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
NAMES = st.sampled_from(
    ["AttachmentName", "CollectionId", "ItemId", "LongId", "ParentId", "CollectionName", "Occurrence"]
)
REQUESTS = st.builds(
    CommandRequest,
    command=st.sampled_from([command for command in Command if command.code is not None]),
    device_id=st.text(ALPHABET, min_size=1, max_size=32).map(str.upper),
    device_type=st.from_regex(r"[A-Za-z0-9._-]{1,12}( [A-Za-z0-9._-]{1,12})?", fullmatch=True),
    version=st.sampled_from([version for version in Version if version >= Version.V12_1]),
    policy_key=st.none() | st.integers(0, 0xFFFFFFFF),
    user=VALUES,
    parameters=st.lists(st.tuples(NAMES, VALUES), unique_by=lambda pair: pair[0], max_size=4).map(tuple),
    save_in_sent=st.booleans(),
    accept_multipart=st.booleans(),
)


def of_base64(text: str) -> CommandRequest:
    return parse(text, version=None, policy_key=None, multipart=None)


@given(REQUESTS)
@settings(max_examples=examples(200))
def test_the_plain_form_round_trips(request: CommandRequest) -> None:
    parsed = parse(
        to_plain(request, user=request.user or ""),
        version=request.version.text,
        policy_key=None if request.policy_key is None else str(request.policy_key),
        multipart="T" if request.accept_multipart else None,
    )
    assert parsed == request


@given(REQUESTS, st.integers(0, 0xFFFF), st.none() | st.binary(min_size=1, max_size=16))
@settings(max_examples=examples(200))
def test_the_base64_form_round_trips(request: CommandRequest, locale: int, raw: bytes | None) -> None:
    device = request.device_id.lower().encode() if raw is None else raw
    text = to_base64(replace(request, locale=locale, device_id_octets=device), user=request.user)
    parsed = of_base64(text)
    expected = replace(
        request, locale=locale, base64=True, device_id_octets=device, device_id=parsed.device_id
    )
    assert parsed == expected
    assert parsed.device_id in (device.decode("latin-1").upper(), device.hex().upper())
    assert to_base64(parsed, user=parsed.user) == text


@given(REQUESTS)
@settings(max_examples=examples(100))
def test_both_forms_say_the_same(request: CommandRequest) -> None:
    crossed = of_base64(to_base64(request, user=request.user))
    assert replace(crossed, base64=False, locale=None, device_id_octets=b"") == request
