"""Every error kind in every dialect (house.md 6), and what the cores raise."""

import pytest

from gateway.endpoints.rendering import (
    ACTIVESYNC,
    BUSY,
    METHOD_NOT_ALLOWED,
    REST,
    UNAUTHENTICATED,
    kind_reply,
    problem,
    protocol_reply,
)
from gateway.errors import GatewayError, Kind
from mdm.ashttp import WBXML_TYPE, Command, Reply, Version
from mdm.errors import ProtocolError, QueryError, SchemaError, WBXMLError
from mdm.query import DeviceFieldError, parse
from mdm.status import refusal
from mdm.wbxml import Element, decode
from tests.support import partnership as p

each_kind = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
each_version = pytest.mark.parametrize("version", list(Version), ids=lambda version: version.text)


def status_in(reply: Reply) -> int:
    assert reply.media_type == WBXML_TYPE
    root = decode(reply.body)
    children = (child for child in root.children if isinstance(child, Element))
    return next(int(child.text) for child in children if child.name == "Status")


def test_no_kind_is_missing_in_a_table() -> None:
    assert set(ACTIVESYNC) == set(REST) == set(Kind)


@each_kind
@each_version
def test_activesync_says_a_status_from_14_0_on_and_http_before(kind: Kind, version: Version) -> None:
    code, http = ACTIVESYNC[kind]
    reply = kind_reply(GatewayError(kind, "private words"), p.request(Command.FOLDER_SYNC, version))
    if version >= Version.V14_0 and code is not None:
        assert (reply.status, status_in(reply)) == (200, code)
    else:
        assert (reply.status, reply.body) == (http, b"")
    assert b"private" not in reply.body


@each_kind
def test_without_a_request_there_is_only_http(kind: Kind) -> None:
    reply = kind_reply(GatewayError(kind), None)
    assert (reply.status, reply.body, reply.media_type) == (ACTIVESYNC[kind][1], b"", None)


def test_503_always_says_when_to_come_back() -> None:
    for kind in Kind:
        reply = kind_reply(GatewayError(kind), None)
        assert (reply.status == 503) == (("Retry-After", "30") in reply.headers)
    assert BUSY.status == 503


def test_401_always_challenges() -> None:
    reply = kind_reply(GatewayError(Kind.UNAUTHENTICATED), p.request(Command.SYNC, Version.V16_1))
    assert reply == UNAUTHENTICATED
    assert dict(reply.headers)["WWW-Authenticate"].startswith("Basic ")


def test_405_names_the_methods() -> None:
    assert ("Allow", "OPTIONS,POST") in METHOD_NOT_ALLOWED.headers


@each_version
@pytest.mark.parametrize(
    ("fault", "code"),
    [(WBXMLError("cut off", 3), 102), (SchemaError("another root"), 103), (ProtocolError("no body"), 101)],
)
def test_a_core_s_error_in_the_request_s_dialect(version: Version, fault: ProtocolError, code: int) -> None:
    reply = protocol_reply(fault, p.request(Command.FOLDER_SYNC, version))
    if version >= Version.V14_0:
        assert (reply.status, status_in(reply)) == (200, code)
    else:
        assert (reply.status, reply.body) == (400, b"")


def test_a_query_that_nobody_understands_is_http_alone() -> None:
    assert protocol_reply(QueryError("no such command", http=501), None) == Reply(501)
    assert protocol_reply(QueryError("twice"), None) == Reply(400)


@pytest.mark.parametrize(("field", "code"), [("DeviceId", 108), ("DeviceType", 109)])
@each_version
def test_a_wrong_device_field_knows_its_own_dialect(version: Version, field: str, code: int) -> None:
    values = {"DeviceId": "ABC", "DeviceType": "SP"} | {field: "x" * 35}
    line = "Cmd=FolderSync&User=a&" + "&".join(f"{name}={value}" for name, value in values.items())
    with pytest.raises(DeviceFieldError) as caught:
        parse(line, version=version.text, policy_key=None, multipart=None)
    reply = protocol_reply(caught.value, None)
    if version >= Version.V14_0:
        assert reply == refusal(Command.FOLDER_SYNC, version, code)
    else:
        assert reply == Reply(400)


@each_kind
def test_a_problem_document_names_kind_and_status(kind: Kind) -> None:
    http, document = problem(GatewayError(kind))
    assert http == REST[kind] == document["status"]
    assert document["title"] == kind.value
    assert "detail" not in document
    assert "errors" not in document


def test_a_problem_document_lists_every_faulty_field() -> None:
    faults = {"alias": "too long", "name": "empty"}
    _, document = problem(GatewayError(Kind.MALFORMED, "Some settings are not possible.", faults=faults))
    assert document["detail"] == "Some settings are not possible."
    assert {entry["field"]: entry["fault"] for entry in document["errors"]} == faults
