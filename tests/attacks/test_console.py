"""Attacks on the console by way of a browser that is signed in: every route that may change something, asked
as another site, another session or an old page would ask it (T24).

The routes are taken from the routers, so a new one is attacked from the day on that it is there.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from gateway import app
from gateway.endpoints.console import PREFIX, ROUTERS
from gateway.endpoints.console.gate import COOKIE, csrf_of
from gateway.records.authority import Appointment, Role
from gateway.services.tenants import Settings
from tests.support.accounts import PASSWORD, appoint, arrived
from tests.support.desk import TOKEN, Desk, furnish
from tests.support.world import ADMIN

HERE = "https://localhost"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
ROUTES = [(sorted(route.methods), PREFIX + route.path) for router in ROUTERS for route in router.routes]  # type: ignore[attr-defined]
CHANGING = sorted({path for methods, path in ROUTES if "POST" in methods})
STREAMS = ("/stream", "/moved")
"""Answers that do not end; ``tests/gateway/endpoints/console`` has what is asked of them."""

READING = sorted({path for methods, path in ROUTES if "GET" in methods and not path.endswith(STREAMS)})
PLACES = {
    "organisation": "acme",
    "user": "ann@acme.example",
    "device_id": "PHONE1",
    "domain": "acme.example",
    "administrator": "olga",
    "policy": "default",
}
SIGNED_IN = [path for path in CHANGING if not path.startswith(f"{PREFIX}/sign-in")]


class Places(dict[str, str]):
    """What a path names; anything where nothing is there."""

    def __missing__(self, name: str) -> str:
        return "x-1"


def at(path: str) -> str:
    return path.format_map(Places(PLACES))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = furnish(tmp_path)
    made = desk.services
    made.tenants.create_organisation(ADMIN, "acme", Settings())
    made.tenants.add_domain(ADMIN, "acme", "acme.example")
    made.users.create(ADMIN, "acme", "ann@acme.example", password="Quiet-Horse-9")
    desk.phone("ann@acme.example")
    yield desk
    made.store.close()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application of the admin listener, asked by nobody yet."""
    application = app.admin(desk.config)
    await application.start()
    transport = httpx.ASGITransport(application, client=("192.0.2.99", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        yield client
    await application.close()


@pytest.fixture
async def session(client: httpx.AsyncClient, desk: Desk) -> str:
    """An owner's, confirmed a moment ago."""
    secret = (await arrived(client, desk, "olga")).secret
    client.cookies.clear()
    return secret


@pytest.fixture
async def other(client: httpx.AsyncClient, desk: Desk, session: str) -> str:
    """Another administrator's session."""
    secret = (await arrived(client, desk, "henry", Appointment(Role.OPERATOR))).secret
    client.cookies.clear()
    return secret


def shown(secret: str, **headers: str) -> dict[str, str]:
    return (
        FORM
        | {"Cookie": f"{COOKIE}={secret}"}
        | {name.replace("_", "-"): text for name, text in headers.items()}
    )


def trail(desk: Desk) -> int:
    with desk.services.store.read() as transaction:
        return len(transaction.audit.query(limit=10_000))


def test_there_is_something_to_attack() -> None:
    assert len(SIGNED_IN) > 40
    assert len(READING) > 20


ELSEWHERE = {
    "without an origin": {},
    "from nowhere": {"Origin": "null"},
    "from another site": {"Origin": "https://evil.example"},
    "without encryption": {"Origin": "http://localhost"},
    "from another port": {"Origin": "https://localhost:8443"},
    "from a name that begins like ours": {"Origin": "https://localhost.evil.example"},
    "by a link from elsewhere": {"Origin": HERE, "Sec-Fetch-Site": "cross-site"},
    "from a neighbour": {"Origin": HERE, "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("how", list(ELSEWHERE))
async def test_no_other_page_changes_anything(
    client: httpx.AsyncClient, desk: Desk, session: str, how: str
) -> None:
    before = trail(desk)
    for path in CHANGING:
        token = {"csrf": csrf_of(session)}
        headers = shown(session) | ELSEWHERE[how]
        answer = await client.post(at(path), data=token, headers=headers)
        assert answer.status_code == 403, path
    assert trail(desk) == before


@pytest.mark.parametrize("form", ["none", "empty", "another session's", "of nobody", "guessed"])
async def test_no_form_of_another_session_changes_anything(
    client: httpx.AsyncClient, desk: Desk, session: str, other: str, form: str
) -> None:
    tokens = {
        "none": {},
        "empty": {"csrf": ""},
        "another session's": {"csrf": csrf_of(other)},
        "of nobody": {"csrf": csrf_of("")},
        "guessed": {"csrf": "0" * 64},
    }
    before = trail(desk)
    for path in SIGNED_IN:
        answer = await client.post(at(path), data=tokens[form], headers=shown(session, Origin=HERE))
        assert answer.status_code == 403, path
        assert "another session" in answer.text, path
    assert trail(desk) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_nothing_is_changed_by_an_address_or_another_method(
    client: httpx.AsyncClient, desk: Desk, session: str, method: str
) -> None:
    """A picture's address is all that a foreign page gets a browser to ask without an origin."""
    before = trail(desk)
    for path in CHANGING:
        query = {"csrf": csrf_of(session), "do": "save", "reason": "x", "kind": "account"}
        answer = await client.request(method, at(path), params=query, headers=shown(session, Origin=HERE))
        if path in READING and method in ("GET", "HEAD"):
            continue
        assert answer.status_code in (403, 404, 405), (path, answer.status_code)
    assert trail(desk) == before


async def test_a_form_of_another_type_is_not_read(
    client: httpx.AsyncClient, desk: Desk, session: str
) -> None:
    """``text/plain`` and ``multipart`` are what a form of another site can be sent as."""
    before = trail(desk)
    for path in SIGNED_IN:
        for media_type in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
            headers = shown(session, Origin=HERE) | {"Content-Type": media_type}
            answer = await client.post(at(path), content=f"csrf={csrf_of(session)}", headers=headers)
            assert answer.status_code in (400, 403, 415), path
    assert trail(desk) == before


async def test_without_a_session_every_page_leads_to_the_sign_in_page(client: httpx.AsyncClient) -> None:
    for path in READING:
        if path == f"{PREFIX}/sign-in" or path.startswith(f"{PREFIX}/sign-in/"):
            continue
        answer = await client.get(at(path))
        assert (answer.status_code, answer.headers["location"][:16]) == (303, f"{PREFIX}/sign-in"), path


async def test_no_bearer_token_opens_a_page(client: httpx.AsyncClient, session: str) -> None:
    """Neither in its own header nor where the session belongs."""
    for headers in (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"Bearer {session}"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
    ):
        for path in READING:
            if not path.startswith(f"{PREFIX}/sign-in"):
                assert (await client.get(at(path), headers=headers)).status_code == 303, path


async def test_no_page_may_be_framed_or_kept(client: httpx.AsyncClient, session: str) -> None:
    for path in [*READING, f"{PREFIX}/no-such-page"]:
        told = (await client.get(at(path), headers=shown(session))).headers
        assert "frame-ancestors 'none'" in told["content-security-policy"], path
        assert "unsafe" not in told["content-security-policy"], path
        assert told["x-frame-options"] == "DENY", path
        assert told["x-content-type-options"] == "nosniff", path
        assert told["cache-control"] == "no-store", path


async def test_a_planted_session_does_not_become_the_victims(
    client: httpx.AsyncClient, desk: Desk, session: str, other: str
) -> None:
    """Fixation: whoever signs in gets a session that was not there before, whatever cookie was planted."""
    appoint(desk, "fresh")
    form = {"name": "fresh", "password": PASSWORD, "code": "", "csrf": csrf_of(other)}
    answer = await client.post(f"{PREFIX}/sign-in", data=form, headers=shown(other, Origin=HERE))
    assert answer.status_code == 303, answer.text
    given = answer.headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=ushs_")
    assert other not in given
    assert "HttpOnly" in given
    client.cookies.clear()
    still = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {other}"})
    assert still.json()["name"] == "henry"


async def test_a_session_that_ended_opens_nothing(client: httpx.AsyncClient, session: str) -> None:
    form = {"csrf": csrf_of(session)}
    answer = await client.post(f"{PREFIX}/sign-out", data=form, headers=shown(session, Origin=HERE))
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await client.get(f"{PREFIX}/me", headers=shown(session))).status_code == 303
    refused = await client.post(f"{PREFIX}/me/language", data=form, headers=shown(session, Origin=HERE))
    assert refused.headers["location"].startswith(f"{PREFIX}/sign-in")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/console/../api", "javascript:alert(1)"],
)
async def test_signing_in_leads_nowhere_else(client: httpx.AsyncClient, desk: Desk, target: str) -> None:
    page = await client.get(f"{PREFIX}/sign-in", params={"next": target})
    assert "evil" not in page.text
    assert "javascript:" not in page.text


COOKIES = (b'site={"a":1}', b"=", b'open="', b"\xfc=1", b"Path=/; Max-Age=0", b"x" * 4000)
"""What another host of the same domain may have a browser send along."""


@pytest.mark.parametrize("neighbour", COOKIES, ids=repr)
async def test_a_neighbours_cookie_signs_nobody_out(
    client: httpx.AsyncClient, session: str, neighbour: bytes
) -> None:
    shown = neighbour + b"; " + f"{COOKIE}={session}".encode()
    assert (await client.get(f"{PREFIX}/me", headers=[(b"cookie", shown)])).status_code == 200


async def test_no_cookie_and_no_token_is_an_error_of_ours(client: httpx.AsyncClient, session: str) -> None:
    for cookie in (f'{COOKIE}="{session}\\351"', f"{COOKIE}={session}\x7f", f"{COOKIE}=ushs_"):
        answer = await client.get(f"{PREFIX}/me", headers={"Cookie": cookie})
        assert answer.headers["location"].startswith(f"{PREFIX}/sign-in"), cookie
    for path in CHANGING:
        said = await client.post(at(path), data={"csrf": "\u00e9"}, headers=shown(session, Origin=HERE))
        assert said.status_code == 403, path
        token = [(b"x-csrf-token", b"\xe9"), *((k.encode(), v.encode()) for k, v in shown(session).items())]
        said = await client.post(at(path), headers=[*token, (b"origin", HERE.encode())])
        assert said.status_code == 403, path


@pytest.mark.parametrize(
    "answer", ["[" * 16_000, '{"rawId":' * 1_500, "x" * 200_000, "\u0000", '{"rawId": 1}']
)
async def test_no_passkeys_answer_is_an_error_of_ours(
    client: httpx.AsyncClient, session: str, answer: str
) -> None:
    asked = {"/sign-in/passkey": 401, "/me/passkeys": 400, "/me/confirm": 403}
    for path, status in asked.items():
        form = {"csrf": csrf_of(session), "label": "x", "answer": answer}
        said = await client.post(PREFIX + path, data=form, headers=shown(session, Origin=HERE))
        assert said.status_code == status, path
