"""Who is locked out when somebody else guesses, and what a stranger may cost (T1, T2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.phone.device import Phone
from gateway.phone.line import Line
from gateway.records import UserSource
from gateway.services.login import MEMORY_S
from gateway.services.tenants import Settings
from gateway.services.throttle import PER_NETWORK
from tests.support.backend import Exchange, RecordingBackend
from tests.support.gateway import Gateway, serving, trust, until
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import mail_server, of, posts


def later(gateway: Gateway, seconds: float) -> None:
    """Let what the process has verified grow older."""
    login = gateway.app._login
    for fingerprint, (until_, principal) in list(login._accepted.items()):
        login._accepted[fingerprint] = (until_ - seconds, principal)


async def guess(gateway: Gateway, phone: Phone, times: int = 6) -> None:
    for number in range(times):
        assert (await gateway.stranger(phone, f"Guess-{number}").folder_sync()).http == 401


async def test_a_guesser_never_locks_out_the_phone_that_syncs(gateway: Gateway) -> None:
    """Five guesses in five minutes are enough to empty the account's bucket for ever."""
    phone = await gateway.enrolled()
    await guess(gateway, phone)
    later(gateway, MEMORY_S)
    assert (await phone.folder_sync()).http == 200


async def test_nor_after_a_change_of_the_user_or_a_break_of_the_feed(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await guess(gateway, phone)
    async with gateway.hears():
        gateway.made.users.set_display_name(ADMIN, gateway.key().user, "Ann A.")
    assert (await phone.folder_sync()).http == 200
    await guess(gateway, phone)
    gateway.app._listening.lost()
    assert (await phone.folder_sync()).http == 200


async def test_an_old_password_has_one_free_try_and_no_more(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await guess(gateway, phone)
    async with gateway.hears():
        gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
    assert (await phone.folder_sync()).http == 401
    login = gateway.app._login
    assert (login._accepted, login._by_user, login.throttle._under_way) == ({}, {}, {})


async def test_an_office_that_comes_back_at_once_is_not_taken_for_a_spray(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    """After a restart every phone behind one address asks at once, with the right password."""
    users = {f"u{number}": PASSWORD for number in range(PER_NETWORK.burst + 10)}
    known = of(mail_server, **users)

    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.5)
        await known(exchange)

    backend.script = slow
    async with (
        serving(tmp_path, backend, settings=Settings(user_source=UserSource.BACKEND)) as gateway,
        AsyncExitStack() as lines,
    ):
        phones = []
        for name in users:
            phones.append(gateway.phone(name, f"D{name}"))
            phones[-1].line = await lines.enter_async_context(Line(trust()))
        answers = await asyncio.gather(*(phone.folder_sync() for phone in phones))
        assert 401 not in {answer.http for answer in answers}
        turned_away = [phone for phone, answer in zip(phones, answers, strict=True) if answer.http == 503]
        assert 0 < len(turned_away) <= 15
        assert {(await phone.folder_sync()).http for phone in turned_away} == {200}
        assert gateway.app._login.throttle._under_way == {}


async def test_a_spray_does_not_reach_the_database(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once its network's bucket is empty, a stranger costs no thread: wipes and enrolments need them."""
    asked = 0
    credentials = gateway.credentials
    resolve = credentials._users.resolve

    def counted(name: str) -> object:
        nonlocal asked
        asked += 1
        return resolve(name)

    monkeypatch.setattr(credentials._users, "resolve", counted)
    for number in range(3 * PER_NETWORK.burst):
        phone = gateway.phone(login=f"nobody{number}")
        assert (await phone.folder_sync()).http == 401
    assert asked <= PER_NETWORK.burst + 5
    (told,) = [record for record in caplog.records if record.message == "many names fail from one range"]
    assert vars(told)["range"] == "127.0.0.0/24"
    assert "nobody" not in caplog.text


@pytest.fixture
async def fronted(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    """The mail server has the users."""
    backend.script = of(mail_server, ann=PASSWORD, bob=PASSWORD)
    async with serving(tmp_path, backend, settings=Settings(user_source=UserSource.BACKEND)) as running:
        yield running


async def test_a_wipe_arrives_while_the_one_who_knows_the_password_is_away(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    """Product 5.4: the mail server is down, and a stolen phone is told to wipe all the same."""
    phone = await fronted.enrolled()
    fronted.wipe()
    await until(lambda: bool(fronted.app.snapshots.open_wipes))
    fronted.app._login.forget_all()
    await backend.__aexit__()
    answer = await phone.folder_sync()
    assert (answer.http, answer.status) == (200, 140)
    other = fronted.stranger(phone)
    other.policy_key += 1
    assert (await other.folder_sync()).http == 503
    await backend.__aenter__()


async def test_a_backend_that_turns_one_user_away_costs_the_others_nothing(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    """A user whom the gateway lets in and the mail server does not: no reason to doubt everybody, and one
    failure for the mail server's directory, not twenty."""
    ann, bob = await gateway.enrolled(), await gateway.enrolled("bob", "PHONE2")
    backend.script = of(mail_server, bob=PASSWORD)
    assert (await gateway.stranger(bob).folder_sync()).http == 401
    login = gateway.app._login
    epoch, rejected = login.epoch, len(login._rejected)
    for _ in range(20):
        assert (await ann.folder_sync()).http == 401
    assert posts(backend) == ["FolderSync"]
    assert (login.epoch, len(login._rejected)) == (epoch, rejected + 1)
    assert (await bob.folder_sync()).http == 200
    assert posts(backend)[-1] == "FolderSync"
