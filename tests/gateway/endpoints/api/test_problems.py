"""Every way to fail becomes a problem document that repeats nothing of the request (RFC 9457, T28)."""

import logging

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from gateway.endpoints.api.problems import install
from gateway.errors import GatewayError, Kind


class Secret(BaseModel):
    number: int


def failing(kind: Kind | None = None) -> FastAPI:
    api = FastAPI()
    install(api)

    @api.get("/")
    def fail() -> None:
        if kind is None:
            raise RuntimeError("canary: internal names")
        raise GatewayError(kind, "because", faults={"field": "fault"})

    @api.post("/")
    def read(body: Secret) -> None: ...

    return api


async def ask(api: FastAPI, method: str = "GET", body: object = None) -> httpx.Response:
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.request(method, "/", json=body)


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_kind_has_its_status(kind: Kind) -> None:
    answer = await ask(failing(kind))
    assert answer.status_code == answer.json()["status"] >= 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "because"
    assert answer.json()["errors"] == [{"field": "field", "fault": "fault"}]
    assert ("retry-after" in answer.headers) is (answer.status_code in (429, 503))
    assert ("www-authenticate" in answer.headers) is (answer.status_code == 401)


async def test_an_accident_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = await ask(failing())
    assert answer.json() == {"type": "about:blank", "title": "internal", "status": 500}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_wrong_value_is_not_repeated() -> None:
    answer = await ask(failing(), "POST", {"number": "canary"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "number"
    assert "canary" not in answer.text
