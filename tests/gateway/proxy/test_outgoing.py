"""A POST to a stranger's URL, over real sockets and TLS (T27)."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.proxy.outgoing import LARGEST_ANSWER, Answered, Outgoing, system_look_up
from tests.support import ports
from tests.support.receivers import (
    TAKES,
    breaks_off,
    never_ends,
    no_http,
    receiver,
    says_nothing,
    slowly,
    status,
)

HEADERS = {"webhook-id": "e-1"}


async def post(
    url: str, *, timeout_s: float = 10, outgoing: Outgoing | None = None, private: bool = True
) -> Answered:
    sender = outgoing or Outgoing()
    return await sender.post(url, HEADERS, b"{}", allow_private=private, timeout_s=timeout_s)


async def test_it_is_sent_as_it_is() -> None:
    async with receiver() as there:
        assert await post(there.url) == Answered(204)
    (got,) = there.received
    assert (got.path, got.body) == ("/hook", b"{}")
    assert got.headers["webhook-id"] == "e-1"
    assert got.headers["content-type"] == "application/json"
    assert "accept-encoding" not in got.headers
    assert "cookie" not in got.headers


async def test_tls_is_verified(tmp_path: Path) -> None:
    async with receiver(folder=tmp_path) as there:
        refused = await post(there.url)
        assert refused.status == 0
        assert "certificate" in refused.error
        assert there.received == []
        assert await post(there.url, outgoing=Outgoing(tmp_path / "ca.pem")) == Answered(204)


async def test_a_certificate_for_another_name_is_none(tmp_path: Path) -> None:
    async with receiver(folder=tmp_path, names=("other.example",)) as there:
        refused = await post(there.url, outgoing=Outgoing(tmp_path / "ca.pem"))
    assert (refused.status, there.received) == (0, [])
    assert "certificate" in refused.error


async def test_a_redirect_is_not_followed() -> None:
    async with receiver() as further, receiver(status("302 Found", f"Location: {further.url}")) as there:
        answer = await post(there.url)
        there.behaviour = status("307 Temporary Redirect", f"Location: {further.url}")
        again = await post(there.url)
    assert (answer.status, again.status, further.received) == (302, 307, [])
    assert "redirects" in answer.error


@pytest.mark.parametrize(
    ("line", "code"), (("500 Oops", 500), ("410 Gone", 410), ("404 Not Found", 404), ("101 Switching", 101))
)
async def test_only_2xx_is_success(line: str, code: int) -> None:
    async with receiver(status(line)) as there:
        answer = await post(there.url)
    assert answer.error
    assert answer.status in (code, 0)


async def test_nothing_of_the_answer_is_in_the_words() -> None:
    async with receiver(status("500 Canary-Reason", "X-Canary: canary", body=b"canary-body")) as there:
        answer = await post(there.url)
    assert "canary" not in repr(answer).lower()


async def test_an_answer_that_breaks_off_is_none() -> None:
    async with receiver(breaks_off) as there:
        answer = await post(there.url)
    assert (answer.status, len(there.received)) == (0, 1)
    assert "broke off" in answer.error


async def test_no_more_is_read_than_may_be() -> None:
    async with receiver(never_ends) as there:
        assert await post(there.url) == Answered(200)
    async with receiver(status("200 OK", body=b"x" * (LARGEST_ANSWER * 3))) as there:
        assert await post(there.url) == Answered(200)


async def test_a_silent_one_is_given_up() -> None:
    async with receiver(says_nothing) as there:
        answer = await post(there.url, timeout_s=0.3)
    assert answer == Answered(0, "no answer within 0.3 s")


async def test_a_slow_one_is_waited_for() -> None:
    async with receiver(slowly(0.2)) as there:
        assert await post(there.url) == Answered(204)


async def test_what_is_no_http_is_no_answer() -> None:
    async with receiver(no_http) as there:
        assert (await post(there.url)).status == 0


async def test_nobody_there_is_said() -> None:
    assert "refused" in (await post(f"http://localhost:{ports.free(1)[0]}/")).error.lower()


@pytest.mark.parametrize(
    "host", ("127.0.0.1", "localhost", "localtest.example", "2130706433", "0x7f000001", "127.1", "[::1]")
)
async def test_a_private_address_is_not_sent_to(host: str, tmp_path: Path) -> None:
    async def look_up(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with receiver(folder=tmp_path) as there:
        outgoing = Outgoing(tmp_path / "ca.pem", look_up)
        answer = await post(f"https://{host}:{there.port}/", private=False, outgoing=outgoing)
    assert (answer.status, there.received) == (0, [])
    assert answer.error


@pytest.mark.parametrize(
    "addresses",
    (
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%eth0"],
        [],
    ),
)
async def test_one_bad_address_of_a_name_is_enough(addresses: list[str]) -> None:
    async def look_up(_host: str, _port: int) -> Sequence[str]:
        return addresses

    answer = await post("https://hooks.example.org/", private=False, outgoing=Outgoing(None, look_up))
    assert answer.status == 0
    assert "address" in answer.error


async def test_a_name_is_resolved_once_and_that_address_is_used() -> None:
    """DNS rebinding: what the name says a moment later is asked by nobody."""
    asked: list[str] = []

    async def look_up(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with receiver() as there:
        url = f"http://localhost:{there.port}/"
        assert await post(url, outgoing=Outgoing(None, look_up)) == Answered(204)
    assert (asked, len(there.received)) == (["localhost"], 1)


async def test_a_name_that_becomes_private_is_refused_then() -> None:
    answers = iter((["203.0.113.9"], ["127.0.0.1"]))

    async def look_up(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    outgoing = Outgoing(None, look_up)
    for _ in range(2):
        assert "private" in (await post("https://a.example/", private=False, outgoing=outgoing)).error


async def test_a_name_of_nobody_is_said() -> None:
    answer = await post("https://no-such-name.invalid/", private=False)
    assert answer.error == "the name has no address"


async def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as proxy, receiver(TAKES) as there:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{proxy.port}")
        assert await post(there.url) == Answered(204)
    assert (len(there.received), proxy.received) == (1, [])


async def test_this_machine_knows_itself() -> None:
    assert "127.0.0.1" in await system_look_up("localhost", 80)
