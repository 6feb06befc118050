"""Administrators for tests: accounts on a desk or a store, what they show, and who they are then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx

from certs.sealing import Sealer
from gateway.app.front import Front, front
from gateway.chance import SystemClock
from gateway.config import Admin, load
from gateway.directory.local import LocalPasswords
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.administrators import Administrator
from gateway.records.authority import EVERYTHING, MACHINE, Appointment, Authority, Role
from gateway.services.administrators import Administrators, NewAdministrator
from gateway.services.tokens import Tokens
from gateway.store import DatabaseStore, migrate, open_store
from tests.support.desk import Desk
from tests.support.stores import ACME, GLOBEX, Clock, Keys
from tests.support.timed_codes import code_at

PASSWORD = "Canary-Horse-1"
"""What every account here is made with; it must be found in no log and no row."""

OWNER = Appointment(Role.OWNER)
ROOT = Authority("cli:root", appointments=MACHINE, confirmed=True)
ROOT_ACTOR = Actor("admin", "cli:root")
SETTINGS = {
    "USHER_PUBLIC_HOST": "mail.example",
    "USHER_BACKENDS_DEFAULT_URL": "https://backend.example/",
    "USHER_TLS_CERTIFICATE": "/c",
    "USHER_TLS_KEY": "/k",
}
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def stranger(address: str = HOME) -> Actor:
    """Whoever has not signed in yet."""
    return Actor("admin", "nobody", address, "a browser", "r1")


@dataclass
class House:
    """The services of administration on one store, with a clock that a test moves."""

    store: DatabaseStore
    clock: Clock
    door: Front
    accounts: Administrators
    tokens: Tokens
    secrets: dict[str, str] = field(default_factory=dict)
    """Name of an account to the secret of its second factor."""

    def make(self, name: str, *appointments: Appointment, password: str = PASSWORD) -> Administrator:
        """An account by the machine's hand, without a second factor."""
        new = NewAdministrator(name, appointments or (OWNER,), password=password)
        return self.accounts.create(ROOT_ACTOR, ROOT, new)

    def enrolled(self, name: str, *appointments: Appointment) -> Administrator:
        """An account that signed in once and has a second factor; no code of this half minute is left."""
        account = self.make(name, *appointments)
        actor = self.actor(self.enter(name, enrolled=False))
        offer = self.door.own_account.offer_second_factor(actor, account.id)
        self.secrets[name] = offer.secret
        self.door.own_account.enrol(actor, account.id, self.code(name))
        self.clock.pass_by(minutes=1)
        return self.door.own_account.get(account.id)

    def code(self, name: str) -> str:
        """What the account's authenticator shows now."""
        return code_at(self.secrets[name], self.clock.now())

    def enter(self, name: str, address: str = HOME, *, enrolled: bool = True) -> str:
        """Sign in; the secret of the session."""
        code = self.code(name) if enrolled else ""
        secret = self.door.signing_in.sign_in(stranger(address), name, PASSWORD, code).secret
        if enrolled:
            self.clock.pass_by(minutes=1)
        return secret

    def authority(self, secret: str, address: str = HOME) -> Authority:
        """Who shows the secret."""
        found = self.door.recognition.of(secret, address)
        assert found is not None
        return found

    def actor(self, secret: str, address: str = HOME) -> Actor:
        """The same as the trail names them."""
        who = self.authority(secret, address)
        return Actor("admin", who.name, address, "a browser", "r1", who.person, who.credential)

    def trail(self, *tags: AuditTag) -> list[AuditRecord]:
        """Records of these kinds, or all."""
        with self.store.read() as transaction:
            found = transaction.audit.query(limit=1000)
        return [each for each in found if not tags or each.tag in tags]


def node(store: DatabaseStore, clock: Clock, admin: Admin | None = None) -> Front:
    """The front door of a process that was just begun."""
    sealer = Sealer(b"sealing secret of a test, 32 octets and more")
    settings = replace(admin or Admin(), host="localhost", port=443)
    config = replace(load(None, SETTINGS, check_files=False), admin=settings)
    return front(config, store, lambda: sealer, clock, lambda: clock.now().timestamp())


def house(store: DatabaseStore, admin: Admin | None = None) -> House:
    """The services on a store, with organisations Acme and Globex in it."""
    clock, keys = Clock(), Keys()
    door = node(store, clock, admin)
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
    return House(
        store,
        clock,
        door,
        Administrators(store, clock, keys, LocalPasswords()),
        Tokens(store, store.within(EVERYTHING), clock, keys),
    )


@contextmanager
def house_in(folder: Path, admin: Admin | None = None) -> Iterator[House]:
    """A house on a fresh SQLite file."""
    url = f"sqlite:///{folder / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    yield house(store, admin)
    store.close()


def now_code(secret: str) -> str:
    """What an authenticator shows at this very moment."""
    return code_at(secret, SystemClock().now())


def next_code(secret: str) -> str:
    """What an authenticator shows half a minute from now: good already, and taken by nobody yet."""
    return code_at(secret, SystemClock().now() + timedelta(seconds=30))


def soon(**span: float) -> str:
    """A moment ahead of the real clock, a day by default, as REST takes it."""
    return (SystemClock().now() + timedelta(**(span or {"days": 1}))).isoformat()


class Visitor:
    """An administrator over REST: signs in, shows the session, and what comes of it."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client = client
        self.name = name
        self.secret = ""
        self.factor = ""
        self.recovery_codes: list[str] = []

    async def sign_in(self, code: str = "", password: str = PASSWORD) -> httpx.Response:
        """Open a session with what is given, shown from then on."""
        body = {"name": self.name, "password": password, "code": code}
        answer = await self._client.post("/api/v1/sessions", json=body, headers={"Authorization": ""})
        if answer.status_code == 201:
            self.secret = answer.json()["token"]
        return answer

    async def enrol(self) -> None:
        """Sign in for the first time, and enrol a second factor."""
        assert (await self.sign_in()).json()["enrol"] is True
        self.factor = (await self("POST", "/me/second-factor")).json()["secret"]
        answer = await self("POST", "/me/second-factor/confirm", {"code": now_code(self.factor)})
        self.recovery_codes = answer.json()["recovery_codes"]

    async def __call__(
        self, method: str, path: str, body: object = None, *, bearer: str | None = None
    ) -> httpx.Response:
        """Ask for a path below ``/api/v1`` as who signed in, or with another bearer."""
        headers = {"Authorization": f"Bearer {self.secret if bearer is None else bearer}"}
        return await self._client.request(method, f"/api/v1{path}", json=body, headers=headers)


def appoint(desk: Desk, name: str, *appointments: Appointment) -> Administrator:
    """An account on a desk, by the machine's hand."""
    new = NewAdministrator(name, appointments or (OWNER,), password=PASSWORD)
    return desk.services.administrators.create(ROOT_ACTOR, ROOT, new)


async def arrived(client: httpx.AsyncClient, desk: Desk, name: str, *appointments: Appointment) -> Visitor:
    """An account on a desk that has signed in with its second factor."""
    appoint(desk, name, *appointments)
    visitor = Visitor(client, name)
    await visitor.enrol()
    return visitor
