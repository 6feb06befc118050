"""Somebody at the self-service page of a running clients' application: a browser in a few lines.

It speaks plain HTTP to the application, as a front proxy does, so it carries the ``Secure`` cookie by hand.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import update

from gateway.config import Credentials, UserMapping
from gateway.endpoints.self_service.door import COOKIE
from gateway.services.self_sessions import FRESH
from gateway.store.tables_self_service import self_sessions
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import DOMAIN

_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class Browser:
    """One browser; ``cookie`` is the session that it has, empty for none."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.cookie = ""

    @property
    def origin(self) -> str:
        return f"https://{self.client.base_url.host}:{self.client.base_url.port}"

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=self._sent(headers))

    async def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        """What a page's form sends; ``headers`` in place of what a browser says, empty for left out."""
        said = {
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
            **self._sent({}),
            **(headers or {}),
        }
        kept = {name: value for name, value in said.items() if value}
        return await self.client.post(path, content=urlencode(form), headers=kept)

    async def token(self, path: str = "/self/") -> str:
        """What the forms of a page carry."""
        found = _TOKEN.search((await self.get(path)).text)
        assert found is not None
        return found[1]

    async def sign_in(self, name: str = f"ann@{DOMAIN}", password: str = PASSWORD) -> httpx.Response:
        token = await self.token("/self/sign-in")
        answer = await self.post("/self/sign-in", csrf=token, name=name, password=password)
        line = answer.headers.get("set-cookie", "")
        if line.startswith(f"{COOKIE}="):
            self.cookie = line.partition(";")[0]
        return answer

    async def do(self, path: str, **form: str) -> httpx.Response:
        """Send a form of a page of this session."""
        return await self.post(path, csrf=await self.token(), **form)

    def _sent(self, headers: dict[str, str]) -> dict[str, str]:
        return {**({"Cookie": self.cookie} if self.cookie else {}), **headers}


@asynccontextmanager
async def browsing(gateway: Gateway) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=30) as client:
        yield Browser(client)


@asynccontextmanager
async def trusting(folder: Path, backend: RecordingBackend, url: str = "") -> AsyncIterator[Gateway]:
    """A gateway whose mail server is told who somebody is, so that there are app passwords."""
    secret = folder / "backend.secret"
    secret.write_text("a secret that the backend knows")
    asked = {
        "credentials": Credentials.TRUSTED,
        "secret_file": secret,
        "user_mapping": UserMapping.ADDRESS,
    }
    async with serving(folder, backend, asked=asked, url=url) as running:
        yield running


@pytest.fixture(name="gateway")
async def trusting_gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with trusting(tmp_path, backend) as running:
        yield running


@pytest.fixture
async def ann(gateway: Gateway) -> AsyncIterator[Browser]:
    """She is signed in."""
    async with browsing(gateway) as browser:
        await browser.sign_in()
        yield browser


def stale(gateway: Gateway) -> None:
    """The passwords of all sessions were shown a while ago."""
    with gateway.made.store.write() as transaction:
        moved = {"proved_at": gateway.organisation.created_at - FRESH}
        transaction.self_sessions._connection.execute(update(self_sessions).values(**moved))  # type: ignore[attr-defined]
