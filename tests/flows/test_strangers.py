"""What anybody may ask, over real sockets: golden exchanges, hostile targets, conditional costs
(spec/autodiscover.md 14, 15: golden tests 8, 10, 11).

A file of ``tests/corpus/strangers`` is a request, a dashed line and the answer. Behind them is the
organisation ``acme`` with the domain ``acme.example`` and a backend that serves everything.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.config import AccessLines, LogConfig
from gateway.log import AccessLog
from gateway.records import OrganisationState
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import ADMIN
from tests.support.serving import exchange

CORPUS = Path(__file__).parents[1] / "corpus" / "strangers"
LINE = "-" * 40 + "\n"
SERVED = {
    "ews_url": "https://mail.acme.example/EWS/Exchange.asmx",
    "imap": "imap.acme.example:993",
    "smtp": "smtp.acme.example:465",
    "web_mail": "https://mail.acme.example/?a=1&b=2",
    "caldav_url": "https://dav.acme.example/cal/",
    "carddav_url": "https://dav.acme.example/card/",
}
VARYING = {"date", "server", "connection", "x-request-id"}
JSON = "/autodiscover/autodiscover.json"
QUERY = "?Email=ann%40acme.example&Protocol=ActiveSync"


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(tmp_path, backend, asked=SERVED) as running:
        yield running
    assert backend.seen == [], "a stranger's question went to the backend"


async def send(gateway: Gateway, request: str) -> tuple[int, dict[str, str], bytes]:
    """A request line and headers to an answer; the connection is closed by the request."""
    head = request.rstrip("\n").replace("\n", "\r\n") + "\r\nConnection: close\r\n\r\n"
    answer = await exchange(gateway.port, head.encode("latin-1"), patience=10)
    top, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = top.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs if name.lower() not in VARYING}
    return int(status.split(" ")[1]), headers, body


async def get(gateway: Gateway, target: str, host: str = "acme.example", method: str = "GET") -> bytes:
    status, headers, body = await send(gateway, f"{method} {target} HTTP/1.1\nHost: {host}")
    shown = "".join(f"{name}: {value}\n" for name, value in sorted(headers.items()))
    return f"{status}\n{shown}\n".encode() + body


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.txt")))
async def test_golden_exchange(gateway: Gateway, name: str) -> None:
    asked, _, answered = (CORPUS / f"{name}.txt").read_text(encoding="utf-8").partition(LINE)
    status, headers, body = await send(gateway, asked)
    assert headers.pop("content-length") == str(len(body)) or asked.startswith("HEAD")
    told = "".join(f"{key}: {value}\n" for key, value in sorted(headers.items()))
    assert f"HTTP/1.1 {status}\n{told}\n{body.decode()}\n" == answered


PATHS = (
    "/mail/config-v1.1.xml",
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    "/v1.1/mail/config-v1.1.xml",
    "/Mail/Config-V1.1.xml",
)
ADDRESSES = (
    "",
    "?emailaddress=ann%40acme.example",
    "?emailaddress=nobody%40ACME.example",
    "?emailaddress=%3Cscript%3E%26%22%40acme.example",
    "?emailaddress=%25EMAILADDRESS%25&emailmd5=abc",
    "?EmailAddress=x%40acme.example",
)


async def test_autoconfig_is_one_file_for_a_domain(gateway: Gateway) -> None:
    known = await get(gateway, PATHS[0], "autoconfig.acme.example")
    assert known.startswith(b"200\n")
    for host in ("autoconfig.acme.example", "acme.example", "AUTOCONFIG.ACME.EXAMPLE:443"):
        for path in PATHS:
            for query in ADDRESSES:
                assert await get(gateway, path + query, host) == known, (host, path, query)


async def test_an_address_of_another_domain_is_not_answered_by_the_host(gateway: Gateway) -> None:
    answer = await get(gateway, PATHS[0] + "?emailaddress=a%40other.example", "autoconfig.acme.example")
    assert answer.startswith(b"404\n")


async def test_json_depends_on_the_domain_alone(gateway: Gateway) -> None:
    answers = {
        await get(gateway, f"{path}?{email}={who}%40{domain}&{protocol}={name}&RedirectCount=1")
        for path in (JSON, JSON.upper(), "/Autodiscover/Autodiscover.json")
        for email, protocol in (("Email", "Protocol"), ("email", "protocol"), ("EMAIL", "PROTOCOL"))
        for who, domain in (("ann", "acme.example"), ("nobody", "ACME.example"))
        for name in ("ActiveSync", "activesync")
    }
    answers |= {
        await get(gateway, f"{JSON}/v1.0/{who}acme.example?Protocol=ACTIVESYNC")
        for who in ("ann@", "nobody%40", "J%C3%B6rg@")
    }
    assert len(answers) == 1
    assert answers.pop().startswith(b"200\n")


HOSTILE = [
    f"{JSON}?@x/mapi/..&Email=autodiscover/autodiscover.json%3F@x",
    f"{JSON}?@evil.test/owa/?&Email={JSON[1:]}%3F@evil.test",
    f"{JSON}/@x/mapi/emsmdb",
    f"{JSON}@x{QUERY}",
    f"{JSON}/{QUERY}",
    f"{JSON}//v1.0/a@acme.example{QUERY}",
    f"{JSON}/v1.0/..{QUERY}",
    f"{JSON}/v1.0/../../../EWS/Exchange.asmx",
    f"{JSON}/v1.0/%2e%2e/%2e%2e/EWS/Exchange.asmx",
    f"{JSON}/v1.0/..%2f..%2fEWS%2fExchange.asmx{QUERY}",
    f"{JSON}/v1.0/a@acme.example/mapi{QUERY}",
    f"{JSON}/v1.0/a@acme.example%2fmapi{QUERY}",
    f"{JSON}/v1.0/a@acme.example%252fmapi{QUERY}",
    f"{JSON}/v1.0/a%2540acme.example{QUERY}",
    f"{JSON}/v1.0/a@acme.example;x=y{QUERY}",
    f"{JSON}/v1.0/a@acme.example%3bx{QUERY}",
    f"{JSON}/v1.0/a@acme.example%3fx{QUERY}",
    f"{JSON}/v1.0/a@acme.example%23x{QUERY}",
    f"{JSON}/v1.0/a@acme.example\\mapi{QUERY}",
    f"{JSON}/v1.0/a@acme.example%5cmapi{QUERY}",
    f"{JSON}/v1.0/a@acme.example%00{QUERY}",
    f"{JSON}/v1.0/a@acme.example%0d%0aX:y{QUERY}",
    f"{JSON}/v1.0/a@b@acme.example?Protocol=ActiveSync",
    f"{JSON}/v1.0/a@acme..example?Protocol=ActiveSync",
    f"{JSON}/v1.0/{'a' * 300}@acme.example?Protocol=ActiveSync",
    f"{JSON}/v1.0/?Protocol=ActiveSync",
    f"{JSON}/v1.0{QUERY}",
    f"{JSON}/v1.1/a@acme.example{QUERY}",
    f"/autodiscover/./autodiscover.json{QUERY}",
    f"/autodiscover//autodiscover.json{QUERY}",
    f"//autodiscover/autodiscover.json{QUERY}",
    f"/autodiscover%2fautodiscover.json{QUERY}",
    f"/autodiscover%252fautodiscover.json{QUERY}",
    f"/autodiscover\\autodiscover.json{QUERY}",
    f"/x/..{JSON}{QUERY}",
    f"/mapi/emsmdb/?x={JSON}",
    f"{JSON}?Email=a%40acme.example&Email=b%40acme.example&Protocol=ActiveSync",
    f"{JSON}?{'x=y&' * 100}Email=a%40acme.example&Protocol=ActiveSync",
    f"{JSON}?Email=a%40acme.example%00&Protocol=ActiveSync",
]


async def test_hostile_targets_are_refused_and_nothing_of_them_comes_back(gateway: Gateway) -> None:
    for target in HOSTILE:
        status, headers, body = await send(gateway, f"GET {target} HTTP/1.1\nHost: acme.example")
        assert status in (400, 404), target
        assert "location" not in headers, target
        for trace in (b"mapi", b"evil", b"EWS/", b"@", b"acme", b"X:y"):
            assert trace not in body, target


@pytest.mark.parametrize("domain", ["", "other.example", "example", "acme.example.evil.test"])
async def test_an_unknown_domain_is_one_404(gateway: Gateway, domain: str) -> None:
    for who in ("ann", "nobody"):
        answer = await get(gateway, f"{JSON}?Email={who}@{domain or 'x'}&Protocol=Ews")
        assert answer.startswith(b"404\n")
        assert json.loads(answer.partition(b"\n\n")[2])["ErrorCode"] == "DomainNotFound"


async def test_a_domain_on_a_foreign_server_is_sent_there(tmp_path: Path, backend: RecordingBackend) -> None:
    away = {"autodiscover_url": "https://exchange.example/autodiscover/autodiscover.xml"}
    async with serving(tmp_path, backend, asked=away) as gateway:
        there = await send(gateway, f"GET {JSON}{QUERY}&RedirectCount=1 HTTP/1.1\nHost: acme.example")
        stop = await send(gateway, f"GET {JSON}{QUERY}&RedirectCount=10 HTTP/1.1\nHost: acme.example")
        others = [await get(gateway, path) for path in (PATHS[0], "/.well-known/caldav")]
    location = "https://exchange.example/autodiscover/autodiscover.json"
    assert (there[0], there[1]["location"]) == (302, f"{location}{QUERY}&RedirectCount=2")
    assert (stop[0], json.loads(stop[2])["ErrorCode"]) == (400, "TooManyRedirects")
    assert [each[:3] for each in others] == [b"404", b"404"]


async def test_an_organisation_at_rest_is_a_failure_that_nobody_keeps(gateway: Gateway) -> None:
    targets = (JSON + QUERY, PATHS[0], "/.well-known/user-agent-configuration.json", "/.well-known/caldav")
    before = [await get(gateway, target) for target in targets]
    assert [each[:3] for each in before] == [b"200", b"200", b"200", b"307"]
    async with gateway.hears():
        gateway.settings(state=OrganisationState.INACTIVE)
    for target in targets:
        status, headers, body = await send(gateway, f"GET {target} HTTP/1.1\nHost: acme.example")
        assert (status, body) == (503, b""), target
        assert headers["cache-control"].startswith("no-store")
        assert int(headers["retry-after"]) > 0
    async with gateway.hears():
        gateway.settings(state=OrganisationState.ACTIVE)
    assert [await get(gateway, target) for target in targets] == before


async def test_other_methods_are_told_what_there_is(gateway: Gateway) -> None:
    for target in (JSON + QUERY, PATHS[0], "/.well-known/user-agent-configuration.json"):
        for method in ("PUT", "DELETE", "PROPFIND", "OPTIONS"):
            answer = await get(gateway, target, method=method)
            assert answer.startswith(b"405\n"), (target, method)
            assert b"\nallow: GET, HEAD\n" in answer
        assert (await get(gateway, target, method="HEAD")).partition(b"\n\n")[2] == b""


async def test_calendars_are_found_by_propfind_with_a_body(gateway: Gateway) -> None:
    body = b"<propfind/>" * 20_000
    head = (
        f"PROPFIND /.well-known/caldav HTTP/1.1\r\nHost: acme.example\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    again = b"GET /.well-known/carddav HTTP/1.1\r\nHost: usher.example\r\nConnection: close\r\n\r\n"
    answer = await exchange(gateway.port, head.encode() + body + again, patience=10)
    places = re.findall(rb"HTTP/1.1 (\d+).*?location: (\S+)", answer, re.IGNORECASE | re.DOTALL)
    assert places[0] == (b"307", SERVED["caldav_url"].encode())
    assert answer.count(b"HTTP/1.1") == 2, "the connection was not usable afterwards"


@asynccontextmanager
async def logged(folder: Path, backend: RecordingBackend) -> AsyncIterator[tuple[Gateway, Path]]:
    """A gateway that writes a line for every request."""
    path = folder / "access.log"
    with path.open("w") as stream:
        access = AccessLog(LogConfig(access=AccessLines.FULL), stream)
        async with serving(folder, backend, asked=SERVED, access=access) as gateway:
            yield gateway, path
            access.flush()


async def test_a_link_s_token_is_in_no_log(
    tmp_path: Path, backend: RecordingBackend, caplog: pytest.LogCaptureFixture
) -> None:
    async with logged(tmp_path, backend) as (gateway, path):
        url = gateway.made.profiles.link(ADMIN, "ann@acme.example").url
        target = url.removeprefix("https://usher.example")
        page = await get(gateway, target, "usher.example")
        profile = await get(gateway, target + "?install=1&for=any", "usher.example")
        gone = await get(gateway, target + "?install=1", "usher.example")
    assert [each[:3] for each in (page, profile, gone)] == [b"200", b"200", b"404"]
    for payload in (b"com.apple.eas.account", b"com.apple.mail.managed", b"com.apple.caldav.account"):
        assert payload in profile
    lines = path.read_text()
    assert lines.count('"status"') == 3
    assert target.rpartition("/")[2] not in lines + caplog.text


async def test_a_profile_needs_the_password(gateway: Gateway) -> None:
    phone = gateway.phone("ann")
    right, wrong = (
        f"GET /email.mobileconfig HTTP/1.1\nHost: usher.example\nAuthorization: {value}"
        for value in (_basic(phone.identity.password), _basic("Wrong-Horse-1"))
    )
    assert (await send(gateway, wrong))[0] == 401
    status, headers, body = await send(gateway, right)
    assert (status, headers["content-type"]) == (200, "application/x-apple-aspen-config")
    assert phone.identity.password.encode() not in body


def _basic(password: str) -> str:
    return "Basic " + b64encode(f"ann@acme.example:{password}".encode()).decode()


async def test_many_strangers_at_once_cost_one_look_up(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(get(gateway, JSON + QUERY) for _ in range(40)))
    assert len(set(answers)) == 1
