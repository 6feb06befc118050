"""What a backend says that no device is to hear (``gateway.proxy.forward``), and what it is told instead."""

import asyncio
import time

import pytest

from gateway.proxy.race import Ending
from mdm.ashttp import Reply
from mdm.codepages import tag
from mdm.wbxml import element, encode
from tests.gateway.proxy.test_forward import hold
from tests.support.backend import Exchange, chunked, head, raw, reply

MIB = 1 << 20


async def test_a_slow_backend_is_a_504(start):
    async with start(hold, timeout_s=0.2) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.header("retry-after")) == (504, "30")
        await pump.backend.until(lambda backend: backend.open == 0)
        assert (await pump.outcome()).ending is Ending.SLOW


async def test_a_timeout_beyond_the_first_second(start):
    async with start(hold, timeout_s=1.2) as pump:
        client = await pump.front.dial()
        began = time.monotonic()
        await client.post(b"q")
        assert (await client.answer()).status == 504
        assert 1.1 < time.monotonic() - began < 2.0


async def test_a_slow_answer_within_its_time(start):
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(1.3)
        await reply(200, b"late")(exchange)

    async with start(slow, timeout_s=5) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).body == b"late"
        await client.post(b"q")
        assert (await client.answer()).body == b"late"


async def test_no_backend_is_a_503(start):
    async with start() as pump:
        await pump.backend.__aexit__()
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.header("retry-after")) == (503, "30")
        assert (await pump.outcome()).ending is Ending.DOWN


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP/1.1 ",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA\r\n b\r\nContent-Length: x\r\n\r\n",
        b"\x00" * 100,
    ],
)
async def test_nonsense_is_a_502(start, octets):
    async with start(raw(octets)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).status == 502
        assert (await pump.outcome()).ending is Ending.BAD


@pytest.mark.parametrize("status", [100, 201, 206, 301, 302, 304, 307, 407, 511])
async def test_a_status_that_no_device_understands_is_a_502(start, status):
    script = raw(head(status, {"Location": "http://internal/", "Content-Length": "0"}))
    async with start(script) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.header("location")) == (502, None)


async def test_a_page_of_html_is_a_502(start):
    async with start(reply(200, b"<html>Fatal error", Content_Type="text/html; charset=utf-8")) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).status == 502
        pump.options["pages"] = True
        await client.post(b"q")
        assert (await client.answer()).status == 200


async def test_an_error_loses_its_page_and_keeps_its_status(start):
    async with start(reply(500, b"<html>secret", Content_Type="text/html")) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.body, answer.header("content-type")) == (500, b"", None)
        pump.backend.script = reply(507, b"wbxml", Retry_After="7")
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.body, answer.header("retry-after")) == (507, b"wbxml", "7")


async def test_a_backends_challenge_is_replaced_by_ours(start):
    challenge = 'Basic realm="ours"'
    async with start(reply(401, b"", WWW_Authenticate="Negotiate"), challenge=challenge) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        answer = await client.answer()
        assert (answer.status, answer.header("www-authenticate")) == (401, challenge)


async def test_a_backends_403_becomes_what_the_caller_says(start):
    async with start(reply(403)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).status == 503
        pump.options["on_forbidden"] = Reply(200, (), b"status 126", "application/vnd.ms-sync.wbxml")
        await client.post(b"q")
        assert (await client.answer()).body == b"status 126"


def status_document(status: str) -> bytes:
    return encode(
        element(tag("FolderHierarchy", "FolderSync"), element(tag("FolderHierarchy", "Status"), status))
    )


@pytest.mark.parametrize("status", ["140", "141", "142", "143", "144"])
async def test_a_backend_that_wants_provisioning_is_a_503(start, status):
    async with start(reply(200, status_document(status))) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).status == 503
        ending = Ending.WIPES if status == "140" else Ending.PROVISIONS
        assert (await pump.outcome()).ending is ending
        pump.backend.script = reply(449, status_document(status))
        await client.post(b"q")
        assert (await client.answer()).status == 503
        assert (await pump.outcome()).ending is Ending.PROVISIONS


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        (reply(449), Ending.PROVISIONS),
        (reply(200, status_document("142")), Ending.PROVISIONS),
        (reply(200, status_document("140")), Ending.WIPES),
        (reply(200, encode(element(tag("Provision", "Provision")))), Ending.ORDERS),
    ],
    ids=["449", "142", "140", "an order"],
)
async def test_an_order_may_be_left_to_the_caller(start, script, ending):
    async with start(script, on_order=None) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        outcome = await pump.outcome()
        assert (outcome.ending, outcome.status, outcome.sent) == (ending, 0, 0)
    async with start(script, on_order=Reply(503, (("Retry-After", "1"),))) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert ("retry-after", "1") in [
            (name.lower(), value) for name, value in (await client.answer()).headers
        ]


async def test_a_remote_wipe_from_a_backend_never_reaches_a_device(start):
    provision = encode(element(tag("Provision", "Provision"), element(tag("Provision", "RemoteWipe"))))
    for script in (
        reply(200, provision),
        chunked(provision, b"x" * 100_000),
        reply(200, provision + b"x" * 100_000),
    ):
        async with start(script) as pump:
            client = await pump.front.dial()
            await client.post(b"q")
            answer = await client.answer()
            assert (answer.status, answer.body) == (503, b"")


async def test_an_ordinary_status_passes(start):
    async with start(reply(200, status_document("1"))) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).body == status_document("1")


async def test_an_answer_cut_short_before_and_after_its_beginning(start):
    short = raw(head(200, {"Content-Length": "1000", "Content-Type": "a/b"}) + b"x" * 10)
    async with start(short) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        assert (await client.answer()).status == 502
        pump.backend.script = raw(
            head(200, {"Content-Length": "100000", "Content-Type": "a/b"}) + b"x" * 70_000
        )
        await client.post(b"q")
        with pytest.raises(asyncio.IncompleteReadError):
            await client.answer()
        assert (await pump.outcome()).ending is Ending.BAD
        assert (await pump.outcome()).ending is Ending.BROKEN


async def test_a_chunked_answer_cut_short_is_cut_short_for_the_client(start):
    async with start(chunked(b"x" * 70_000, b"y" * 70_000, end=False)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        with pytest.raises((asyncio.IncompleteReadError, ValueError)):
            await client.answer()


async def test_a_backend_that_falls_silent_within_its_answer(start, monkeypatch):
    monkeypatch.setattr("gateway.proxy.forward.BODY_PAUSE_S", 0.2)
    async with start(chunked(b"x" * 70_000, stuck=True)) as pump:
        client = await pump.front.dial()
        await client.post(b"q")
        with pytest.raises((asyncio.IncompleteReadError, ValueError)):
            await client.answer()
        assert (await pump.outcome()).ending is Ending.BROKEN
        await pump.backend.until(lambda backend: backend.open == 0)
