"""The gateway as the client of a server that provisions: what it says, and what it makes of any answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm import handshake, provision
from mdm.ashttp import Command, Version
from mdm.device import DeviceInformation, WipeKind
from mdm.handshake import Granted, NotNeeded, Ordered, Refused, digest_of, read_answer
from mdm.provision import DIRECTIVES, Acknowledgement, PolicyRequest, own_policy_type
from mdm.query import CommandRequest
from mdm.settings import read_information
from mdm.wbxml import decode, encode
from tests.support.partnership import node

TOLD = DeviceInformation(model="A1", os="X 2", mobile_operator="nobody", imei="490154203237518")


def _read(version: Version, body: bytes) -> provision.Message:
    return provision.read(CommandRequest(Command.PROVISION, "PHONE1", "Phone", version), body)


@pytest.mark.parametrize("version", list(Version), ids=lambda version: version.text)
def test_what_we_say_is_what_our_own_server_side_understands(version: Version) -> None:
    first = _read(version, handshake.request(version, TOLD))
    assert isinstance(first, PolicyRequest)
    assert first.policy_type == own_policy_type(version)
    assert first.information == (TOLD if version >= Version.V14_1 else None)
    second = _read(version, handshake.acknowledgement(version, 4294967295))
    assert second == Acknowledgement(own_policy_type(version), "4294967295", 1)


def test_the_report_says_only_what_the_version_knows() -> None:
    assert read_information(decode(handshake.report(Version.V14_0, TOLD))) == TOLD
    old = read_information(decode(handshake.report(Version.V12_1, TOLD)))
    assert old == DeviceInformation(model="A1", os="X 2", imei="490154203237518")


def test_a_device_that_reported_nothing_is_not_made_up() -> None:
    message = _read(Version.V16_1, handshake.request(Version.V16_1, DeviceInformation()))
    assert message.information is None
    assert digest_of(DeviceInformation()) == ""
    assert digest_of(TOLD) != digest_of(DeviceInformation(model="A1"))


def _answer(*policy: object, status: str = "1") -> bytes:
    return encode(
        node(
            "Provision:Provision",
            node("Provision:Status", status),
            node("Provision:Policies", node("Provision:Policy", *policy)),
        )
    )


def _key(text: str) -> object:
    return node("Provision:PolicyKey", text)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_answer(node("Provision:Status", "1"), _key("4294967295")), Granted(4294967295)),
        (_answer(_key(" 17 ")), Granted(17)),
        (_answer(node("Provision:Status", "2")), NotNeeded()),
        (_answer(node("Provision:Status", "1"), _key("17"), status="140"), Ordered(None)),
    ],
    ids=["whole range", "no status, spaces", "no policy", "status 140"],
)
def test_answers_that_mean_something(body: bytes, expected: handshake.Answer) -> None:
    assert read_answer(body) == expected


@pytest.mark.parametrize("kind", list(WipeKind), ids=lambda kind: kind.value)
def test_a_wipe_is_found_wherever_it_stands(kind: WipeKind) -> None:
    wipe = node(f"Provision:{'RemoteWipe' if kind is WipeKind.DEVICE else 'AccountOnlyRemoteWipe'}")
    assert DIRECTIVES[kind] == wipe.tag
    for body in (
        _answer(node("Provision:Status", "1"), _key("17"), wipe),
        encode(node("Provision:Provision", wipe)),
        encode(node("FolderHierarchy:FolderSync", node("FolderHierarchy:Changes", wipe))),
        _answer(_key("17"), node("Provision:Data", wipe), status="2"),
    ):
        assert read_answer(body) == Ordered(kind)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x03",
        b"<html>",
        _answer(_key("0")),
        _answer(_key("4294967296")),
        _answer(_key("-5")),
        _answer(_key("1e5")),
        _answer(_key("\u0661\u0662")),
        _answer(),
        _answer(_key("17"), status="2"),
        _answer(_key("17"), status="x"),
        _answer(node("Provision:Status", "5"), _key("17")),
        encode(node("Provision:Provision", node("Provision:Status", "1"))),
        encode(node("FolderHierarchy:FolderSync", node("FolderHierarchy:Status", "1"))),
    ],
    ids=lambda body: body[:24].hex() or "empty",
)
def test_everything_else_is_no_key(body: bytes) -> None:
    assert isinstance(read_answer(body), Refused)


@given(st.binary(max_size=200))
def test_no_octets_break_the_reader(body: bytes) -> None:
    found = read_answer(b"\x03\x01\x6a\x00" + body)
    assert not isinstance(found, Granted) or 0 < found.key < 2**32


def test_a_key_is_never_shown() -> None:
    assert "4294967291" not in repr(Granted(4294967291))
