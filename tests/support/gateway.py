"""The clients' application, whole and real: SQLite, our own listener, a mail server behind, phones before.

What a test orders goes through services of its own, as ``usher`` and another process would do it: the
application hears of it by the change feed and by nothing else.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from gateway.app import Clients, Services, clients, services
from gateway.config import (
    ACTIVESYNC_PATH,
    Backend,
    Config,
    Limits,
)
from gateway.endpoints.credentials import Credentials
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog
from gateway.phone import query
from gateway.phone.device import Phone, Provisioning
from gateway.phone.discovery import basic
from gateway.phone.identity import Identity, QueryForm
from gateway.phone.line import Answer, Line
from gateway.records import AuditTag, Organisation, OrganisationState, Scope
from gateway.services.tenants import Settings
from gateway.serving.application import Asgi
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener
from mdm.ashttp import WBXML_TYPE, Command, Version
from mdm.device import Device, DeviceKey, WipeKind
from mdm.policy import Policy
from mdm.wbxml import Element, encode
from tests.support.backend import RecordingBackend
from tests.support.inhabited import ADMIN, PASSWORD, configured, inhabit
from tests.support.mail_server import DOMAIN, INBOX, mail_server, posts
from tests.support.serving import listening

HEARD_S = 20.0
"""How long something is waited for that comes or never comes. The change feed promises two seconds (house.md
4a); a machine that is busy with other tests is given more, since its lateness is no fault of the feed."""


@cache
def trust() -> ssl.SSLContext:
    """What phones want to have, although nothing here speaks TLS."""
    return ssl.create_default_context()


@dataclass
class Gateway:
    """A running application.

    Attributes:
        made: the administrator's services; another process, as far as the application can tell.
        phones: the connections that phones use.
        began: last row of the change feed, and what the snapshots had heard, when it was started.
    """

    config: Config
    app: Clients
    guard: Guard
    made: Services
    port: int
    phones: Line
    organisation: Organisation
    began: tuple[int, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{ACTIVESYNC_PATH}"

    @property
    def credentials(self) -> Credentials:
        """Who asks, as the application finds out."""
        found: Credentials = self.app._app._app._activesync._rooms.credentials  # type: ignore[attr-defined]
        return found

    def phone(
        self,
        user: str = "ann",
        device_id: str = "PHONE1",
        *,
        version: Version = Version.V16_1,
        form: QueryForm = QueryForm.PLAIN,
        password: str = PASSWORD,
        login: str | None = None,
        device_type: str = "UsherPhone",
    ) -> Phone:
        """A phone that knows its server and its version, and has said nothing yet."""
        identity = Identity(
            f"{user}@{DOMAIN}",
            password,
            device_id,
            version=version,
            form=form,
            login=login,
            device_type=device_type,
        )
        return Phone(identity, self.phones, server=self.url)

    async def enrolled(
        self,
        user: str = "ann",
        device_id: str = "PHONE1",
        *,
        version: Version = Version.V16_1,
        form: QueryForm = QueryForm.PLAIN,
    ) -> Phone:
        """A phone that has accepted the policy, after all processes have heard of it."""
        phone = self.phone(user, device_id, version=version, form=form)
        await provisioned(phone)
        await self.quiet()
        return phone

    def stranger(self, phone: Phone, password: str = "Wrong-Horse-1") -> Phone:
        """The same device with a wrong password and everything else that it knows."""
        other = Phone(replace(phone.identity, password=password), self.phones, server=phone.server)
        other.policy_key = phone.policy_key
        return other

    def key(self, device_id: str = "PHONE1", user: str = "ann") -> DeviceKey:
        return DeviceKey(self.organisation.id, self.made.users.get(f"{user}@{DOMAIN}").id, device_id)

    def device(self, device_id: str = "PHONE1", user: str = "ann") -> Device:
        found = self.made.devices.get(self.key(device_id, user))
        assert found is not None
        return found

    def wipe(self, device_id: str = "PHONE1", kind: WipeKind = WipeKind.DEVICE, user: str = "ann") -> None:
        self.made.devices.require_wipe(ADMIN, self.key(device_id, user), kind, "lost in a test")

    async def wiped(self, device_id: str = "PHONE1", kind: WipeKind = WipeKind.DEVICE) -> None:
        """Order a wipe and wait until it has been heard of."""
        self.wipe(device_id, kind)
        await until(lambda: device_id in self.app.snapshots.open_wipes)

    def set_policy(self, policy: Policy) -> None:
        self.made.policies.set_policy(ADMIN, self.organisation.id, policy.to_document())

    def settings(self, **changed: object) -> None:
        self.made.tenants.change_organisation(ADMIN, self.organisation.id, Settings(**changed))  # type: ignore[arg-type]

    def in_state(self, state: OrganisationState) -> None:
        """Put the organisation into a state that nobody may order, as the gateway itself would."""
        with self.made.store.write() as transaction:
            changed = replace(self.organisation, state=state)
            transaction.directory.save_organisation(changed)
            transaction.changes.announce(Scope.ORGANISATION, changed.id)

    def trail(self, *tags: AuditTag) -> list[AuditTag]:
        """Tags of the trail in order, all or those named."""
        with self.made.store.read() as transaction:
            found = [record.tag for record in transaction.audit.query(limit=10_000)]
        return [tag for tag in found if not tags or tag in tags]

    @asynccontextmanager
    async def hears(self) -> AsyncIterator[None]:
        """What is changed in this block has been heard when it ends."""
        yield
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until the application has heard all that was announced."""
        place, mark = self.began
        with self.made.store.read() as transaction:
            announced = len(transaction.changes.since(place, limit=100_000))
        await until(lambda: self.app.snapshots.mark() - mark >= announced)

    async def post(
        self,
        phone: Phone,
        command: Command | str,
        body: Element | bytes = b"",
        headers: Mapping[str, str | None] | None = None,
        *,
        more: str = "",
    ) -> Answer:
        """A request in the plain form with headers of one's own; None leaves one out.

        ``more`` is appended to the query as it is.
        """
        identity = phone.identity
        version = identity.version or Version.V16_1
        wanted: dict[str, str | None] = {
            "User-Agent": identity.user_agent,
            "Authorization": basic(identity),
            "MS-ASProtocolVersion": version.text,
            "X-MS-PolicyKey": str(phone.policy_key),
            "Content-Type": WBXML_TYPE if body else None,
            **(headers or {}),
        }
        sent = [(name, value) for name, value in wanted.items() if value is not None]
        line = query.plain(command if isinstance(command, Command) else Command.SYNC, identity)
        if isinstance(command, str):
            line = line.replace("Cmd=Sync", f"Cmd={command}")
        octets = encode(body) if isinstance(body, Element) else body
        return await self.phones.ask("POST", f"{self.url}?{line}{more}", headers=sent, body=octets)

    def head(self, phone: Phone, command: Command, *framing: str) -> bytes:
        """The head of a plain request, for a connection on which a test writes by itself."""
        identity, version = phone.identity, phone.identity.version or Version.V16_1
        lines = (
            f"POST {ACTIVESYNC_PATH}?{query.plain(command, identity)} HTTP/1.1",
            "Host: gateway.example",
            f"Authorization: {basic(identity)}",
            f"MS-ASProtocolVersion: {version.text}",
            f"X-MS-PolicyKey: {phone.policy_key}",
            f"Content-Type: {WBXML_TYPE}",
            *framing,
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def parked(self, phone: Phone, backend: RecordingBackend, heartbeat: int = 600) -> "Parked":
        """A Ping that hangs at the backend."""
        before = len(posts(backend))

        async def wait() -> Answer:
            return (await phone.ping(heartbeat, [INBOX]))[0]

        task = asyncio.ensure_future(wait())
        await until(lambda: len(posts(backend)) > before or task.done())
        return task

    async def parked_sync(self, phone: Phone, backend: RecordingBackend) -> "Parked":
        """An empty Sync, which repeats the last one, that hangs at the backend."""
        before = len(posts(backend))
        task = asyncio.ensure_future(phone.command(Command.SYNC))
        await until(lambda: len(posts(backend)) > before or task.done())
        return task


Parked = asyncio.Future[Answer]


async def provisioned(phone: Phone) -> None:
    """Both phases of Provision succeed."""
    outcome, answer = await phone.provision()
    assert outcome is Provisioning.ACCEPTED, (outcome, answer.http, answer.status)


async def until(condition: Callable[[], bool], limit_s: float = HEARD_S) -> None:
    """Wait for something of which nobody tells."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - any condition, of which nobody tells
            await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(
    folder: Path,
    backend: RecordingBackend | str,
    *,
    users: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    limits: Limits | None = None,
    asked: Mapping[str, object] | None = None,
    url: str = "",
    access: AccessLog | None = None,
    others: Mapping[str, RecordingBackend] | None = None,
) -> AsyncIterator[Gateway]:
    """Run the application before one backend, with the organisation ``acme``.

    Args:
        users: local part to password; None: ann and bob. Nobody is made where the backend has the users.
        asked: more settings of the backend.
        url: a database with the schema in it.
        others: further backends by name, to which somebody may be routed.
    """
    target = backend if isinstance(backend, str) else backend.url
    values = {"connect_timeout_s": 1.0, "answer_timeout_s": 5.0, **(asked or {})}
    config = configured(folder, Backend("default", target, **values), limits or Limits(), url)  # type: ignore[arg-type]
    more = {name: Backend(name, other.url, **values) for name, other in (others or {}).items()}  # type: ignore[arg-type]
    config = replace(config, backends={**config.backends, **more})
    made = services(config)
    try:
        organisation = inhabit(made, config, settings or Settings(), users)
        app = clients(config)
        guard = Guard(app, config.limits, (), access or AccessLog(config.log))
        async with _open(app, guard, config) as port, Line(trust()) as line:
            with made.store.read() as transaction:
                began = transaction.changes.last(), app.snapshots.mark()
            yield Gateway(config, app, guard, made, port, line, organisation, began)
    finally:
        made.store.close()


@asynccontextmanager
async def _open(app: Clients, guard: Asgi, config: Config) -> AsyncIterator[int]:
    deadlines, sock = Deadlines(), listening()
    listener = Listener(guard, ServerConfig(config.limits), deadlines, [sock])
    await app.start()
    await until(lambda: app.snapshots.fresh_at > 0)
    await listener.open()
    sweeping = asyncio.ensure_future(deadlines.sweep())
    try:
        yield sock.getsockname()[1]
    finally:
        await listener.refuse()
        await app.drain()
        await listener.cut()
        sweeping.cancel()
        await app.close()


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend(mail_server) as running:
        yield running


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with serving(tmp_path, backend) as running:
        yield running
