"""The phone's transport: trust, overrides, limits and what becomes of failures."""

import asyncio
import ssl

import pytest

from gateway.phone import line as transport
from gateway.phone.errors import Unreachable
from gateway.phone.line import Answer, Line
from mdm.ashttp import WBXML_TYPE
from mdm.codepages import tag
from mdm.errors import WBXMLError
from mdm.wbxml import element, encode
from tests.support.checkpoint import certificates
from tests.support.serving import echo, ours, read_body, respond


@pytest.fixture(scope="module")
def tls():
    return certificates()


async def test_the_query_goes_out_as_it_is(tls):
    async def repeat(scope, receive, send):
        await respond(send, 200, scope["query_string"] + b" " + await read_body(receive))

    async with ours(repeat, tls=tls[0], guarded=False) as port, Line(tls[1]) as line:
        answer = await line.ask("POST", f"https://localhost:{port}/x?a=%7e&b=c+d%2B", body=b"octets")
    assert answer.body == b"a=%7e&b=c+d%2B octets"
    assert answer.http == 200
    assert answer.seconds > 0


async def test_a_certificate_that_is_not_trusted(tls):
    server, _ = tls
    async with ours(echo, tls=server, guarded=False) as port, Line(ssl.create_default_context()) as line:
        with pytest.raises(Unreachable, match="certificate of localhost is not trusted"):
            await line.ask("GET", f"https://localhost:{port}/")


async def test_a_name_that_the_certificate_does_not_hold(tls):
    server, trust = tls
    async with (
        ours(echo, tls=server, guarded=False) as port,
        Line(trust, {("other.test", 443): ("127.0.0.1", port)}) as line,
    ):
        with pytest.raises(Unreachable, match="not trusted"):
            await line.ask("GET", "https://other.test/")


async def test_names_can_be_led_elsewhere_with_their_port(tls):
    server, trust = tls
    async with (
        ours(echo, tls=server, guarded=False) as port,
        Line(trust, {("example.test", 443): ("127.0.0.1", port)}) as line,
    ):
        assert (await line.ask("GET", "https://example.test/")).http == 200
        with pytest.raises(Unreachable):
            await line.ask("GET", "https://example.test:444/", seconds=5)


async def test_a_name_without_address(tls):
    async with Line(tls[1]) as line:
        with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
            await line.ask("GET", "https://nowhere.invalid/")


async def test_an_answer_that_does_not_come_in_time(tls):
    async def slow(scope, receive, send):
        await asyncio.sleep(5)

    async with ours(slow, tls=tls[0], guarded=False) as port, Line(tls[1]) as line:
        with pytest.raises(Unreachable, match="within 0 s"):
            await line.ask("GET", f"https://localhost:{port}/", seconds=0.2)


async def test_an_answer_that_is_too_large(tls, monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 10)
    assert await _answered(tls, b"x" * 10) == 10
    with pytest.raises(Unreachable, match="larger"):
        await _answered(tls, b"x" * 11)


async def test_redirects_are_not_followed(tls):
    async def elsewhere(scope, receive, send):
        await read_body(receive)
        headers = [(b"location", b"https://other.test/"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body"})

    async with ours(elsewhere, tls=tls[0], guarded=False) as port, Line(tls[1]) as line:
        answer = await line.ask("GET", f"https://localhost:{port}/")
    assert (answer.http, answer.headers["location"]) == (302, "https://other.test/")


async def test_a_line_is_used_inside_its_block(tls):
    with pytest.raises(RuntimeError):
        await Line(tls[1]).ask("GET", "https://localhost/")


def test_a_document_and_its_status():
    body = encode(element(tag("Ping", "Ping"), element(tag("Ping", "Status"), "7")))
    answer = Answer(200, {"content-type": WBXML_TYPE}, body, 0.0)
    assert answer.status == 7
    assert Answer(200, {"content-type": "text/html"}, body, 0.0).document is None
    assert Answer(200, {"content-type": WBXML_TYPE}, b"", 0.0).status is None
    with pytest.raises(WBXMLError):
        Answer(200, {"content-type": WBXML_TYPE}, b"\xff", 0.0).document  # noqa: B018  # reading it raises


async def _answered(tls, body):
    async def app(scope, receive, send):
        await read_body(receive)
        await respond(send, 200, body)

    async with ours(app, tls=tls[0], guarded=False) as port, Line(tls[1]) as line:
        return len((await line.ask("GET", f"https://localhost:{port}/")).body)
