"""The fixtures by which one suite runs on every database: SQLite always, PostgreSQL by a real server.

A conftest imports ``store_url`` and ``store``; each test gets a database of its own with the schema in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.records import Group, Organisation, Resource, User
from gateway.store import DatabaseStore, migrate, open_store
from mdm.device import Device, DeviceKey
from tests.support.postgres import shared_cluster

NOON = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ACME = Organisation("m-" + "a" * 32, "acme", "Acme", NOON)
GLOBEX = Organisation("m-" + "b" * 32, "globex", "Globex", NOON)


@dataclass
class Clock:
    """Time that stands until a test moves it."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **parts: float) -> None:
        self.time += timedelta(**parts)


@dataclass
class Keys:
    """Keys that count upwards, so that a test can name them."""

    given: list[int] = field(default_factory=list)

    def policy_key(self) -> int:
        self.given.append(1000 + len(self.given))
        return self.given[-1]

    def identity(self, prefix: str) -> str:
        self.given.append(len(self.given))
        return f"{prefix}{self.given[-1]:032x}"


def user(name: str = "ann", organisation: Organisation = ACME, domain: str = "acme.example") -> User:
    return User(
        f"u-{organisation.alias}-{name}",
        organisation.id,
        name,
        f"{name}@{domain}",
        name.title(),
        password_hash="h",
    )


def group(name: str = "staff", organisation: Organisation = ACME, **values: object) -> Group:
    return Group(f"g-{organisation.alias}-{name}", organisation.id, name, **values)  # type: ignore[arg-type]


def resource(name: str = "room1", organisation: Organisation = ACME, **values: object) -> Resource:
    address = f"{name}@{organisation.alias}.example"
    identity = f"r-{organisation.alias}-{name}"
    return Resource(identity, organisation.id, name.title(), address, **values)  # type: ignore[arg-type]


def device(device_id: str = "PHONE1", owner: User | None = None, **values: object) -> Device:
    owner = owner or user()
    key = DeviceKey(owner.organisation, owner.id, device_id)
    return Device(key, "iPhone", "16.1", NOON, NOON, **values)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return shared_cluster().fresh_database()
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[DatabaseStore]:
    store = open_store(store_url)
    yield store
    store.close()
