"""A phone in a test's hand: the steps that the tests against a real mail server have in common.

Each returns when the step has succeeded and fails the test when it has not, so that a test reads as what it
is about. The phone is ``gateway.phone``, over real connections.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from gateway.phone.device import Phone, Provisioning
from gateway.phone.identity import Identity, QueryForm
from gateway.phone.line import COMMAND_SECONDS, Answer, Line
from gateway.phone.reading import INBOX, Awakening, Folder
from mdm.ashttp import Version
from mdm.codepages import tag
from mdm.wbxml import Element
from tests.support.sogo_lab import Person

SUBJECT = tag("Email", "Subject")


class SingleUse(Line):
    """A line with a new connection for each request: SOGo closes each after its answer, unannounced."""

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        seconds: float = COMMAND_SECONDS,
    ) -> Answer:
        """As ``Line.ask``."""
        async with Line(ssl.create_default_context()) as line:
            return await line.ask(method, url, headers=headers, body=body, seconds=seconds)


@asynccontextmanager
async def handset(
    who: Person,
    server: str,
    device_id: str,
    *,
    version: Version = Version.V14_1,
    form: QueryForm = QueryForm.PLAIN,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Phone]:
    """A phone of ``who`` that talks to the ActiveSync URL ``server``; without ``tls`` to bare SOGo."""
    identity = Identity(who.address, who.password, device_id, version=version, form=form, login=who.name)
    async with Line(tls) if tls else SingleUse(ssl.create_default_context()) as line:
        yield Phone(identity, line, server=server)


async def provision(phone: Phone) -> None:
    """The policy is requested and acknowledged; the phone holds its final key."""
    outcome, answer = await phone.provision()
    assert outcome is Provisioning.ACCEPTED, (outcome, answer.http, answer.status)
    assert phone.policy_key


async def inbox(phone: Phone) -> Folder:
    """The hierarchy is there; its inbox, synchronised up to now."""
    answer = await phone.folder_sync()
    assert (answer.http, answer.status) == (200, 1)
    found = next(folder for folder in phone.folders.values() if folder.kind == INBOX)
    await settle(phone, found)
    return found


async def settle(phone: Phone, folder: Folder) -> None:
    """Sync until nothing is left: SOGo answers a Ping at once that follows a Sync with items."""
    for _ in range(10):
        began = phone.sync_keys.get(folder.server_id, "0") == "0"
        answer, changes = await phone.sync([folder])
        assert answer.http == 200
        assert all(change.status == 1 for change in changes)
        if not began and not any(change.added or change.changed or change.more for change in changes):
            return
    raise AssertionError("the folder never comes to rest")


def subjects(phone: Phone, folder: Folder) -> list[str]:
    """Subjects of the mails that the phone holds, in no order."""
    return [item.text_of(SUBJECT) or "" for item in held(phone, folder)]


def held(phone: Phone, folder: Folder) -> Sequence[Element]:
    """ApplicationData of the items that the phone holds."""
    return list(phone.items.get(folder.server_id, {}).values())


async def waiting(phone: Phone, folder: Folder, heartbeat: int = 60) -> "asyncio.Task[Awakening | None]":
    """A Ping that hangs: it has been sent, and did not come back at once."""

    async def wait() -> Awakening | None:
        _, awakening = await phone.ping(heartbeat, [folder])
        return awakening

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(1.0)
    assert not task.done(), task.result()
    return task
