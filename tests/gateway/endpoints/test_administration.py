"""The admin listener's application behind the real server: the gate, health, limits, accidents (T25, T28)."""

import asyncio
import contextlib
import logging
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from gateway import app
from gateway.endpoints.administration import BODY_LIMIT, Administration
from gateway.endpoints.console.gate import COOKIE
from gateway.endpoints.principals import Administrators
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority
from tests.support.accounts import arrived
from tests.support.desk import TOKEN, Desk
from tests.support.serving import ours

BEARER = {"Authorization": f"Bearer {TOKEN}"}
ALL = "/api/v1/organisations"


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    application = app.admin(desk.config)
    await application.start()
    async with ours(application) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    await application.drain()
    await application.close()


@pytest.mark.parametrize(
    "path", [ALL, "/api/v1/nothing", "/api/v1/openapi.json", "/consoles", "/api/v2", "/healthz/"]
)
@pytest.mark.parametrize("token", [None, "Bearer wrong", f"Basic {TOKEN}"])
async def test_nothing_is_said_without_the_token(
    client: httpx.AsyncClient, path: str, token: str | None
) -> None:
    answer = await client.get(path, headers={"Authorization": token} if token else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_token_opens_the_api_and_nothing_beside_it(client: httpx.AsyncClient) -> None:
    assert (await client.get(ALL, headers=BEARER)).json() == {"items": [], "next": None}
    for path in ("/console", "/api/v1", "/api/v2/organisations", "/API/V1/organisations", "/metricsz"):
        answer = await client.get(path, headers=BEARER)
        assert (answer.status_code, answer.json()["title"]) == (404, "not found")


async def test_what_asks_by_itself_does_not_keep_a_session_open(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    ann = await arrived(client, desk, "ann")
    shown = {"Authorization": f"Bearer {ann.secret}", "Cookie": f"{COOKIE}={ann.secret}"}
    for path in ("/api/v1/me", "/console/me"):
        for unattended in ({"X-Usher-Unattended": "true"}, {"Accept": "text/event-stream"}):
            before = _put_back(desk)
            assert (await client.get(path, headers=shown | unattended)).status_code == 200
            assert _seen(desk) == before
        assert (await client.get(path, headers=shown)).status_code == 200
        assert _seen(desk) > before


def _seen(desk: Desk) -> datetime:
    with desk.services.store.read() as transaction:
        (session,) = transaction.sessions.of(desk.services.administrators.get("ann").id)
    return session.seen_at


def _put_back(desk: Desk) -> datetime:
    at = _seen(desk) - timedelta(minutes=10)
    with sqlite3.connect(desk.config.store.directory / "usher.db") as connection:
        stored = at.replace(tzinfo=None).isoformat(" ", "microseconds")
        connection.execute("UPDATE sessions SET seen_at = ?", (stored,))
    connection.close()
    return at


async def test_people_are_led_to_the_console_and_there_to_its_door(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).headers["location"] == "/console/"
    for headers in ({}, BEARER):
        turned = await client.get("/console/", headers=headers)
        assert (turned.status_code, turned.headers["location"]) == (303, "/console/sign-in?next=/console/")
        assert turned.headers.get_list("cache-control") == ["no-store"]


async def test_metrics_are_for_the_token_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 401
    answer = await client.get("/metrics", headers=BEARER)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "usher_store_up 1.0" in answer.text


async def test_no_answer_is_kept_by_a_cache(client: httpx.AsyncClient) -> None:
    for headers in ({}, BEARER):
        answer = await client.get(ALL, headers=headers)
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_health_needs_no_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_a_database_that_is_gone_is_told_by_name(client: httpx.AsyncClient, desk: Desk) -> None:
    with contextlib.closing(sqlite3.connect(desk.config.store.directory / "usher.db")) as database:
        database.execute("ALTER TABLE organisations RENAME TO gone")
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "unready", "failing": ["store"]})
    assert (await client.get("/healthz")).status_code == 200
    answer = await client.get(ALL, headers=BEARER)
    assert answer.status_code in (500, 503)
    assert "gone" not in answer.text


async def test_a_page_says_so_too_where_nobody_can_tell_who_asks(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **_settings: object) -> Authority:
        raise GatewayError(Kind.UNAVAILABLE)

    monkeypatch.setattr(Administrators, "bearer", away)
    page = await client.get("/console/", headers={"Cookie": "__Host-usher=ushs_" + "a" * 43})
    assert (page.status_code, page.json()["title"]) == (503, "unavailable")
    assert page.headers.get_list("cache-control") == ["no-store"]


async def test_an_accident_is_logged_under_its_request_and_answered_empty(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gateway.services.tenants import Tenants

    def broken(_self: Tenants, **_asked: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(Tenants, "organisations", broken)
    with caplog.at_level(logging.ERROR):
        answer = await client.get(ALL, headers=BEARER)
    assert answer.json() == {"type": "about:blank", "title": "internal", "status": 500}
    (record,) = [record for record in caplog.records if record.name == "usher.administration"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "canary"
    assert record.__dict__["request"] == answer.headers["x-request-id"]
    assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("size", "status"), [(BODY_LIMIT, 400), (BODY_LIMIT + 1, 413)])
@pytest.mark.parametrize("announced", [True, False])
async def test_the_body_limit(client: httpx.AsyncClient, size: int, status: int, announced: bool) -> None:
    body = b'{"alias": "' + b"x" * (size - 13) + b'"}'

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, size, 65536):
            yield body[start : start + 65536]

    headers = BEARER | {"Content-Type": "application/json"}
    answer = await client.post(ALL, content=body if announced else parts(), headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_is_not_read_before_the_token_was_shown(client: httpx.AsyncClient) -> None:
    answer = await client.post(ALL, content=b"x" * (2 * BODY_LIMIT))
    assert answer.status_code == 401


async def test_no_token_file_ends_the_start(desk: Desk) -> None:
    desk.config.token_file.unlink()
    application = app.admin(desk.config)
    with pytest.raises(FileNotFoundError):
        await application.start()
    await application.close()


async def test_before_the_start_nobody_is_let_in(desk: Desk) -> None:
    application: Administration = app.admin(desk.config)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=BEARER) as client:
        assert (await client.get(ALL)).status_code == 503
    await application.close()


async def test_what_the_process_does_by_itself_lives_as_long_as_it(desk: Desk) -> None:
    class Rounds:
        def __init__(self) -> None:
            self.told: list[str] = []

        def start(self) -> None:
            self.told.append("start")

        def stop(self) -> None:
            self.told.append("stop")

    rounds = Rounds()
    application = Administration(
        desk.services, desk.config.token_file, {}, lambda: rounds.told.append("closed"), [rounds]
    )
    assert rounds.told == []
    await application.start()
    assert rounds.told == ["start"]
    await application.close()
    assert rounds.told == ["start", "stop", "closed"]


@pytest.mark.parametrize("every_s", [0.0, 3600.0])
async def test_only_the_administration_looks_at_backends_domains_and_queues(
    desk: Desk, every_s: float
) -> None:
    config = replace(desk.config, dns=replace(desk.config.dns, check_every_s=every_s))
    before = {task.get_name() for task in asyncio.all_tasks()}
    application = app.admin(config)
    await application.start()
    running = {task.get_name() for task in asyncio.all_tasks()} - before
    await application.close()
    assert {"health", "quarantine"} <= running
    assert ("domains" in running) is (every_s > 0)


SELDOM = ("alembic", "psycopg", "webauthn", "httpx", "joserfc")


@pytest.mark.parametrize(
    ("part", "spared"),
    [("gateway.app", ("fastapi", "pydantic", *SELDOM)), ("gateway.endpoints.administration", SELDOM)],
)
def test_nobody_loads_what_others_need(part: str, spared: tuple[str, ...]) -> None:
    """The framework would cost each client worker some 25 MiB, the rest each process 20 more."""
    check = f"import sys, gateway.app, {part}; print([each for each in {spared} if each in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
