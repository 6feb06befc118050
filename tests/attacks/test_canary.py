"""Canaries: secrets that go through a whole gateway, and are nowhere afterwards but where they are locked up
(T28).

A real ``usher serve`` with every log line that it has. Phone and administrator sign in, fail to, ask what is
not there, make it stumble and kill a worker; then everything that it wrote is searched: logs, the database
with its write-ahead log, every file of its directory, a backup, what crashed, what it answered.
"""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.chance import SystemClock
from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from mdm.ashttp import Version
from mdm.settings import RecoveryPassword
from tests.support.gateway_process import ADMINISTRATOR, START_S, Gateway, gateway, usher
from tests.support.timed_codes import code_at

PASSWORD = "Canary-Kanarienvogel-1"
WRONG = "Canary-Wrong-Vogel-2"
ADMIN = "Canary-Administrator-3"
RECOVERY = "Canary-Recovery-4711"
API = "/api/v1"
HOME = f"{API}/organisations/example"
ANN = "ann@example.com"
BACKEND = {"url": "http://127.0.0.1:9/"}


@dataclass
class Aviary:
    """A gateway, the secrets that it was told or made, and what it answered.

    Attributes:
        birds: name to secret.
        said: answers, those apart whose purpose it is to show a secret once.
    """

    running: Gateway
    birds: dict[str, str] = field(default_factory=dict)
    said: list[bytes] = field(default_factory=list)

    @property
    def token(self) -> str:
        return (self.running.folder / "admin.token").read_text().strip()

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str = "", shows: bool = False
    ) -> tuple[int, Any]:
        """A request of an administrator; ``shows``: the answer is where a secret belongs."""
        trust, port = self.running.trust(), self.running.admin
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=30)
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if not shows:
            self.said.append(content + repr(answer.getheaders()).encode())
        is_json = answer.headers.get("content-type") in ("application/json", "application/problem+json")
        return answer.status, json.loads(content) if is_json and content else None

    def device(self, target: str, password: str, method: str = "OPTIONS", body: bytes = b"") -> int:
        """A request on the clients' listener with Basic."""
        trust, port = self.running.trust(), self.running.https
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=30)
        login = b64encode(f"{ANN}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "text/xml"}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        self.said.append(answer.read() + repr(answer.getheaders()).encode())
        connection.close()
        return answer.status

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Every secret in the forms in which it could lie about."""
        for name, secret in self.birds.items():
            yield name, secret.encode()
            yield f"{name}, quoted", quote(secret).encode()
            yield f"{name}, in UTF-16", secret.encode("utf-16-le")
        for password in (PASSWORD, WRONG):
            yield "Basic", b64encode(f"{ANN}:{password}".encode())


@pytest.fixture
def aviary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aviary]:
    monkeypatch.setenv("USHER_LOG_LEVEL", "debug")
    with gateway(BACKEND, "example.com", users={"ann": PASSWORD}) as running:
        until = time.monotonic() + START_S
        while '"message": "serving"' not in running.log:
            assert time.monotonic() < until, running.log
            time.sleep(0.1)
        policy = {"settings": {"DevicePasswordEnabled": True, "PasswordRecoveryEnabled": True}}
        running.made.policies.set_policy(ADMINISTRATOR, "example", policy)
        made = Aviary(running)
        made.birds |= {"password": PASSWORD, "wrong password": WRONG, "administrator's": ADMIN}
        made.birds |= {"recovery password": RECOVERY, "bootstrap token": made.token}
        yield made


def phones(aviary: Aviary) -> None:
    """Signed in and provisioned; wrong passwords, paths and bodies."""

    async def life() -> None:
        identity = Identity(ANN, PASSWORD, "CANARY1", version=Version.V16_1, login=ANN)
        async with Line(aviary.running.trust()) as line:
            phone = Phone(identity, line, server=aviary.running.url)
            outcome, answer = await phone.provision()
            assert outcome is Provisioning.ACCEPTED, answer
            aviary.birds[f"policy key {len(aviary.birds)}"] = str(phone.policy_key)
            await phone.folder_sync()

    asyncio.run(life())
    traced = aviary.ask("PUT", f"{HOME}/devices/{ANN}/CANARY1/protocol-log", {"minutes": 30})
    assert traced[0] == 200, traced
    time.sleep(3)  # the workers hear of it within two seconds
    asyncio.run(life())
    request = (
        b'<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006">'
        b"<Request><EMailAddress>ann@example.com</EMailAddress><AcceptableResponseSchema>"
        b"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
        b"</AcceptableResponseSchema></Request></Autodiscover>"
    )
    assert aviary.device("/autodiscover/autodiscover.xml", PASSWORD, "POST", request) == 200
    assert aviary.device("/autodiscover/autodiscover.xml", PASSWORD, "POST", b"<no xml") in (200, 400)
    for password in (PASSWORD, WRONG):
        for target in ("/Microsoft-Server-ActiveSync", "/nothing", "/Microsoft-Server-ActiveSync?Cmd=Sync"):
            aviary.device(target, password)
            aviary.device(target, password, "POST", WRONG.encode())


def administrators(aviary: Aviary) -> None:
    """Accounts, sessions, second factor, tokens, webhooks, and what is wrong about all of them."""
    appointed = [{"role": "owner"}]
    made = aviary.ask(
        "POST", f"{API}/administrators", {"name": "carla", "password": ADMIN, "appointments": appointed}
    )
    assert made[0] == 201, made
    status, session = aviary.ask("POST", f"{API}/sessions", {"name": "carla", "password": ADMIN}, shows=True)
    assert status == 201, session
    aviary.birds["session"] = session["token"]
    status, factor = aviary.ask("POST", f"{API}/me/second-factor", token=session["token"], shows=True)
    assert status == 200, factor
    secret = factor["secret"]
    aviary.birds["second factor"] = secret
    code = code_at(secret, SystemClock().now())
    status, codes = aviary.ask(
        "POST", f"{API}/me/second-factor/confirm", {"code": code}, token=session["token"], shows=True
    )
    assert status == 200, codes
    for number, each in enumerate(value for value in codes.values() if isinstance(value, list)):
        aviary.birds |= {f"recovery code {number}.{place}": text for place, text in enumerate(each)}
    expires = (SystemClock().now() + timedelta(days=30)).isoformat()
    token = {"label": "x", "expires_at": expires, "permissions": ["device:read"], "administrator": "carla"}
    status, minted = aviary.ask("POST", f"{API}/tokens", token, shows=True)
    assert status == 201, minted
    aviary.birds["API token"] = minted["token"]
    assert aviary.ask("GET", f"{HOME}/devices", token=minted["token"])[0] == 200
    status, hook = aviary.ask("POST", f"{API}/webhooks", {"url": "https://hooks.example/"}, shows=True)
    assert status == 201, hook
    aviary.birds["webhook"] = hook["secret"]
    aviary.ask("PUT", f"{API}/notices/it@example.com", {"kinds": ["device misbehaving"]})
    aviary.ask("POST", f"{API}/sessions", {"name": "carla", "password": WRONG})
    aviary.ask("POST", f"{API}/sessions", {"name": "carla", "password": [WRONG], "code": 1})
    aviary.ask("GET", f"{API}/organisations", token=WRONG + "-" * 32)


def mistakes(aviary: Aviary) -> None:
    """A secret in every place of a request where it does not belong."""
    aviary.ask("PATCH", f"{HOME}/users/{ANN}", {"password": WRONG})
    aviary.ask("PATCH", f"{HOME}/users/{ANN}", {"pasword": PASSWORD, "first_name": {"x": PASSWORD}})
    aviary.ask("POST", f"{HOME}/users/bulk", {"items": [{"address": 1, "password": WRONG}, PASSWORD]})
    aviary.ask("POST", f"{HOME}/users", {"address": "bob@example.com", "password": "short" + WRONG * 9})
    keyed = aviary.running.device("CANARY1").key
    aviary.running.made.recovery.take(ADMINISTRATOR, keyed, RecoveryPassword(RECOVERY))
    place = f"{HOME}/devices/{ANN}/CANARY1"
    shown = aviary.ask("POST", f"{place}/password/reveal", {"reason": "forgotten"}, shows=True)
    assert (shown[0], shown[1].get("password")) == (200, RECOVERY), shown
    for path in (
        place,
        f"{place}/protocol-log",
        f"{HOME}/devices",
        f"{API}/audit?limit=1000",
        f"{API}/administrators",
    ):
        assert aviary.ask("GET", path)[0] == 200, path
    others = (f"{API}/audit/export", f"{place}/password", "/metrics", "/nothing", f"{API}/openapi.json")
    for path in others:
        aviary.ask("GET", path)


def accidents(aviary: Aviary) -> None:
    """A failure that nobody foresaw, and a process that dies with everything in its memory."""
    folder = aviary.running.folder
    with contextlib.closing(sqlite3.connect(folder / "usher.db", timeout=30)) as database, database:
        database.execute("UPDATE organisations SET state = 'nothing that is known'")
    broken = aviary.ask("PATCH", f"{HOME}/users/{ANN}", {"password": PASSWORD + "x"})
    aviary.birds["changed password"] = PASSWORD + "x"
    assert broken[0] in (500, 503), broken
    aviary.device("/Microsoft-Server-ActiveSync", PASSWORD)
    with contextlib.closing(sqlite3.connect(folder / "usher.db", timeout=30)) as database, database:
        database.execute("UPDATE organisations SET state = 'Active'")
    before = workers(aviary)
    os.kill(min(before), signal.SIGABRT)
    until = time.monotonic() + 30
    while min(before) in workers(aviary):
        assert time.monotonic() < until
        time.sleep(0.1)


def workers(aviary: Aviary) -> set[int]:
    """Processes of the gateway, the supervisor apart."""
    parent = aviary.running.process.pid
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return {int(each) for each in told.split()}


def found(aviary: Aviary, files: list[Path]) -> list[str]:
    """Where a secret is that should be nowhere."""
    own = {"admin.token": aviary.token.encode()}
    places = []
    for path in files:
        content = path.read_bytes()
        for name, form in aviary.forms():
            if form in content and own.get(path.name) != form:
                places.append(f"{name} in {path.name}")
    told = b"\n".join(aviary.said)
    return places + [f"{name} in an answer" for name, form in aviary.forms() if form in told]


def test_no_secret_is_left_anywhere(aviary: Aviary, tmp_path: Path) -> None:
    phones(aviary)
    administrators(aviary)
    mistakes(aviary)
    accidents(aviary)
    copy = tmp_path / "backup"
    usher("backup", str(copy), "--config", str(aviary.running.folder / "usher.toml"))
    time.sleep(2)  # the log is written a few times a second
    searched = [path for path in aviary.running.folder.rglob("*") if path.is_file()]
    names = {path.name for path in searched}
    assert {"usher.db", "gateway.log"} <= names
    assert len(aviary.birds) >= 15
    log = aviary.running.log
    assert log.count("usher.access") > 10
    assert found(aviary, [*searched, copy]) == []


def test_what_it_searches_is_found(aviary: Aviary) -> None:
    """The search itself can fail: a secret that was written down is told."""
    (aviary.running.folder / "core.1").write_bytes(b"\0" + PASSWORD.encode() + b"\0")
    (aviary.running.folder / "dump").write_bytes(b"Basic " + b64encode(f"{ANN}:{WRONG}".encode()))
    places = [path for path in aviary.running.folder.rglob("*") if path.is_file()]
    told = sorted(found(aviary, places))
    assert told == ["Basic in dump", "password in core.1", "password, quoted in core.1"]
