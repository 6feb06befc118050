"""AutoDiscover as a client meets it: golden exchanges, limits and refusals (spec/autodiscover.md 15).

A file of ``tests/corpus/autodiscover`` is a request, a dashed line and the answer; those with a number belong
to the golden test of that number, those of port 80 are number 9. The directory behind them is
``tests.support.discovery_world``, signing in is real.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autodiscover import pox
from autodiscover.composition import MOBILESYNC, OUTLOOK, ROWS
from autodiscover.model import Asker, Outcome, Question
from gateway.endpoints.discovery import MAXIMUM_BODY, DiscoveryEndpoint
from gateway.endpoints.redirect import PlainRedirect
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError, Kind
from gateway.services.discovery import Signed
from gateway.services.login import Principal
from tests.support import discovery_world
from tests.support.discovery_world import ask

CORPUS = Path(__file__).parents[2] / "corpus" / "autodiscover"
PORT_80 = "09-"
AUTHORIZATION = discovery_world.login("alice@example.org")
QUESTION = (
    b"<Autodiscover><Request><EMailAddress>alice@example.org</EMailAddress><AcceptableResponseSchema>"
    b"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    b"</AcceptableResponseSchema></Request></Autodiscover>"
)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=UTC)


async def authenticate(scope: MutableMapping[str, Any]) -> Principal | None:
    return Principal(discovery_world.ACME, "u-alice")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiscoveryEndpoint]:
    threads = Threads()
    store = discovery_world.inhabited(tmp_path_factory.mktemp("store"))
    yield discovery_world.endpoint(store, Clock(), threads)
    threads.close()
    store.close()


_PORT_80 = PlainRedirect("usher.example", {"autodiscover.example.org"}.__contains__)


def split(message: str) -> tuple[str, list[tuple[str, str]], bytes]:
    head, _, body = message.partition("\n\n")
    line, *fields = head.rstrip("\n").split("\n")
    pairs = [(name.lower(), value) for name, _, value in (text.partition(": ") for text in fields)]
    return line, pairs, body.removesuffix("\n").encode()


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.txt")))
async def test_golden_exchange(endpoint: DiscoveryEndpoint, name: str) -> None:
    asked, _, answered = (CORPUS / f"{name}.txt").read_text(encoding="utf-8").partition("-" * 40 + "\n")
    line, headers, body = split(asked)
    method, path, _ = line.split(" ")
    encoded = tuple((key.encode(), value.encode()) for key, value in headers)
    asked_of = _PORT_80 if name.startswith(PORT_80) else endpoint
    exchange = await ask(asked_of, body, method=method, path=path, headers=encoded)
    status, expected_headers, expected_body = split(answered)
    assert f"HTTP/1.1 {exchange.status}" == status
    assert exchange.headers.pop("content-length") == str(len(exchange.body))
    assert exchange.headers == dict(expected_headers)
    assert exchange.body.decode() == expected_body.decode()


async def test_head_is_get_without_the_body(endpoint: DiscoveryEndpoint) -> None:
    got = await ask(endpoint, method="GET")
    head = await ask(endpoint, method="HEAD")
    assert (head.status, head.headers, head.body) == (200, got.headers, b"")
    assert int(head.headers["content-length"]) == len(got.body)


async def test_nothing_is_read_before_the_client_has_signed_in(endpoint: DiscoveryEndpoint) -> None:
    exchange = await ask(endpoint, QUESTION, headers=())
    assert (exchange.status, exchange.received) == (401, 0)


async def test_the_body_limit_from_just_below_to_just_above(endpoint: DiscoveryEndpoint) -> None:
    filled = QUESTION + b" " * (MAXIMUM_BODY - len(QUESTION))
    assert (await ask(endpoint, filled)).status == 200
    assert (await ask(endpoint, filled[:100], filled[100:])).status == 200
    assert (await ask(endpoint, filled + b" ")).status == 413
    assert (await ask(endpoint, filled, b" ")).status == 413


@pytest.mark.parametrize("length", [str(MAXIMUM_BODY + 1), "9" * 4000])
async def test_an_announced_length_beyond_the_limit_is_refused_unread(
    endpoint: DiscoveryEndpoint, length: str
) -> None:
    exchange = await ask(endpoint, QUESTION, headers=(AUTHORIZATION, (b"content-length", length.encode())))
    assert (exchange.status, exchange.received, exchange.headers["connection"]) == (413, 0, "close")


async def test_other_methods_and_paths(endpoint: DiscoveryEndpoint) -> None:
    refused = await ask(endpoint, method="PUT")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    assert (await ask(endpoint, method="PUT", headers=())).status == 401
    assert (await ask(endpoint, path="/autodiscover/other")).status == 404


async def test_a_client_that_leaves_is_not_answered(endpoint: DiscoveryEndpoint) -> None:
    assert (await ask(endpoint, QUESTION[:10], leave=True)).status == 0


def failing(error: Exception) -> DiscoveryEndpoint:
    async def answers(questions: Sequence[Question], signed: Signed | None) -> tuple[Outcome, ...]:
        raise error

    return DiscoveryEndpoint(answers, authenticate, Clock())


async def nobody_asks(questions: Sequence[Question], signed: Signed | None) -> tuple[Outcome, ...]:
    pytest.fail("asked")


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.THROTTLED, Kind.BACKEND_DOWN, Kind.BACKEND_SLOW])
async def test_what_will_pass_is_503_with_a_time(kind: Kind) -> None:
    exchange = await ask(failing(GatewayError(kind)), QUESTION)
    assert exchange.status == 503
    assert int(exchange.headers["retry-after"]) > 0


@pytest.mark.parametrize("error", [GatewayError(Kind.INTERNAL), RuntimeError("s3cret")])
async def test_our_own_fault_is_603_and_says_no_more(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = await ask(failing(error), QUESTION)
    assert exchange.status == 200
    assert b"<ErrorCode>603</ErrorCode>" in exchange.body
    assert b"s3cret" not in exchange.body
    assert "discovery failed" in caplog.text


async def test_a_busy_directory_is_503_before_anything_is_known() -> None:
    async def throttled(scope: MutableMapping[str, Any]) -> Principal | None:
        raise GatewayError(Kind.THROTTLED)

    endpoint = DiscoveryEndpoint(nobody_asks, throttled, Clock())
    assert (await ask(endpoint, QUESTION)).status == 503


async def test_an_error_that_is_not_about_discovery_is_left_to_the_middleware() -> None:
    async def broken(scope: MutableMapping[str, Any]) -> Principal | None:
        raise GatewayError(Kind.INTERNAL)

    endpoint = DiscoveryEndpoint(nobody_asks, broken, Clock())
    with pytest.raises(GatewayError):
        await ask(endpoint, QUESTION)


async def test_the_same_answer_through_the_activesync_path(endpoint: DiscoveryEndpoint) -> None:
    async def speak(scope: Any, receive: Any, send: Any) -> None:
        await endpoint.speak(pox, scope, receive, send)

    through = await ask(speak, QUESTION, path="/Microsoft-Server-ActiveSync")
    assert (through.status, through.body) == (200, (await ask(endpoint, QUESTION)).body)


def test_every_row_of_the_composition_table_has_an_exchange_of_its_own() -> None:
    met = set()
    for path in CORPUS.glob("15-row-*.txt"):
        asked = path.read_text(encoding="utf-8").partition("-" * 40 + "\n")[0]
        _, pairs, body = split(asked)
        headers = dict(pairs)
        asker = Asker(headers.get("user-agent", ""), int(headers.get("x-mapihttpcapability", "0")))
        schema = MOBILESYNC if MOBILESYNC.encode() in body else OUTLOOK
        met.add(next(row.client for row in ROWS if row.fits(schema, asker)))
    assert met == {row.client for row in ROWS}
