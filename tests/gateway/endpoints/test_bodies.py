"""Reading a body piece by piece, and holding its beginning against the command (spec 6.6 item 2; T6, T19)."""

from collections.abc import Iterable
from typing import Any

import pytest

from gateway.endpoints.bodies import (
    LONGEST_HEARTBEAT,
    ROOT_PREFIX,
    WHOLE,
    Body,
    ClientLeft,
    Inspected,
    inspect,
)
from gateway.endpoints.headers import RequestHeaders
from gateway.errors import GatewayError, Kind
from mdm.ashttp import MIME_TYPE, WBXML_TYPE, Command, Version
from mdm.errors import ProtocolError, SchemaError, WBXMLError
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.partnership import node

COMPOSE = (Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY)
BODILESS = (Command.PING, Command.SYNC, Command.GET_ATTACHMENT, Command.GET_HIERARCHY)
WITH_ROOT = [command for command in Command if command.roots]


def ping(heartbeat: str | None) -> Element:
    told = () if heartbeat is None else (node("Ping:HeartbeatInterval", heartbeat),)
    folder = node("Ping:Folder", node("Ping:Id", "5"), node("Ping:Class", "Email"))
    return node("Ping:Ping", *told, node("Ping:Folders", folder))


def sync(*more: Element) -> Element:
    collection = node("AirSync:Collection", node("AirSync:SyncKey", "7"), node("AirSync:CollectionId", "5"))
    return node("AirSync:Sync", node("AirSync:Collections", collection), *more)


class Arriving:
    """A body as the server hands it over, in the given pieces."""

    def __init__(self, pieces: Iterable[bytes], *, leaves: bool = False) -> None:
        self._pieces = list(pieces)
        self._leaves = leaves
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if not self._pieces and self._leaves:
            return {"type": "http.disconnect"}
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or self._leaves}


def body_of(*pieces: bytes, chunked: bool = False, leaves: bool = False, length: int | None = None) -> Body:
    size = sum(map(len, pieces)) if length is None else length
    return Body(Arriving(pieces, leaves=leaves), None if chunked else size, chunked)


async def looked_at(
    command: Command,
    body: Element | bytes,
    version: Version = Version.V16_1,
    media_type: str | None = WBXML_TYPE,
    *,
    encoding: str | None = None,
) -> Inspected:
    octets = encode(body) if isinstance(body, Element) else body
    headers = RequestHeaders(media_type=media_type, content_length=len(octets), content_encoding=encoding)
    return await inspect(p.request(command, version), headers, body_of(octets))


async def test_no_length_and_no_chunks_is_no_body() -> None:
    receive = Arriving([])
    body = Body(receive, None, chunked=False)
    assert (body.length, body.unread) == (0, False)
    assert await body.whole(10) == b""
    assert receive.asked == 0


async def test_a_counted_body_is_read_when_its_octets_are_there() -> None:
    body = body_of(b"ab", b"cd")
    assert await body.part() == b"ab"
    assert (body.received, body.unread) == (2, True)
    assert await body.part() == b"cd"
    assert (body.received, body.unread) == (4, False)


async def test_a_chunked_body_is_read_to_its_end() -> None:
    assert await body_of(b"ab", b"", b"cd", b"", chunked=True).whole(4) == b"abcd"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
async def test_the_limit_of_a_whole_body(size: int, fits: bool, chunked: bool) -> None:
    pieces = [b"x" * 50, b"x" * (size - 50)]
    if fits:
        assert len(await body_of(*pieces, chunked=chunked).whole(100)) == size
        return
    with pytest.raises(GatewayError) as caught:
        await body_of(*pieces, chunked=chunked).whole(100)
    assert caught.value.kind is Kind.TOO_LARGE


async def test_a_declared_length_beyond_the_limit_is_not_even_read() -> None:
    receive = Arriving([b"x"])
    with pytest.raises(GatewayError):
        await Body(receive, 101, chunked=False).whole(100)
    assert receive.asked == 0


async def test_a_client_that_leaves_is_no_short_body() -> None:
    with pytest.raises(ClientLeft):
        await body_of(b"ab", leaves=True, length=4).whole(100)
    with pytest.raises(ClientLeft):
        await body_of(chunked=True, leaves=True).whole(100)


@pytest.mark.parametrize("command", WITH_ROOT, ids=lambda command: command.value)
@pytest.mark.parametrize("version", p.SERVED, ids=lambda version: version.text)
async def test_a_body_must_have_its_command_s_root(command: Command, version: Version) -> None:
    if command in COMPOSE and version < Version.V14_0:
        return
    for other in WITH_ROOT:
        document = encode(Element(other.roots[0], ["x"]))
        if other.roots[0] in command.roots:
            assert (await looked_at(command, document, version)).first == document
        else:
            with pytest.raises(SchemaError):
                await looked_at(command, document, version)


@pytest.mark.parametrize("command", list(Command), ids=lambda command: command.value)
async def test_an_empty_body_is_for_those_that_may_repeat_themselves(command: Command) -> None:
    if command not in BODILESS:
        with pytest.raises(ProtocolError) as caught:
            await looked_at(command, b"", media_type=None)
        assert caught.value.status == 101
        return
    seen = await looked_at(command, b"", media_type=None)
    hangs = command in (Command.PING, Command.SYNC)
    assert (seen.first, seen.more, seen.heartbeat) == (b"", False, LONGEST_HEARTBEAT if hangs else 0)


@pytest.mark.parametrize("command", [Command.GET_ATTACHMENT, Command.GET_HIERARCHY])
async def test_a_command_without_a_root_takes_no_body(command: Command) -> None:
    with pytest.raises(ProtocolError):
        await looked_at(command, b"\x03\x01\x6a\x00\x05", Version.V12_1)


@pytest.mark.parametrize("command", COMPOSE, ids=lambda command: command.value)
async def test_up_to_12_1_mail_is_sent_as_mime_and_from_14_0_as_wbxml(command: Command) -> None:
    mail = b"Subject: x\r\n\r\nx\r\n"
    assert (await looked_at(command, mail, Version.V12_1, MIME_TYPE)).first == mail
    with pytest.raises(ProtocolError):
        await looked_at(command, mail, Version.V12_1, WBXML_TYPE)
    with pytest.raises(ProtocolError):
        await looked_at(command, mail, Version.V14_0, MIME_TYPE)
    with pytest.raises(WBXMLError):
        await looked_at(command, mail, Version.V14_0, WBXML_TYPE)


@pytest.mark.parametrize("media_type", [None, "", "text/xml", MIME_TYPE, "application/octet-stream"])
async def test_wbxml_must_say_that_it_is(media_type: str | None) -> None:
    with pytest.raises(ProtocolError):
        await looked_at(Command.FOLDER_SYNC, p.folder_sync(), media_type=media_type)


@pytest.mark.parametrize("media_type", [WBXML_TYPE, "application/vnd.ms-sync"])
async def test_both_names_of_wbxml_are_known(media_type: str) -> None:
    assert (await looked_at(Command.FOLDER_SYNC, p.folder_sync(), media_type=media_type)).new_hierarchy


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity", "br"])
async def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        await looked_at(Command.FOLDER_SYNC, p.folder_sync(), encoding=encoding)
    assert caught.value.http == 415


@pytest.mark.parametrize("command", [Command.SYNC, Command.FOLDER_SYNC, Command.PING, Command.SETTINGS])
@pytest.mark.parametrize(
    "octets",
    [b"\0", b"\x03\x01\x6a", b"\x03\x01\x6a\x00", b"\x03\x01\x04\x00\x05", b"<Sync/>", b"\x00\x0d" * 40],
)
async def test_what_is_no_wbxml_is_refused_in_any_command(command: Command, octets: bytes) -> None:
    with pytest.raises(ProtocolError):
        await looked_at(command, octets)


async def test_a_short_document_is_checked_to_its_end() -> None:
    whole = encode(sync())
    for end in range(len(whole)):
        with pytest.raises(ProtocolError):
            await looked_at(Command.SYNC, whole[:end] or b"\0")
    with pytest.raises(WBXMLError):
        await looked_at(Command.SYNC, whole + b"x")


def sync_of(size: int) -> bytes:
    """A Sync document of exactly so many octets."""
    empty = len(encode(sync(node("AirSync:Conflict", "x" * 1))))
    return encode(sync(node("AirSync:Conflict", "x" * (size - empty + 1))))


@pytest.mark.parametrize("size", [WHOLE - 1, WHOLE])
async def test_up_to_the_limit_a_document_is_gathered_whole(size: int) -> None:
    octets = sync_of(size)
    assert len(octets) == size
    seen = await inspect(
        p.request(Command.SYNC, Version.V16_1),
        RequestHeaders(media_type=WBXML_TYPE),
        body_of(octets[:100], octets[100:]),
    )
    assert (len(seen.first), seen.more) == (size, False)


async def test_beyond_the_limit_only_the_beginning_is_looked_at() -> None:
    octets = sync_of(WHOLE + 1)
    body = body_of(octets[:4], octets[4:10], octets[10:])
    headers = RequestHeaders(media_type=WBXML_TYPE)
    seen = await inspect(p.request(Command.SYNC, Version.V16_1), headers, body)
    assert (seen.first, seen.more) == (octets[:10], True)
    assert len(seen.first) >= ROOT_PREFIX
    with pytest.raises(SchemaError):
        await inspect(p.request(Command.PING, Version.V16_1), headers, body_of(octets[:10], octets[10:]))


async def test_a_long_chunked_document_is_gathered_up_to_the_limit_and_streams_on() -> None:
    octets = sync_of(WHOLE + 5000)
    pieces = [octets[start : start + 4096] for start in range(0, len(octets), 4096)]
    headers = RequestHeaders(media_type=WBXML_TYPE, chunked=True)
    seen = await inspect(p.request(Command.SYNC, Version.V16_1), headers, body_of(*pieces, chunked=True))
    assert seen.more
    assert WHOLE <= len(seen.first) < len(octets)


async def test_a_body_that_comes_octet_by_octet_is_the_same_body() -> None:
    octets = encode(ping("900"))
    body = body_of(*(octets[at : at + 1] for at in range(len(octets))))
    headers = RequestHeaders(media_type=WBXML_TYPE)
    seen = await inspect(p.request(Command.PING, Version.V16_1), headers, body)
    assert (seen.first, seen.heartbeat, body.unread) == (octets, 900, False)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("60", 60),
        ("1", 1),
        ("3540", 3540),
        ("3541", LONGEST_HEARTBEAT),
        ("999999", LONGEST_HEARTBEAT),
        ("0", LONGEST_HEARTBEAT),
        ("-5", LONGEST_HEARTBEAT),
        ("x", LONGEST_HEARTBEAT),
        ("1" * 5000, LONGEST_HEARTBEAT),
        ("\u0661\u0662", LONGEST_HEARTBEAT),
        (None, LONGEST_HEARTBEAT),
    ],
)
async def test_how_long_a_ping_may_hang(told: str | None, seconds: int) -> None:
    assert (await looked_at(Command.PING, ping(told))).heartbeat == seconds


@pytest.mark.parametrize(
    ("name", "told", "seconds"),
    [
        ("HeartbeatInterval", "480", 480),
        ("HeartbeatInterval", "99999", LONGEST_HEARTBEAT),
        ("Wait", "10", 600),
        ("Wait", "59", 3540),
        ("Wait", "60", LONGEST_HEARTBEAT),
        ("Wait", "0", 0),
        ("Wait", "-1", 0),
        ("HeartbeatInterval", "", 0),
    ],
)
async def test_how_long_a_sync_may_hang(name: str, told: str, seconds: int) -> None:
    assert (await looked_at(Command.SYNC, sync(node(f"AirSync:{name}", told)))).heartbeat == seconds


async def test_a_plain_sync_does_not_hang() -> None:
    assert (await looked_at(Command.SYNC, sync())).heartbeat == 0


@pytest.mark.parametrize(("key", "new"), [("0", True), ("1", False), ("", False), ("00", False)])
async def test_only_sync_key_0_begins_a_hierarchy(key: str, new: bool) -> None:
    assert (await looked_at(Command.FOLDER_SYNC, p.folder_sync(key))).new_hierarchy is new


async def test_a_sync_is_known_again() -> None:
    async def print_of(document: Element) -> int:
        return (await looked_at(Command.SYNC, encode(document))).fingerprint

    first = await print_of(sync())
    assert first
    assert await print_of(sync()) == first
    other = node("AirSync:Collection", node("AirSync:SyncKey", "8"), node("AirSync:CollectionId", "5"))
    assert await print_of(node("AirSync:Sync", node("AirSync:Collections", other))) not in (0, first)
    assert (await looked_at(Command.FOLDER_SYNC, encode(p.folder_sync()))).fingerprint == 0
