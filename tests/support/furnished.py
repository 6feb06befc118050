"""A desk with one of everything that the REST API can show, and a way back to that state: for what goes over
all operations. The names here are the ones that the description gives as examples."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal

from gateway.chance import SystemClock
from gateway.cli.api import _asked_by, _Within
from gateway.endpoints.api import PREFIX, create_api
from gateway.endpoints.middleware import App
from gateway.records.app_passwords import AppPassword
from gateway.records.authority import MACHINE, Authority
from gateway.services.tenants import Settings
from tests.support.desk import Desk, furnish
from tests.support.world import ADMIN, PASSWORD

ACME = "/organisations/acme"
ROOT = Authority("root", appointments=MACHINE, confirmed=True)
ANN, BOB = "ann@acme.example", "bob@acme.example"
RULE = {"name": "Old", "effect": "block", "conditions": [{"criterion": "os", "is": ["<16"]}]}
STEPS: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"{ACME}/groups", {"name": "Sales", "address": "sales@acme.example"}),
    ("PUT", f"{ACME}/groups/Sales/members/{ANN}", None),
    ("POST", f"{ACME}/resources", {"address": "room1@acme.example", "name": "Room 1"}),
    ("PUT", f"{ACME}/permissions/{BOB}/{ANN}", {"rights": ["full_access"]}),
    ("PUT", f"{ACME}/policy", {"settings": {"MaxInactivityTimeDeviceLock": 300}}),
    ("POST", f"{ACME}/policies", {"name": "strict", "document": {"settings": {"AllowCamera": False}}}),
    ("PUT", f"{ACME}/policies/strict", {"settings": {"AllowCamera": False, "AllowBrowser": False}}),
    ("PUT", f"{ACME}/policy_assignments", {"policy": "strict", "reach": "group", "target": "Sales"}),
    ("POST", f"{ACME}/access/rules", RULE),
    ("PUT", f"{ACME}/access/overrides/{BOB}/EXPECTED1", {"level": "allow", "reason": "new phone"}),
    ("PATCH", f"{ACME}/safeguards", {"approve_full_wipes": True, "wipes_per_day_percent": 100}),
    ("PUT", f"{ACME}/misbehaviour", {"thresholds": {}}),
    ("POST", f"{ACME}/devices/{BOB}/PHONE2/wipe", {"kind": "account", "reason": "lost"}),
    (
        "POST",
        f"{ACME}/devices/{ANN}/PHONE3/wipe",
        {"kind": "device", "reason": "stolen", "name": "PHONE3"},
    ),
    ("POST", f"{ACME}/users/carl@acme.example/offboard", {"reason": "left"}),
    ("POST", f"{ACME}/webhooks", {"url": "https://hooks.example/acme"}),
    ("POST", "/webhooks", {"url": "https://hooks.example/all"}),
    ("POST", "/administrators", {"name": "carla", "appointments": [{"role": "operator"}]}),
    ("POST", "/administrators", {"name": "emil", "appointments": [{"role": "viewer"}]}),
)
"""What makes the desk, beside its users and phones."""


@dataclass(frozen=True)
class Furnished:
    """The desk, its application as ``ROOT`` asks it, and the state to come back to.

    Attributes:
        places: name of a path parameter to its value, for what is there.
    """

    desk: Desk
    app: App
    client: httpx.Client
    places: dict[str, str]
    _copy: Path

    def restore(self) -> None:
        """Let everything be as it was made; connections of the services stay open."""
        with (
            closing(sqlite3.connect(self._copy)) as copy,
            closing(sqlite3.connect(self.desk.config.store.directory / "usher.db")) as present,
        ):
            copy.backup(present)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A request of ``ROOT``; ``path`` is below the prefix."""
        return self.client.request(method, PREFIX + path, json=body, **more)


@contextmanager
def furnished(folder: Path) -> Iterator[Furnished]:
    """Make the desk; everything is gone at the end."""
    desk = furnish(folder)
    with start_blocking_portal() as portal:
        app = _asked_by(create_api(desk.services), ROOT)
        transport = _Within(app, portal)
        with httpx.Client(transport=transport, base_url="http://usher", timeout=60) as client:
            made = Furnished(desk, app, client, {}, folder / "furnished.db")
            _people(desk)
            _app_password(desk)
            made.places.update(_rest(made))
            desk.phone(BOB, "PHONE4")  # the one that has the policy in force
            with (
                closing(sqlite3.connect(desk.config.store.directory / "usher.db")) as present,
                closing(sqlite3.connect(made._copy)) as copy,
            ):
                present.backup(copy)
            yield made
    desk.services.store.close()


def _people(desk: Desk) -> None:
    made = desk.services
    for alias in ("acme", "globex"):
        made.tenants.create_organisation(ADMIN, alias, Settings(name=alias.title()))
        made.tenants.add_domain(ADMIN, alias, f"{alias}.example")
    made.tenants.add_domain(ADMIN, "acme", "acme.test")
    for address in (ANN, BOB, "carl@acme.example"):
        made.users.create(ADMIN, "acme", address, password=PASSWORD)
    made.users.set_aliases(ADMIN, ANN, ["a@acme.test"])
    made.users.create(ADMIN, "globex", "eve@globex.example", password=PASSWORD)
    for address, device_id in ((ANN, "PHONE1"), (BOB, "PHONE2"), (ANN, "PHONE3")):
        desk.phone(address, device_id)


def _app_password(desk: Desk) -> None:
    """Made by who they are for, which no route does."""
    owner = desk.services.users.get(ANN)
    made = AppPassword("k-" + "5" * 32, owner.organisation, owner.id, "phone", "d" * 64, SystemClock().now())
    with desk.services.store.write() as transaction:
        transaction.app_passwords.add(made)


def _id_of(minted: Any) -> str:
    identity: str = minted.get("id") or minted["details"]["id"]
    return identity


def _soon() -> str:
    return (SystemClock().now() + timedelta(days=30)).isoformat()


def _rest(made: Furnished) -> dict[str, str]:
    for method, path, body in STEPS:
        answer = made.ask(method, path, body)
        assert answer.is_success, (method, path, answer.text)
    orders = made.ask("GET", f"{ACME}/wipes").json()["items"]
    waiting = next(each["id"] for each in orders if each["kind"] == "device")
    (job,) = made.ask("GET", f"{ACME}/jobs").json()["items"]
    (hook,) = made.ask("GET", f"{ACME}/webhooks").json()["items"]
    hooks = made.ask("GET", "/webhooks").json()["items"]
    minted = made.ask(
        "POST",
        "/tokens",
        {"label": "old", "expires_at": _soon(), "administrator": "carla", "permissions": ["device:read"]},
    )
    assert minted.is_success, minted.text
    return {
        "webhook": hook["id"],
        "webhook_everywhere": next(each["id"] for each in hooks if each["url"].endswith("/all")),
        "sequence": "1",
        "backend": "default",
        "administrator": "carla",
        "token": _id_of(minted.json()),
        "session": "s-none",
        "organisation": "acme",
        "domain": "acme.example",
        "user": ANN,
        "device_id": "PHONE1",
        "group": "Sales",
        "member": ANN,
        "resource": "room1@acme.example",
        "mailbox": BOB,
        "grantee": ANN,
        "name": "strict",
        "rule": "old",
        "order": waiting,
        "job": job["id"],
        "app_password": "k-" + "5" * 32,
    }
