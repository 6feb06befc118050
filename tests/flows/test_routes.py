"""Half a company on one mail server, half on another (product 1, interoperability): proxy, password check
and OPTIONS follow the route, and a phone that hangs at the former server is sent on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.records import UserSource
from gateway.services.groups import GroupChanges
from gateway.services.tenants import Settings
from gateway.services.user_changes import UserChanges
from mdm.ashttp import Version
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN, mail_server, of, posts

ANN = f"ann@{DOMAIN}"


@pytest.fixture
async def other() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(mail_server) as running:
        yield running


@pytest.fixture
async def split(tmp_path: Path, backend: RecordingBackend, other: RecordingBackend) -> AsyncIterator[Gateway]:
    """A gateway before two mail servers; nobody is routed yet."""
    async with serving(tmp_path, backend, others={"other": other}) as running:
        yield running


def in_a_group(gateway: Gateway) -> None:
    groups = gateway.made.groups
    groups.create(ADMIN, "acme", "moved", GroupChanges(backend="other"))
    groups.create(ADMIN, "acme", "staff")
    groups.add_member(ADMIN, "acme", "staff", ANN)
    groups.add_member(ADMIN, "acme", "moved", "staff")


ROUTES = {
    "user": lambda g: g.made.users.change(ADMIN, ANN, UserChanges(backend="other")),
    "group": in_a_group,
    "domain": lambda g: g.made.tenants.route_domain(ADMIN, "acme", DOMAIN, "other"),
    "organisation": lambda g: g.made.tenants.change_organisation(ADMIN, "acme", Settings(backend="other")),
}


@pytest.mark.parametrize("route", ROUTES)
async def test_a_phone_goes_where_its_user_is_routed(
    split: Gateway, backend: RecordingBackend, other: RecordingBackend, route: str
) -> None:
    phone = await split.enrolled()
    assert (await phone.folder_sync()).status == 1
    async with split.hears():
        ROUTES[route](split)
    assert (await phone.folder_sync()).status == 1
    assert (posts(backend), posts(other)) == (["FolderSync"], ["FolderSync"])


@pytest.mark.parametrize("route", ROUTES)
async def test_a_phone_that_hangs_at_the_former_server_is_sent_on(
    split: Gateway, backend: RecordingBackend, other: RecordingBackend, route: str
) -> None:
    phone = await split.enrolled()
    stays = await split.enrolled("bob", "PHONE2")
    ping, sync = await split.parked(phone, backend), await split.parked_sync(phone, backend)
    split.made.users.change(ADMIN, f"bob@{DOMAIN}", UserChanges(backend="default"))
    await split.quiet()
    waiting = await split.parked(stays, backend)
    ROUTES[route](split)
    await until(lambda: ping.done() and sync.done(), 10)
    assert ((await ping).http, (await ping).status) == (200, 1)
    assert ((await sync).http, (await sync).body) == (200, b"")
    assert not waiting.done()
    await split.quiet()
    again = await split.parked(phone, other)
    assert posts(other) == ["Ping"]
    for parked in (again, waiting):
        parked.cancel()


async def test_options_are_those_of_the_own_server(
    split: Gateway, backend: RecordingBackend, other: RecordingBackend
) -> None:
    async with split.hears():
        ROUTES["user"](split)
    phone = split.phone()
    answer = await split.phones.ask(
        "OPTIONS", split.url, headers=[("Authorization", _basic(phone.identity.address, PASSWORD))]
    )
    assert answer.http == 200
    assert (len(backend.seen), [seen.method for seen in other.seen]) == (0, ["OPTIONS"])


def _basic(name: str, password: str) -> str:
    from base64 import b64encode

    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
async def fronted(
    tmp_path: Path, backend: RecordingBackend, other: RecordingBackend
) -> AsyncIterator[Gateway]:
    """Both mail servers have users, with different passwords."""
    backend.script = of(mail_server, ann="Old-Horse-11")
    other.script = of(mail_server, ann="New-Horse-22", bob="New-Horse-33")
    made = Settings(user_source=UserSource.BACKEND)
    async with serving(tmp_path, backend, settings=made, others={"other": other}) as running:
        yield running


async def test_the_password_is_asked_of_the_server_that_has_the_user(
    fronted: Gateway, other: RecordingBackend
) -> None:
    await provisioned(fronted.phone(password="Old-Horse-11"))
    new = fronted.phone(device_id="PHONE2", password="New-Horse-22")
    assert (await new.folder_sync()).http == 401
    async with fronted.hears():
        ROUTES["user"](fronted)
    await provisioned(fronted.phone(device_id="PHONE3", password="New-Horse-22"))
    assert (await fronted.phone(device_id="PHONE4", password="Old-Horse-11").folder_sync()).http == 401


async def test_a_stranger_is_asked_of_the_server_of_the_domain(
    fronted: Gateway, backend: RecordingBackend
) -> None:
    async with fronted.hears():
        ROUTES["domain"](fronted)
    await provisioned(fronted.phone("bob", password="New-Horse-33", version=Version.V14_1))
    assert backend.seen == []
    assert fronted.made.users.get(f"bob@{DOMAIN}").source is UserSource.BACKEND
