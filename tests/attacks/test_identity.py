"""One person and one phone, however they are spelled (T7, T16, T17): no spelling leads past a wipe."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.phone.discovery import basic
from gateway.phone.identity import QueryForm
from mdm import provision
from mdm.ashttp import WBXML_TYPE, Command
from mdm.device import DeviceState
from mdm.wbxml import element, encode
from tests.support import partnership as p
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN, posts

SPELLINGS = [
    f"ann@{DOMAIN}",
    f"ANN@{DOMAIN.upper()}",
    "ann",
    "ACME\\ann",
    f"acme.example\\ann@{DOMAIN}",
    f"nowhere\\ann@{DOMAIN}",
    f"\uff41nn@{DOMAIN}",
    f" ann@{DOMAIN} ",
    f"a.nn@{DOMAIN}",
]
DEVICES = ["PHONE1", "phone1", "Phone1", "%50HONE1", "%70hone1"]


async def ask(
    gateway: Gateway, query: str, login: str = f"ann@{DOMAIN}", key: int = 0
) -> tuple[int, int | None]:
    phone = gateway.phone(login=login)
    sent = [
        ("Authorization", basic(phone.identity)),
        ("MS-ASProtocolVersion", "16.1"),
        ("X-MS-PolicyKey", str(key)),
        ("Content-Type", WBXML_TYPE),
    ]
    answer = await gateway.phones.ask(
        "POST", f"{gateway.url}?{query}", headers=sent, body=encode(p.folder_sync())
    )
    return answer.http, answer.status


@pytest.mark.parametrize("login", SPELLINGS)
async def test_no_spelling_of_a_wiped_phone_is_another_one(
    gateway: Gateway, backend: RecordingBackend, login: str
) -> None:
    async with gateway.hears():
        gateway.made.users.set_aliases(ADMIN, f"ann@{DOMAIN}", [f"a.nn@{DOMAIN}"])
    phone = await gateway.enrolled()
    async with gateway.hears():
        gateway.wipe()
    for device_id in DEVICES:
        query = f"Cmd=FolderSync&User=bob%40{DOMAIN}&DeviceId={device_id}&DeviceType=UsherPhone"
        assert (await ask(gateway, query, login, phone.policy_key))[1] in (140, None)
    again = gateway.phone(form=QueryForm.BASE64, login=login)
    again.policy_key = phone.policy_key
    assert (await again.folder_sync()).status in (140, None)
    assert len(gateway.made.devices.list()) == 1
    assert posts(backend) == []


@pytest.mark.parametrize("user", ["bob", f"bob%40{DOMAIN}", "ACME%5Cbob", "..%2Fbob", "ann%26Cmd%3DSync"])
async def test_the_user_of_the_query_is_nobody(
    gateway: Gateway, backend: RecordingBackend, user: str
) -> None:
    phone = await gateway.enrolled()
    query = f"Cmd=FolderSync&User={user}&DeviceId=PHONE1&DeviceType=UsherPhone"
    assert await ask(gateway, query, key=phone.policy_key) == (200, 1)
    fields = parse_qs(urlsplit(backend.seen[-1].target).query)
    assert (fields["User"], fields["Cmd"]) == ([f"ann@{DOMAIN}"], ["FolderSync"])
    assert gateway.device().key == gateway.key()


async def test_a_wipe_is_not_acknowledged_by_another_user_of_the_phone(gateway: Gateway) -> None:
    ann = await gateway.enrolled()
    bob = await gateway.enrolled("bob", "PHONE1")
    async with gateway.hears():
        gateway.wipe()
    await gateway.post(ann, Command.PROVISION, element(provision.PROVISION))
    for _ in range(2):
        await gateway.post(bob, Command.PROVISION, p.wipe_acknowledgement())
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
    assert gateway.device(user="bob").state is DeviceState.PROVISIONING_SUCCEEDED
    assert (await bob.folder_sync()).status == 1
    wrong = gateway.stranger(ann)
    wrong.policy_key = bob.policy_key
    assert (await gateway.post(wrong, Command.PROVISION, p.wipe_acknowledgement())).http == 401
    assert gateway.device().state is DeviceState.WIPE_REQUIRED
