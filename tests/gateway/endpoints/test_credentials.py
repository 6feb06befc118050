"""Who asks, over real sockets: one check for all who wait, one failure for the directory (T1 to T3, T28)."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Limits, UserMapping
from gateway.endpoints.credentials import MAXIMUM_AUTHORIZATION, Basic, read_basic
from gateway.errors import GatewayError
from gateway.phone.line import Answer
from gateway.records import AuditTag, UserSource
from gateway.services.tenants import Settings
from mdm.ashttp import Command, Version
from tests.support import partnership as p
from tests.support.backend import Exchange, RecordingBackend, reply
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN, PASSWORD, outage
from tests.support.mail_server import DOMAIN, mail_server, of, posts


def encoded(text: str | bytes, scheme: str = "Basic") -> bytes:
    octets = text if isinstance(text, bytes) else text.encode()
    return scheme.encode() + b" " + base64.b64encode(octets)


def test_a_basic_credential_is_read() -> None:
    found = read_basic(encoded("ann@acme.example:se:cret"))
    assert found == Basic("ann@acme.example", "se:cret", b"ann@acme.example:se:cret")
    assert read_basic(encoded("ACME\\ann:x", "bAsIc")) is not None
    assert read_basic(encoded("a:b").replace(b"Basic ", b"Basic   ")) is not None


def test_letters_beyond_ascii_in_both_encodings() -> None:
    for octets in ("jörg:größe".encode(), "jörg:größe".encode("iso-8859-1")):
        found = read_basic(encoded(octets))
        assert found is not None
        assert (found.username, found.password, found.octets) == ("jörg", "größe", octets)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"Bearer YTpi",
        b"Negotiate YTpi",
        encoded("nocolon"),
        encoded(":password"),
        encoded("user:"),
        encoded("us\0er:x"),
        encoded("user:x\0"),
    ],
)
def test_what_is_no_usable_credential(value: bytes | None) -> None:
    assert read_basic(value) is None


@pytest.mark.parametrize(("more", "fits"), [(0, True), (4, False)])
def test_the_longest_authorization(more: int, fits: bool) -> None:
    room = (MAXIMUM_AUTHORIZATION - len("Basic ")) // 4 * 3
    value = encoded("a:" + "x" * (room - 2 + more * 3 // 4))
    assert (len(value) <= MAXIMUM_AUTHORIZATION) is fits
    assert (read_basic(value) is not None) is fits


async def asked(gateway: Gateway, authorization: bytes | None, device_id: str = "PHONE1") -> Answer:
    value = None if authorization is None else authorization.decode("latin-1")
    phone = gateway.phone(device_id=device_id)
    return await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync(), {"Authorization": value})


def like(answer: Answer) -> tuple[object, ...]:
    """Everything of an answer but what differs by chance."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.http, headers, answer.body


async def test_every_wrong_credential_gets_the_same_answer(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    answers = [
        await asked(gateway, value)
        for value in (
            None,
            b"Basic !!",
            b"Bearer abc",
            encoded(f"ann@{DOMAIN}:wrong"),
            encoded(f"ann@{DOMAIN}:wrong"),
            encoded(f"nobody@{DOMAIN}:{PASSWORD}"),
            encoded(f"ann@elsewhere.example:{PASSWORD}"),
            encoded(f"ann@{DOMAIN}:" + "x" * 300),
            encoded("ann@acme.example@x:y"),
        )
    ]
    assert {str(like(answer)) for answer in answers} == {str(like(answers[0]))}
    assert answers[0].http == 401
    assert answers[0].headers["www-authenticate"].startswith("Basic ")
    assert backend.seen == []


@pytest.mark.parametrize(
    "login", [f"ann@{DOMAIN}", f"ANN@{DOMAIN.upper()}", "ann", "ACME\\ann", "acme.example\\Ann"]
)
async def test_every_spelling_is_one_user(gateway: Gateway, login: str) -> None:
    phone = gateway.phone(login=login)
    await provisioned(phone)
    assert gateway.device().key == gateway.key()


async def test_throttled_stays_401_even_with_the_right_password(gateway: Gateway) -> None:
    for number in range(6):
        assert (await asked(gateway, encoded(f"ann@{DOMAIN}:wrong{number}"))).http == 401
    assert (await asked(gateway, encoded(f"ann@{DOMAIN}:{PASSWORD}"))).http == 401
    other = gateway.phone("bob")
    await provisioned(other)


async def test_a_phone_that_syncs_goes_on_during_an_attack(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    for number in range(100):
        assert (await asked(gateway, encoded(f"ann@{DOMAIN}:guess{number}"), f"X{number}")).http == 401
    assert (await phone.folder_sync()).status == 1
    assert posts(backend) == ["FolderSync"]


async def test_a_changed_password_holds_at_once_and_the_old_one_is_forgotten(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    fresh = gateway.stranger(phone, "Other-Horse-22")
    assert (await fresh.folder_sync()).http == 401
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, f"ann@{DOMAIN}", "Other-Horse-22")
    assert (await phone.folder_sync()).http == 401
    assert (await fresh.folder_sync()).status == 1


async def test_a_password_changed_while_it_is_being_verified_is_not_remembered(gateway: Gateway) -> None:
    """T29: the old one was right when it was looked up; it must not be believed for five minutes more."""
    login = gateway.app._login
    asking = asyncio.ensure_future(gateway.phone().folder_sync())
    await until(lambda: bool(login.throttle._under_way))
    login.forget(gateway.key().user)
    assert (await asking).http == 200
    assert login._accepted == {}


@pytest.fixture
async def fronted(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    """The mail server has the users; the gateway has never seen one."""
    backend.script = of(mail_server, ann=PASSWORD, bob=PASSWORD)
    async with serving(tmp_path, backend, settings=Settings(user_source=UserSource.BACKEND)) as running:
        yield running


def logins(backend: RecordingBackend) -> int:
    """How often the backend was asked whether it lets somebody in."""
    return sum(seen.method == "OPTIONS" and seen.header("authorization") is not None for seen in backend.seen)


async def test_a_user_of_the_backend_appears_at_the_first_login(fronted: Gateway) -> None:
    assert fronted.made.users.list("acme") == []
    phone = fronted.phone()
    await provisioned(phone)
    (user,) = fronted.made.users.list("acme")
    assert (user.address, user.login, user.password_hash) == (f"ann@{DOMAIN}", "ann", None)
    assert (await phone.folder_sync()).status == 1
    assert fronted.trail(AuditTag.USER_APPEARED) == [AuditTag.USER_APPEARED]


async def test_a_stranger_does_not_appear(fronted: Gateway, backend: RecordingBackend) -> None:
    assert (await fronted.phone(password="Wrong-Horse-1").folder_sync()).http == 401
    assert (await fronted.phone("eve").folder_sync()).http == 401
    assert fronted.made.users.list("acme") == []
    assert posts(backend) == []


async def test_a_stale_password_costs_the_backend_one_failure(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    phone = fronted.phone(password="Stale-Horse-1")
    for _ in range(500):
        assert (await phone.folder_sync()).http == 401
    assert logins(backend) == 1


async def test_many_requests_at_once_cost_the_backend_one_check(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    phone = fronted.phone()
    await phone.folder_sync()
    await fronted.quiet()
    fronted.app._login.forget_all()
    before = logins(backend)
    answers = await asyncio.gather(*(phone.folder_sync() for _ in range(20)))
    assert {answer.status for answer in answers} == {142}
    assert logins(backend) == before + 1
    wrong = fronted.stranger(phone)
    assert {answer.http for answer in await asyncio.gather(*(wrong.folder_sync() for _ in range(20)))} == {
        401
    }
    assert logins(backend) == before + 2


async def test_many_first_logins_at_once_are_one_user(fronted: Gateway) -> None:
    answers = await asyncio.gather(*(fronted.phone().folder_sync() for _ in range(20)))
    assert {answer.status for answer in answers} == {142}
    assert len(fronted.made.users.list("acme")) == 1


async def test_a_backend_that_is_down_is_503_and_nothing_is_remembered(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    script, backend.script = backend.script, reply(503)
    phone = fronted.phone()
    for _ in range(12):
        answer = await phone.folder_sync()
        assert answer.http == 503
        assert answer.headers["retry-after"] == "30"
    backend.script = script
    assert (await phone.folder_sync()).status == 142


async def test_those_who_wait_share_the_failure(fronted: Gateway, backend: RecordingBackend) -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        await reply(503)(exchange)

    backend.script = slow
    phone = fronted.phone()
    asking = [asyncio.ensure_future(phone.folder_sync()) for _ in range(5)]
    await until(lambda: len(backend.seen) > 0)
    await asyncio.sleep(0.1)
    gate.set()
    assert {answer.http for answer in await asyncio.gather(*asking)} == {503}


async def test_a_backend_that_challenges_nobody_vouches_for_nobody(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    backend.script = reply(200, MS_ASProtocolVersions="14.1", MS_ASProtocolCommands="Sync")
    assert (await fronted.phone().folder_sync()).http == 503
    assert fronted.made.users.list("acme") == []


async def test_without_a_database_nobody_new_comes_in(gateway: Gateway, backend: RecordingBackend) -> None:
    with outage(gateway.config.store.directory):
        answer = await gateway.phone().folder_sync()
    assert (answer.http, backend.seen) == (503, [])
    assert (await gateway.phone().folder_sync()).status == 142


async def test_without_a_database_whoever_was_verified_lately_is_believed_as_long_as_the_last_verdict(
    gateway: Gateway,
) -> None:
    """T30: the cache forgets after five minutes, the last verdict holds for fifteen."""
    phone = await gateway.enrolled()
    login, user = gateway.app._login, gateway.key().user
    await gateway.quiet()
    assert (await phone.folder_sync()).status == 1

    def age(seconds: float) -> None:
        for fingerprint, (_, principal) in list(login._accepted.items()):
            login._accepted[fingerprint] = (time.monotonic() - seconds, principal)

    with outage(gateway.config.store.directory):
        age(1)
        assert (await phone.folder_sync()).status == 1
        age(Limits().last_verdict_s + 1)
        assert (await phone.folder_sync()).http == 503
        age(1)
        login.forget(user)
        assert (await phone.folder_sync()).http == 503


async def test_discovery_and_options_count_with_activesync(gateway: Gateway) -> None:
    """T1: one account, one counter, whatever the door."""
    root = f"http://127.0.0.1:{gateway.port}"
    for number in range(5):
        method, target = (("OPTIONS", gateway.url), ("POST", f"{root}/autodiscover/autodiscover.xml"))[
            number % 2
        ]
        sent = [("Authorization", encoded(f"ann@{DOMAIN}:wrong{number}").decode())]
        assert (await gateway.phones.ask(method, target, headers=sent, body=b"<x/>")).http == 401
    assert (await asked(gateway, encoded(f"ann@{DOMAIN}:{PASSWORD}"))).http == 401


async def test_an_unused_failure_disturbs_nobody(gateway: Gateway) -> None:
    credentials = gateway.credentials
    with outage(gateway.config.store.directory), pytest.raises(GatewayError):
        await credentials.verify(Basic("ann", "x", b"ann:x"), "192.0.2.1")
    assert credentials._open == {}
    assert (await gateway.phone(version=Version.V14_1).folder_sync()).status == 142


async def test_two_spellings_of_one_account_of_the_mail_server_are_one_user(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    """It is told the name before the ``@`` alone, so the organisation's domains are one name space."""

    async def by_local_part(exchange: Exchange) -> None:
        known = encoded(f"ann:{PASSWORD}").decode()
        if exchange.seen.header("authorization") == known:
            await mail_server(exchange)
        else:
            await reply(401, WWW_Authenticate='Basic realm="backend"')(exchange)

    backend.script = by_local_part
    settings = Settings(user_source=UserSource.BACKEND)
    asked = {"user_mapping": UserMapping.LOCAL_PART}
    async with serving(tmp_path, backend, settings=settings, asked=asked) as gateway:
        gateway.made.tenants.add_domain(ADMIN, "acme", "second.example")
        spellings = ("ann@second.example", f"ann@{DOMAIN}", "ACME\\ann", "ann", f"ACME\\ann@{DOMAIN}")
        for number, login in enumerate(spellings):
            assert (await gateway.phone(login=login, device_id=f"P{number}").folder_sync()).status == 142
        assert len(gateway.made.users.list("acme")) == 1
        wrong = gateway.phone(login=f"GLOBEX\\ann@{DOMAIN}")
        assert (await wrong.folder_sync()).http == 401
