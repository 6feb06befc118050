"""What a stranger learns of who lives here: nothing (T1, T12; product 2, issue 3 point 7).

Whole answers are compared, octet by octet, and the work behind them is counted instead of timed: a clock on a
shared machine proves nothing, one password hash more or less does. ``python -m bench.leak`` has the times.
"""

import base64
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from autodiscover import FORMATS
from autodiscover.model import Audience
from gateway.config import ACTIVESYNC_PATH
from gateway.directory import passwords
from gateway.endpoints.credentials import BEAT_S
from gateway.records import UserSource, UserState
from gateway.services.tenants import Settings
from gateway.services.throttle import PER_ACCOUNT
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN, mail_server, of
from tests.support.serving import exchange

VOLATILE = re.compile(rb"(?im)^(?:date|x-request-id): [^\r]*\r\n")
POX = (
    "<Autodiscover><Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>"
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)
_EAS = "User=x&DeviceId=STRANGER1&DeviceType=Phone"
DOORS = {
    "FolderSync": ("POST", f"{ACTIVESYNC_PATH}?Cmd=FolderSync&{_EAS}", ""),
    "Provision": ("POST", f"{ACTIVESYNC_PATH}?Cmd=Provision&{_EAS}", ""),
    "Ping": ("POST", f"{ACTIVESYNC_PATH}?Cmd=Ping&{_EAS}", ""),
    "OPTIONS": ("OPTIONS", ACTIVESYNC_PATH, ""),
    "Autodiscover": ("POST", f"{ACTIVESYNC_PATH}?Cmd=Autodiscover", POX),
    "POX": ("POST", "/autodiscover/autodiscover.xml", POX),
    "POX by GET": ("GET", "/autodiscover/autodiscover.xml", ""),
}
EXISTING, DISABLED, NOBODY = f"ann@{DOMAIN}", f"bob@{DOMAIN}", f"eve@{DOMAIN}"


async def asked(gateway: Gateway, door: str, login: str | None, password: str = "Wrong-Horse-1") -> bytes:
    """The whole answer, less what differs between any two."""
    method, target, body = DOORS[door]
    octets = body.replace("{address}", login or EXISTING).encode()
    head = [
        f"{method} {target} HTTP/1.1",
        "Host: usher.example",
        "MS-ASProtocolVersion: 16.1",
        f"Content-Length: {len(octets)}",
        "Connection: close",
    ]
    if login is not None:
        head.append(f"Authorization: Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}")
    answer = await exchange(gateway.port, "\r\n".join(head).encode() + b"\r\n\r\n" + octets)
    assert answer.startswith(b"HTTP/1.1 ")
    return VOLATILE.sub(b"", answer)


@contextmanager
def counted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a request costs: calls to the store's threads, and password hashes of any kind."""
    work: list[str] = []
    threads, real = gateway.app._threads, passwords._HASH

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def noting(*arguments: object, **named: object) -> object:
            work.append(name)
            return call(*arguments, **named)

        return noting

    def store(call: Callable[..., object], *arguments: object, **named: object) -> object:
        work.append(getattr(call, "__name__", "?"))
        return real_store(call, *arguments, **named)

    real_store = threads.store
    with monkeypatch.context() as patch:
        patch.setattr(threads, "store", store)
        patch.setattr(
            passwords,
            "_HASH",
            SimpleNamespace(verify=noted("argon2", real.verify), hash=noted("argon2", real.hash)),
        )
        yield work


@pytest.fixture
async def fronted(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    """The mail server has the users; Ann and Bob have been here, Bob is disabled now."""
    backend.script = of(mail_server, ann=PASSWORD, bob=PASSWORD)
    async with serving(tmp_path, backend, settings=Settings(user_source=UserSource.BACKEND)) as running:
        for name in ("ann", "bob"):
            assert (await running.phone(name).folder_sync()).status == 142
        async with running.hears():
            running.made.users.set_state(ADMIN, DISABLED, UserState.DISABLED)
        yield running


@pytest.fixture
async def local(gateway: Gateway) -> Gateway:
    async with gateway.hears():
        gateway.made.users.set_state(ADMIN, DISABLED, UserState.DISABLED)
    return gateway


@pytest.mark.parametrize("door", DOORS)
async def test_unknown_wrong_and_disabled_are_one_answer_and_one_amount_of_work(
    local: Gateway, backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    answers, costs = [], []
    for login in (NOBODY, EXISTING, DISABLED, "eve", "ann", "bob", "ACME\\eve", "ACME\\ann"):
        with counted(local, monkeypatch) as work:
            answers.append(await asked(local, door, login, f"Wrong-{login}"))
        costs.append(work)
    assert set(answers) == {answers[0]}
    assert answers[0].startswith(b"HTTP/1.1 401 ")
    assert costs == [["resolve", "argon2"]] * len(costs)
    assert backend.seen == []


@pytest.mark.parametrize("door", DOORS)
async def test_and_where_the_mail_server_has_the_users(
    fronted: Gateway, backend: RecordingBackend, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    answers, costs = [], []
    for login in (NOBODY, EXISTING, DISABLED):
        before = len(backend.seen)
        with counted(fronted, monkeypatch) as work:
            answers.append(await asked(fronted, door, login, f"Wrong-{login}"))
        costs.append((tuple(work), [seen.method for seen in backend.seen[before:]]))
    assert set(answers) == {answers[0]}
    assert answers[0].startswith(b"HTTP/1.1 401 ")
    assert costs == [(("resolve",), ["OPTIONS"])] * 3


@pytest.mark.parametrize("door", DOORS)
async def test_a_password_known_to_be_wrong_and_one_that_may_not_be_tried_look_the_same(
    local: Gateway, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """Also the right one: whoever guesses must not see that it was the right guess."""
    fresh = await asked(local, door, NOBODY)
    for login in (EXISTING, NOBODY):
        for number in range(PER_ACCOUNT.burst):
            await asked(local, door, login, f"Guess-{number}")
    with counted(local, monkeypatch) as work:
        assert await asked(local, door, EXISTING, "Guess-0") == fresh
        assert work == []
        assert await asked(local, door, EXISTING, "Guess-99") == fresh
        assert await asked(local, door, NOBODY, "Guess-99") == fresh
        assert await asked(local, door, EXISTING, PASSWORD) == fresh
        assert work == ["resolve"] * 3


@pytest.mark.parametrize("door", DOORS)
async def test_credentials_that_were_not_given_are_not_counted(local: Gateway, door: str) -> None:
    """Outlook probes without any, again and again (spec/autodiscover.md 5.3)."""
    first = await asked(local, door, None)
    for _ in range(100):
        assert await asked(local, door, None) == first
    throttle = local.app._login.throttle
    assert [len(buckets) for _, buckets in throttle._budgets] == [0] * len(throttle._budgets)
    assert len(throttle._failed) == 0


ANYBODY = [spoken for spoken in FORMATS if spoken.AUDIENCE is Audience.ANYBODY]
TARGETS = {
    "json2": (
        "/autodiscover/autodiscover.json?Email={address}&Protocol=ActiveSync&RedirectCount=1",
        "/autodiscover/autodiscover.json?Email={address}&Protocol=Autodiscoverv1",
        "/autodiscover/autodiscover.json?Email={address}&Protocol=EWS",
        "/autodiscover/autodiscover.json?Email={address}&Protocol=nonsense",
        "/autodiscover/autodiscover.json?Email={address}",
        "/autodiscover/autodiscover.json/v1.0/{address}?Protocol=ActiveSync",
    ),
    "autoconfig": (
        "/mail/config-v1.1.xml?emailaddress={address}",
        "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress={address}",
    ),
    "pacc": ("/.well-known/user-agent-configuration.json?x={address}",),
}
"""Every format that anybody may ask in, and how an address comes into its request."""

WRONG = TARGETS["json2"][3:5]
"""Requests that lack something."""


def test_every_format_for_anybody_is_looked_at() -> None:
    assert {spoken.__name__.rpartition(".")[2] for spoken in ANYBODY} <= set(TARGETS)  # type: ignore[attr-defined]


@pytest.fixture
async def advertised(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    """With everything that a format could want to tell."""
    asked = {"imap": "mail.example:993", "smtp": "mail.example:465", "ews_url": "https://mail.example/EWS"}
    async with serving(tmp_path, backend, asked=asked) as running:
        async with running.hears():
            running.made.users.set_state(ADMIN, DISABLED, UserState.DISABLED)
        yield running


@pytest.mark.parametrize("target", [target for each in TARGETS.values() for target in each])
async def test_what_anybody_may_ask_depends_on_the_domain_alone(
    advertised: Gateway, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    local = advertised
    path = target.partition("?")[0].replace("{address}", EXISTING)
    if not any(spoken.matches(path) for spoken in ANYBODY):
        pytest.skip("not spoken here")
    answers, costs = [], []
    for address in (EXISTING, NOBODY, DISABLED, f"postmaster@{DOMAIN}"):
        answers.append(await got(local, target, address))
        await got(local, target, address, host=f"autoconfig.{DOMAIN}")
        with counted(local, monkeypatch) as work:
            answers.append(await got(local, target, address, signed=True))
        costs.append(work)
    assert set(answers) == {answers[0]}
    assert answers[0].split(b" ", 2)[1] == (b"400" if target in WRONG else b"200")
    assert costs == [costs[0]] * len(costs)
    assert "argon2" not in costs[0]


async def got(
    gateway: Gateway, target: str, address: str, *, host: str = DOMAIN, signed: bool = False
) -> bytes:
    """The whole answer with the address, where it was handed on, made unrecognisable."""
    head = [
        f"GET {target.replace('{address}', quote(address))} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
    ]
    if signed:
        head.append(f"Authorization: Basic {base64.b64encode(f'{EXISTING}:{PASSWORD}'.encode()).decode()}")
    answer = await exchange(gateway.port, "\r\n".join(head).encode() + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 ")
    return VOLATILE.sub(b"", answer)


async def test_who_was_looked_up_is_refused_on_the_beat_and_not_before(fronted: Gateway) -> None:
    """Wrong, and not to be tried any more; what is known to be wrong costs nothing and waits for nothing."""
    for number in range(PER_ACCOUNT.burst + 1):
        for login in (EXISTING, NOBODY):
            began = time.monotonic()
            await asked(fronted, "FolderSync", login, f"Guess-{number}")
            assert time.monotonic() - began >= BEAT_S - 0.002
