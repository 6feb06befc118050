"""An answer that passes through is amended, or passes as it came."""

from collections.abc import Mapping

import pytest

from gateway.endpoints.splicing import LIMIT, Splice
from gateway.proxy.asgi import Message
from mdm.settings import with_password
from mdm.wbxml import Element, decode, encode
from tests.support.partnership import node

WBXML = {b"content-type": b"application/vnd.ms-sync.wbxml"}
OOF = node("Settings:Oof", node("Settings:Status", "1"))
ANSWER = node("Settings:Settings", node("Settings:Status", "1"), OOF)
AMENDED = node(
    "Settings:Settings",
    node("Settings:Status", "1"),
    node("Settings:DevicePassword", node("Settings:Status", "7")),
    OOF,
)


def amend(root: Element) -> Element:
    return with_password(root, "7")


async def through(
    *bodies: bytes, status: int = 200, headers: Mapping[bytes, bytes] = WBXML
) -> tuple[dict[bytes, bytes], bytes, bool]:
    """Head, body and whether the answer was ended."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    splice = Splice(send, amend)
    await splice({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    for place, body in enumerate(bodies, start=1):
        await splice({"type": "http.response.body", "body": body, "more_body": place < len(bodies)})
    head, *rest = sent
    assert head["status"] == status
    return dict(head["headers"]), b"".join(each["body"] for each in rest), not rest[-1].get("more_body")


@pytest.mark.parametrize("parts", [1, 2, 7])
async def test_the_part_is_put_in_however_the_answer_comes(parts: int) -> None:
    octets = encode(ANSWER)
    size = -(-len(octets) // parts)
    pieces = [octets[begin : begin + size] for begin in range(0, len(octets), size)]
    length = {b"content-length": b"%d" % len(octets)}
    headers, body, ended = await through(*pieces, headers=WBXML | length)
    assert decode(body) == AMENDED
    assert headers[b"content-length"] == b"%d" % len(body)
    assert ended


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (503, WBXML),
        (200, {b"content-type": b"text/html"}),
        (200, {}),
        (200, WBXML | {b"content-encoding": b"gzip"}),
    ],
)
async def test_any_other_answer_passes_as_it_came(status: int, headers: dict[bytes, bytes]) -> None:
    octets = encode(ANSWER)
    passed = await through(octets[:5], octets[5:], status=status, headers=headers)
    assert passed == (headers, octets, True)


async def test_what_cannot_be_read_passes_with_its_length() -> None:
    headers, body, ended = await through(b"\x03no", b" wbxml")
    assert (body, headers[b"content-length"], ended) == (b"\x03no wbxml", b"9", True)


async def test_what_is_too_long_to_gather_passes_on() -> None:
    _, body, ended = await through(b"x" * LIMIT, b"y", b"z")
    assert (len(body), ended) == (LIMIT + 2, True)
