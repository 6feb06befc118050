"""An app password opens what is its device's and nothing else, and a revoked one nothing at all (product 7.8;
T1, T2, T29)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Credentials, UserMapping
from gateway.endpoints.credentials import Basic
from gateway.phone.device import Phone, Provisioning
from gateway.phone.discovery import basic
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from gateway.records import Actor, AuditTag
from gateway.services.app_passwords import Fresh
from mdm.ashttp import Command, Version
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.gateway_process import Gateway as Process
from tests.support.gateway_process import gateway as process
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN, INBOX, mail_server, posts

ANN = Actor("user", f"ann@{DOMAIN}", "192.0.2.7")
PATIENCE_S = 20.0


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    secret = tmp_path / "backend.secret"
    secret.write_text("a secret that the backend knows")
    asked = {"credentials": Credentials.TRUSTED, "secret_file": secret, "user_mapping": UserMapping.ADDRESS}
    async with serving(tmp_path, backend, asked=asked) as running:
        yield running


def made(gateway: Gateway, label: str = "phone") -> Fresh:
    return gateway.made.app_passwords.make(ANN, gateway.key().user, label)


async def test_a_phone_signs_in_with_it_and_another_does_not(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    fresh = made(gateway)
    phone = gateway.phone(password=fresh.secret)
    await provisioned(phone)
    assert (await phone.folder_sync()).status == 1
    other = gateway.phone(device_id="PHONE2", password=fresh.secret)
    for _ in range(20):
        outcome, answer = await other.provision()
        assert (outcome is Provisioning.ACCEPTED, answer.http) == (False, 401)
    assert (await phone.folder_sync()).status == 1
    own = gateway.phone(device_id="PHONE2")
    await provisioned(own)
    assert {each.header("authorization") for each in backend.seen} == {None}
    (kept,) = gateway.made.app_passwords.list(gateway.key().user)
    assert kept.device_id == "PHONE1"


async def test_another_device_is_refused_by_a_process_that_has_forgotten(gateway: Gateway) -> None:
    fresh = made(gateway)
    await provisioned(gateway.phone(password=fresh.secret))
    async with gateway.hears():
        gateway.made.users.set_display_name(ADMIN, gateway.key().user, "Ann A.")
    other = gateway.phone(device_id="PHONE2", password=fresh.secret)
    assert (await other.folder_sync()).http == 401
    assert (await gateway.phone(password=fresh.secret).folder_sync()).http != 401


async def discovered(gateway: Gateway, secret: str) -> int:
    address = f"ann@{DOMAIN}"
    url = gateway.url.replace("/Microsoft-Server-ActiveSync", "/autodiscover/autodiscover.json")
    identity = Identity(address, secret, "ANY")
    answer = await gateway.phones.ask(
        "GET", f"{url}/v1.0/{address}?Protocol=ActiveSync", headers=[("Authorization", basic(identity))]
    )
    return answer.http


async def test_autodiscover_takes_it_before_and_after_it_has_a_device(gateway: Gateway) -> None:
    fresh = made(gateway)
    assert await discovered(gateway, fresh.secret) == 200
    (kept,) = gateway.made.app_passwords.list(gateway.key().user)
    assert kept.device_id == ""
    await provisioned(gateway.phone(password=fresh.secret))
    assert await discovered(gateway, fresh.secret) == 200
    assert (await gateway.phone(device_id="PHONE2", password=fresh.secret).folder_sync()).http == 401


async def test_two_that_come_first_together_are_not_both_let_in(gateway: Gateway) -> None:
    fresh = made(gateway)
    phones = [gateway.phone(device_id=f"PHONE{number}", password=fresh.secret) for number in range(4)]
    answers = await asyncio.gather(*(phone.folder_sync() for phone in phones))
    assert sorted(answer.http == 401 for answer in answers) == [False, True, True, True]


async def test_revoked_it_ends_what_waits_and_opens_nothing(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    fresh, kept = made(gateway), made(gateway, "tablet")
    phone, tablet = gateway.phone(password=fresh.secret), gateway.phone(device_id="TAB", password=kept.secret)
    own = await gateway.enrolled(device_id="PHONE3")
    for each in (phone, tablet):
        await provisioned(each)
    waits = [await gateway.parked(phone, backend), await gateway.parked_sync(phone, backend)]
    others = [await gateway.parked(tablet, backend), await gateway.parked(own, backend)]
    gateway.made.app_passwords.revoke(ANN, gateway.key().user, fresh.made.id)
    async with asyncio.timeout(PATIENCE_S):
        assert [(await wait).http for wait in waits] == [401, 401]
    assert (await phone.folder_sync()).http == 401
    await gateway.quiet()
    assert [wait.done() for wait in others] == [False, False]
    assert (await tablet.folder_sync()).status == 1
    for wait in others:
        wait.cancel()


async def test_revoked_while_the_request_is_under_way_it_does_not_slip_into_a_wait(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    fresh = made(gateway)
    phone = gateway.phone(password=fresh.secret)
    await provisioned(phone)
    remembered = dict(gateway.app._login._accepted)
    async with gateway.hears():
        gateway.made.app_passwords.revoke(ANN, gateway.key().user, fresh.made.id)
    before, judge = len(posts(backend)), gateway.credentials.remembered
    looks = iter([next(iter(remembered.values()))[1]])
    gateway.credentials.remembered = lambda *a: next(looks, None) or judge(*a)  # type: ignore[method-assign]
    answer = (await phone.ping(600, [INBOX]))[0]
    assert (answer.http, len(posts(backend))) == (401, before)


async def test_a_new_password_of_the_user_ends_it(gateway: Gateway, backend: RecordingBackend) -> None:
    fresh = made(gateway)
    phone = gateway.phone(password=fresh.secret)
    await provisioned(phone)
    waiting = await gateway.parked(phone, backend)
    gateway.made.users.set_password(ADMIN, gateway.key().user, "Other-Horse-22")
    async with asyncio.timeout(PATIENCE_S):
        assert (await waiting).http == 401
    assert (await phone.folder_sync()).http == 401


async def test_guessing_is_slowed_down_as_for_the_password(gateway: Gateway) -> None:
    made(gateway)
    guesses = [f"{letter * 5}-" * 3 + letter * 5 for letter in "abcdefghij"]
    for guess in guesses:
        assert (await gateway.phone(password=guess).folder_sync()).http == 401
    async with gateway.hears():
        gateway.made.users.set_display_name(ADMIN, gateway.key().user, "Ann A.")
    # The budget is spent: not even the right password is looked at from a place that nobody knows.
    assert (await gateway.phone().folder_sync()).http == 401


async def test_a_wipe_arrives_after_its_app_password_was_revoked(gateway: Gateway) -> None:
    fresh = made(gateway)
    phone = gateway.phone(password=fresh.secret)
    await provisioned(phone)
    async with gateway.hears():
        gateway.made.app_passwords.revoke(ANN, gateway.key().user, fresh.made.id)
    await gateway.wiped()
    outcome, _ = await phone.provision()
    assert outcome is Provisioning.WIPED, outcome
    assert gateway.device().wipe is not None


async def test_a_remembered_one_costs_neither_thread_nor_database(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = made(gateway)
    await provisioned(gateway.phone(password=fresh.secret))
    await gateway.quiet()
    await until(lambda: gateway.made.app_passwords.list(gateway.key().user)[0].last_used_at is not None)
    credentials = gateway.credentials
    monkeypatch.setattr(credentials, "_threads", None)
    octets = f"ann@{DOMAIN}:{fresh.secret}".encode()
    found = credentials.remembered(Basic(f"ann@{DOMAIN}", fresh.secret, octets), "PHONE1")
    assert getattr(found, "user", None) == gateway.key().user


@pytest.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[tuple[Process, RecordingBackend]]:
    secret = tmp_path / "backend.secret"
    secret.write_text("a secret that the backend knows")
    secret.chmod(0o600)
    async with RecordingBackend(mail_server) as backend:
        asked = {
            "url": backend.url,
            "credentials": "trusted",
            "secret_file": str(secret),
            "user_mapping": "address",
        }
        with process(asked, DOMAIN, users={"ann": PASSWORD}) as running:
            yield running, backend


async def test_as_it_is_deployed(deployed: tuple[Process, RecordingBackend]) -> None:
    running, backend = deployed
    (user,) = running.made.users.list("example")
    fresh = await asyncio.to_thread(running.made.app_passwords.make, ANN, user.id, "phone")
    async with Line(running.trust()) as line, Line(running.trust()) as another:
        phone, thief = (
            Phone(
                Identity(f"ann@{DOMAIN}", fresh.secret, device_id, version=Version.V16_1),
                each,
                server=running.url,
            )
            for device_id, each in (("PHONE1", line), ("PHONE2", another))
        )
        outcome, _ = await phone.provision()
        assert outcome is Provisioning.ACCEPTED
        assert (await thief.command(Command.FOLDER_SYNC)).http == 401
        waiting = asyncio.ensure_future(phone.ping(600, [INBOX]))
        await until(lambda: posts(backend).count("Ping") == 1, PATIENCE_S)
        await asyncio.to_thread(running.made.app_passwords.revoke, ANN, user.id, fresh.made.id)
        async with asyncio.timeout(PATIENCE_S):
            assert (await waiting)[0].http == 401
        for each in (phone, thief):
            assert (await each.command(Command.FOLDER_SYNC)).http == 401
    with running.made.store.read() as transaction:
        tags = {record.tag for record in transaction.audit.query(limit=1000)}
    wanted = {AuditTag.APP_PASSWORD_MADE, AuditTag.APP_PASSWORD_BOUND, AuditTag.APP_PASSWORD_REVOKED}
    assert wanted <= tags
