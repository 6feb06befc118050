"""Product 9.4."""

import asyncio
import json
from typing import Any

import pytest

from gateway.endpoints import health
from gateway.endpoints.health import Health


async def ask(app: Health, path: str, method: str = "GET") -> tuple[int, Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"method": method, "path": path}, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def good() -> bool:
    return True


async def bad() -> bool:
    raise ConnectionError("postgres://u:secret@db")


async def test_healthy_is_a_process_that_answers() -> None:
    assert await ask(Health({"store": bad}), "/healthz") == (200, {"status": "ok"})


async def test_ready_is_a_process_whose_ground_holds() -> None:
    assert await ask(Health({"store": good}), "/readyz") == (200, {"status": "ready"})


async def test_an_unready_process_names_what_fails_and_no_more() -> None:
    answer = await ask(Health({"store": bad, "feed": good}), "/readyz")
    assert answer == (503, {"status": "unready", "failing": ["store"]})


async def test_a_check_that_hangs_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.05)

    async def hangs() -> bool:
        await asyncio.sleep(60)
        return True

    assert (await ask(Health({"store": hangs}), "/readyz"))[0] == 503


async def test_only_reading_is_allowed() -> None:
    assert (await ask(Health({}), "/healthz", "POST"))[0] == 405


async def test_where_everybody_may_ask_it_says_no_names() -> None:
    app = Health({"change feed": bad}, names=False)
    assert await ask(app, "/readyz") == (503, {"status": "unready"})
    assert app.matches("/healthz")
    assert not app.matches("/healthz/")
