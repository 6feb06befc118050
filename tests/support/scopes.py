"""Two furnished organisations behind the REST API, asked by whoever a test wants to be (T25, T35).

Who asks is put where the gate puts it. What is allowed is asked of a store that undoes every change, so that
a thousand calls find the same objects; what is denied is asked of the real one, and has to leave it alone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.app import Services
from gateway.endpoints.api import create_api
from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.records import Actor, ResourceKind, Right, User
from gateway.records.app_passwords import AppPassword
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from gateway.records.events import Webhook
from gateway.services.administrators import NewAdministrator
from gateway.services.groups import GroupChanges
from gateway.services.user_changes import UserChanges
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from gateway.store import engine as engines
from gateway.store.tables import metadata
from gateway.store.transaction import RowTransaction
from mdm.device import WipeKind
from tests.support import asgi, desk
from tests.support.stores import NOON
from tests.support.wipes import persons
from tests.support.world import ADMIN, PASSWORD

REQUESTER = Actor("admin", "requester", "127.0.0.1", person="requester")
UNTOUCHED = frozenset(("audit", "audit_seals", "kept_requests", "alembic_version"))
"""Tables that a denied call may write to: the trail tells of it."""


class DryStore(DatabaseStore):
    """A store whose writers' transactions are undone at their end."""

    @contextmanager
    def write(self) -> Iterator[RowTransaction]:
        with self._engine.connect() as connection, engines.writing(connection).begin() as transaction:
            yield RowTransaction(connection, self._reach)
            transaction.rollback()


@dataclass(frozen=True)
class Person:
    """A user with one phone whose wipe waits for approval, one that is free, and an off-boarding."""

    user: User
    waiting: str
    phone: str
    order: str
    job: str

    @property
    def marks(self) -> frozenset[str]:
        """What no answer may hold whose asker does not reach this person."""
        return frozenset((self.user.id, self.user.address, self.waiting, self.phone, self.order, self.job))


@dataclass(frozen=True)
class Household:
    """One organisation: ``first`` is in ``domain`` and ``inner``, ``second`` in neither."""

    alias: str
    id: str
    domain: str
    other_domain: str
    outer: str
    inner: str
    others: str
    resource: str
    rule: str
    administrator: str
    webhook: str
    first: Person
    second: Person

    @property
    def app_password(self) -> str:
        """Of ``first``."""
        return f"k-{self.alias:0<32}"

    @property
    def parameters(self) -> Mapping[str, str]:
        """What a path may name, by the name of its parameter; a new route brings what it needs here."""
        return {
            "organisation": self.alias,
            "domain": self.domain,
            "user": self.first.user.id,
            "group": self.outer,
            "member": self.inner,
            "resource": self.resource,
            "mailbox": self.first.user.address,
            "grantee": self.second.user.address,
            "name": "strict",
            "rule": self.rule,
            "device_id": self.first.phone,
            "order": self.first.order,
            "job": self.first.job,
            "administrator": self.administrator,
            "webhook": self.webhook,
            "sequence": "1",
            "backend": "default",
            "address": self.second.user.address,
            "token": "t-" + "0" * 32,
            "session": "s-" + "0" * 32,
            "view": "v-" + "0" * 32,
            "app_password": self.app_password,
        }

    @property
    def marks(self) -> frozenset[str]:
        people = self.first.marks | self.second.marks
        return people | {self.id, self.domain, self.other_domain, self.administrator, self.webhook}


@dataclass(frozen=True)
class Estate:
    """Both, and the two ways to ask for something."""

    desk: desk.Desk
    acme: Household
    globex: Household
    real: asgi.App
    dry: asgi.App

    def digest(self) -> str:
        """Of every row of every table but those that tell of refusals."""
        told = hashlib.sha256()
        with self.desk.services.store._engine.connect() as connection:
            for table in metadata.sorted_tables:
                if table.name not in UNTOUCHED:
                    rows = connection.execute(select(table)).all()
                    told.update(repr((table.name, sorted(map(repr, rows)))).encode())
        return told.hexdigest()


def appointed(role: Role, **scope: str) -> Appointment:
    """The role in a scope, with the full wipe that it may have."""
    return Appointment(role, full_wipe=role in (Role.HELP_DESK, Role.OPERATOR, Role.OWNER), **scope)


def authority(*appointments: Appointment, confirmed: bool = True) -> Authority:
    return Authority("clerk", "p-clerk", appointments, confirmed=confirmed, account="a-clerk")


async def call(app: asgi.App, who: Authority, method: str, path: str, body: Any = None) -> asgi.Heard:
    """One request below ``/api/v1``."""
    chunk = b"" if body is None else json.dumps(body).encode()
    place, _, query = path.partition("?")
    headers = ((b"content-type", b"application/json"),) if body is not None else ()

    async def gated(scope: dict[str, Any], receive: Any, send: Any) -> None:
        added = {ADMINISTRATOR: who, "client": ("192.0.2.99", 4711), "root_path": "", "http_version": "1.1"}
        await app(scope | added | {"scheme": "https", "server": ("localhost", 443)}, receive, send)

    return await asgi.ask(gated, f"/api/v1{place}", chunk, method=method, query=query, headers=headers)


def furnish(folder: Path) -> Estate:
    """Both organisations; the caller closes ``desk.services.store``."""
    made = desk.furnish(folder)
    acme, globex = _household(made, "acme", "ann", "bob"), _household(made, "globex", "gus", "hal")
    dry = DryStore(made.config.store_url)
    return Estate(made, acme, globex, create_api(made.services), create_api(made.services.made(dry)))


def _household(made: desk.Desk, alias: str, first: str, second: str) -> Household:
    use = made.services
    home = use.tenants.create_organisation(ADMIN, alias)
    domain, other = f"{alias}.example", f"{alias}-branch.test"
    for name in (domain, other):
        use.tenants.add_domain(ADMIN, alias, name)
    _relaxed(use, home.id)
    people = [
        use.users.create(ADMIN, alias, address, password=PASSWORD)
        for address in (f"{first}@{domain}", f"{second}@{other}")
    ]
    use.users.change(ADMIN, people[0].id, UserChanges(aliases=[f"{first}.alias@{domain}"]))
    outer, inner, others = (
        use.groups.create(ADMIN, alias, name, GroupChanges()).id for name in ("outer", "inner", "others")
    )
    for group, member in ((outer, inner), (inner, people[0].id), (others, people[1].id)):
        use.groups.add_member(ADMIN, alias, group, member)
    room = use.resources.create(ADMIN, alias, f"room@{domain}", "Room", ResourceKind.ROOM).id
    use.permissions.grant(ADMIN, alias, people[0].id, people[1].id, {Right.FULL_ACCESS})
    use.policies.create(ADMIN, alias, "strict", {})
    rule = {"id": "rule", "name": "Old", "effect": "block", "conditions": [{"criterion": "os", "is": ["x"]}]}
    use.access_rules.create(ADMIN, alias, rule)
    _app_password(use, alias, people[0])
    return Household(
        alias,
        home.id,
        domain,
        other,
        outer,
        inner,
        others,
        room,
        "rule",
        _administrator(use, home.id, alias),
        _webhook(use, home.id, alias),
        *(_person(made, person) for person in people),
    )


def _app_password(use: Services, alias: str, owner: User) -> None:
    made = AppPassword(f"k-{alias:0<32}", owner.organisation, owner.id, "phone", "d" * 64, NOON)
    with use.store.write() as transaction:
        transaction.app_passwords.add(made)


def _administrator(use: Services, home: str, alias: str) -> str:
    viewer = NewAdministrator(f"{alias}.viewer", [Appointment(Role.VIEWER, home)])
    return use.administrators.create(ADMIN, authority(*MACHINE), viewer).id


def _webhook(use: Services, home: str, alias: str) -> str:
    made = Webhook(
        f"h-{alias:0<32}", home, f"https://{alias}.invalid/", "", (), True, False, 0, NOON, secret=b"sealed"
    )
    with use.store.write() as transaction:
        transaction.webhooks.add(made)
    return made.id


def _person(made: desk.Desk, user: User) -> Person:
    name = user.login.upper()
    waiting, phone = f"WAIT{name}", f"PHONE{name}"
    for each in (waiting, phone):
        made.phone(user.address, each)
    wanted = Wanted(WipeKind.DEVICE, "lost", waiting)
    key = made.services.finder.key(user.organisation, user.id, waiting)
    persons(made.services.store, REQUESTER)
    order = made.services.wipes.request(REQUESTER, key, wanted)
    job = made.services.offboarding.start(REQUESTER, user, timedelta(days=1))
    return Person(user, waiting, phone, order.id, job.id)


def _relaxed(use: Services, home: str) -> None:
    with use.store.write() as transaction:
        there = transaction.directory.organisation(home)
        assert there is not None
        rules = replace(there.safeguards, wipes_per_hour=1000, wipes_per_day_percent=100)
        transaction.directory.save_organisation(replace(there, safeguards=rules))


__all__ = ["Estate", "Household", "Person", "appointed", "authority", "call", "furnish"]
