"""The closed list of paths on the clients' listener, over real sockets (T14)."""

from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.serving import exchange, post

ROOT = "/Microsoft-Server-ActiveSync"
ACTIVESYNC = [ROOT, ROOT.lower(), ROOT.upper(), f"{ROOT}/", f"{ROOT}/default.eas", f"{ROOT}/Default.EAS"]
DISCOVERY = [
    "/autodiscover/autodiscover.xml",
    "/Autodiscover/Autodiscover.xml",
    "/AUTODISCOVER/AUTODISCOVER.XML",
]
NOWHERE = [
    "/",
    "/x",
    f"{ROOT}/sub",
    f"{ROOT}x",
    f"/x{ROOT}",
    f"{ROOT}/default.eas/",
    "/Microsoft-Server-ActiveSync%20",
    "/Microsoft%2DServer-ActiveSync/x",
    "/EWS/Exchange.asmx",
    "/owa/",
    "/ecp/",
    "/PowerShell",
    "/autodiscover/",
    "/autodiscover/x.xml",
    "/api/v1/organisations",
    "/healthz/",
    "/metrics",
    "/rpc/rpcproxy.dll",
    "/mapi/nspi",
    "/.well-known/x",
]


async def test_activesync_in_every_spelling_asks_for_a_password(gateway: Gateway) -> None:
    for path in ACTIVESYNC:
        answer = await gateway.phones.ask("OPTIONS", f"http://127.0.0.1:{gateway.port}{path}")
        assert answer.http == 401, path


async def test_discovery_in_every_spelling_asks_for_a_password(gateway: Gateway) -> None:
    for path in DISCOVERY:
        answer = await gateway.phones.ask("POST", f"http://127.0.0.1:{gateway.port}{path}", body=b"<x/>")
        assert answer.http == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic")


async def test_every_other_path_is_404_without_a_word(gateway: Gateway, backend: RecordingBackend) -> None:
    for path in NOWHERE:
        for method in ("GET", "POST", "OPTIONS", "PUT", "DELETE"):
            body = b"x" * 1000 if method in ("POST", "PUT") else b""
            answer = await gateway.phones.ask(method, f"http://127.0.0.1:{gateway.port}{path}", body=body)
            assert (answer.http, answer.body) == (404, b""), (method, path)
    assert backend.seen == []


async def test_a_body_for_nowhere_leaves_the_connection_usable(gateway: Gateway) -> None:
    first = post(b"/nowhere", b"x" * 300_000, close=False)
    second = post(
        ROOT.encode() + b"?Cmd=NoSuch&User=a&DeviceId=A&DeviceType=B", b"", b"MS-ASProtocolVersion: 14.1"
    )
    answers = await exchange(gateway.port, first + second, patience=2)
    assert answers.count(b"HTTP/1.1 404") == 1
    assert answers.count(b"HTTP/1.1 501") == 1


async def test_other_methods_on_activesync_are_told_what_there_is(gateway: Gateway) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "PROPFIND"):
        answer = await gateway.phones.ask(method, gateway.url)
        assert (answer.http, answer.headers["allow"]) == (405, "OPTIONS,POST"), method
