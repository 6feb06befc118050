"""A phone's life as it is told outside: by webhook, by mail and on the stream, with the administration's
process stopped and started in between. Nothing is lost, nothing leaks, and each device's story is in order
(T23, T28).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from gateway import app
from gateway.config import Config, MailConfig, MailSecurity
from gateway.records.events import NoticeKind
from gateway.services.webhooks import WebhookChanges
from mdm.ashttp import Command
from mdm.policy import Policy
from mdm.settings import RecoveryPassword
from tests.support.backend import RecordingBackend
from tests.support.desk import TOKEN
from tests.support.gateway import Gateway, provisioned, serving, until
from tests.support.inhabited import ADMIN
from tests.support.mail_server import mail_server
from tests.support.receivers import Receiver, receiver
from tests.support.serving import ours
from tests.support.smtp_sink import PASSWORD as MAIL_PASSWORD
from tests.support.smtp_sink import USER, Sink, sink

CANARY, RECOVERY = "Kanarienvogel-7", "Wellensittich-8"
WATCHER = "watcher@example.org"
HEARD_S = 60.0


@asynccontextmanager
async def administration(config: Config) -> AsyncIterator[int]:
    """The administration's process; gives its port."""
    application = app.admin(config)
    await application.start()
    async with ours(application) as port:
        yield port
        await application.drain()
    await application.close()


async def streamed(port: int, after: int, last: int) -> str:
    """Everything that the stream says up to a record."""
    headers = {"authorization": f"Bearer {TOKEN}", "accept": "text/event-stream"}
    address, told, reached = f"http://127.0.0.1:{port}/api/v1/events", "", 0
    async with (
        asyncio.timeout(HEARD_S),
        httpx.AsyncClient(timeout=HEARD_S) as client,
        client.stream("GET", address, params={"after": after}, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            told += line + "\n"
            reached = int(line.removeprefix("id: ")) if line.startswith("id: ") else reached
            if not line and reached >= last:
                break
    return told


def settings(gateway: Gateway, folder: Path, mails: Sink) -> Config:
    config = gateway.config
    config.token_file.write_text(TOKEN)
    config.sealing_key_file.write_text("a sealing secret of a test, long enough")
    password = folder / "mail.password"
    password.write_text(MAIL_PASSWORD)
    mail = MailConfig(
        "localhost",
        mails.port,
        MailSecurity.STARTTLS,
        USER,
        password,
        "usher@example.org",
        folder / "ca.pem",
        per_hour=1000,
    )
    return replace(config, mail=mail)


async def first_half(gateway: Gateway) -> list[str]:
    """Enrolment with a recovery password; returns what nobody may be told."""
    gateway.set_policy(Policy({"PasswordRecoveryEnabled": True}))
    phone = gateway.phone(password=CANARY)
    await phone.options()
    await provisioned(phone)
    await phone.folder_sync()
    await gateway.quiet()
    gateway.made.recovery.take(ADMIN, gateway.key(), RecoveryPassword(RECOVERY))
    assert gateway.made.recovery.reveal(ADMIN, gateway.key(), "asked for").password == RECOVERY
    return [str(phone.policy_key), str(gateway.device().proof_key)]


async def second_half(gateway: Gateway) -> None:
    """The wipe, told while nobody listened."""
    phone = gateway.phone(password=CANARY)
    await gateway.wiped()
    await phone.poll_wipe()
    await phone.command(Command.FOLDER_SYNC)


def told_to(there: Receiver) -> list[dict[str, Any]]:
    """What a receiver has, each event once, as they came first."""
    return list({event["id"]: event for event in there.events}.values())


async def test_a_life_is_told_whole_in_order_and_without_a_secret(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    backend.script = mail_server
    with sink(tmp_path, login=True) as mails:
        async with receiver() as there, serving(tmp_path, backend, users={"ann": CANARY}) as gateway:
            config = settings(gateway, tmp_path, mails)
            made = app.services(config)
            changes = WebhookChanges(there.url, allow_private=True)
            secret = made.webhooks.create(ADMIN, "", changes, everywhere=True).secret
            made.notices.put(ADMIN, "", WATCHER, list(NoticeKind))
            begin = made.events.present()
            async with administration(config):
                await asyncio.sleep(0.2)
                keys = await first_half(gateway)
                await until(lambda: bool(there.received), HEARD_S)
            await second_half(gateway)
            end = made.events.present()
            wanted = set(range(begin + 1, end + 1))
            async with administration(config) as port:
                stream = await streamed(port, begin, end)
                await until(lambda: wanted <= {each["sequence"] for each in told_to(there)}, HEARD_S)
                await until(lambda: len(mails.mails) >= 2, HEARD_S)
            made.store.close()
    events = told_to(there)
    device = [each for each in events if each["device"]]
    assert [each["sequence"] for each in device] == sorted(each["sequence"] for each in device)
    types = [each["type"] for each in device]
    assert types[0] == "device:partnership:created"
    assert types.index("admin:wipe:required") < types.index("device:wipe:delivered")
    lines = [line for line in stream.splitlines() if line.startswith("data: ")]
    by_stream = {each["id"]: each for each in (json.loads(line.removeprefix("data: ")) for line in lines)}
    assert all(by_stream[each["id"]] == each for each in events if begin < each["sequence"] <= end)
    assert {mail["To"] for mail in mails.mails} == {WATCHER}
    outside = b"".join(each.body + repr(each.headers).encode() for each in there.received)
    for text in (outside, stream.encode(), b"".join(mails.raw)):
        for canary in (CANARY, RECOVERY, secret, MAIL_PASSWORD, TOKEN, *keys):
            assert canary.encode() not in text
