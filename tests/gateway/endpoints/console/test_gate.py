"""The console's door: cookie, origin, token, and what goes with every page (product 7.7; T22, T24)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.console.gate import COOKIE, Gate, set_cookie
from gateway.endpoints.event_streams import AGAIN
from gateway.endpoints.middleware import Receive, Scope, Send
from gateway.endpoints.principals import NOBODY
from gateway.errors import GatewayError, Kind
from gateway.records.authority import MACHINE, Authority

SESSION = "ushs_" + "x" * 43
OLGA = Authority("olga", "p", MACHINE)
HERE = {"Origin": "https://localhost"}


async def bearer(shown: bytes | None, _address: str, /, *, attended: bool = False) -> Authority:
    if shown == b"Bearer " + SESSION.encode():
        return OLGA
    raise GatewayError(Kind.UNAUTHENTICATED)


async def console(scope: Scope, receive: Receive, send: Send) -> None:
    name = (await scope[AGAIN]()).name.encode()
    assert scope[ADMINISTRATOR].name.encode() == name
    own = [(b"content-security-policy", b"sandbox")] if scope["path"].endswith("/report") else []
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": name})


@pytest.fixture
async def door() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Gate(console, bearer))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
        yield client


def cookie(secret: str = SESSION) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={secret}"}


async def test_a_session_opens_every_page(door: httpx.AsyncClient) -> None:
    assert (await door.get("/console/o/acme/devices", headers=cookie())).text == "olga"


@pytest.mark.parametrize("secret", ["", "ushs_wrong", "usht_" + "x" * 43, SESSION + "0", SESSION.upper()])
async def test_without_one_there_is_only_the_sign_in_page(door: httpx.AsyncClient, secret: str) -> None:
    turned = await door.get("/console/o/acme/devices", headers=cookie(secret))
    assert turned.status_code == 303
    assert turned.headers["location"] == "/console/sign-in?next=/console/o/acme/devices"
    for path in ("/console/sign-in", "/console/static/console.css"):
        assert (await door.get(path, headers=cookie(secret))).text == NOBODY.name


async def test_a_page_that_is_stricter_keeps_its_own_policy(door: httpx.AsyncClient) -> None:
    answer = await door.get("/console/o/acme/devices/u/D/report", headers=cookie())
    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_part_of_a_page_takes_the_whole_page_along(door: httpx.AsyncClient) -> None:
    turned = await door.get("/console/", headers={"HX-Request": "true"})
    assert (turned.status_code, turned.headers["hx-redirect"]) == (204, "/console/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost.evil.example"},
        HERE | {"Sec-Fetch-Site": "cross-site"},
        HERE | {"Sec-Fetch-Site": "same-site"},
        HERE | {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_comes_from_elsewhere_changes_nothing(
    door: httpx.AsyncClient, method: str, headers: dict[str, str]
) -> None:
    answer = await door.request(method, "/console/me/password", headers=headers | cookie())
    assert answer.status_code == 403


async def test_what_comes_from_here_is_served(door: httpx.AsyncClient) -> None:
    answer = await door.post(
        "/console/me/password", headers=HERE | {"Sec-Fetch-Site": "same-origin"} | cookie()
    )
    assert answer.text == "olga"


async def test_every_answer_says_what_may_be_loaded_and_who_may_frame_it(door: httpx.AsyncClient) -> None:
    for path in ("/console/", "/console/sign-in"):
        told = (await door.get(path)).headers
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert told["x-frame-options"] == "DENY"


def test_the_cookie_is_this_hosts_alone() -> None:
    told = set_cookie(SESSION, 60)
    assert told.startswith("__Host-")
    assert "Domain" not in told
