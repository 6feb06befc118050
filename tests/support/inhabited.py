"""Databases with the organisation ``acme`` in them, copied and not made anew; and their outages."""

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from certs.signing import new_signing_key
from gateway.app import Services, services
from gateway.config import AccessLines, Admin, Backend, Config, Limits, Listen, LogConfig, StoreConfig, Tls
from gateway.records import Actor, Organisation, UserSource
from gateway.services.tenants import Settings
from gateway.store import migrate
from mdm.misbehaviour import Behaviour
from tests.support.mail_server import DOMAIN

ADMIN = Actor("admin", "test", "127.0.0.1")
PASSWORD = "Correct-Horse-1"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="usher-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _empty() -> Path:
    """A database with the schema in it, made once for all tests of a process."""
    migrate(f"sqlite:///{_folder() / 'empty.db'}")
    return _folder() / "empty.db"


@cache
def _inhabited() -> Path:
    """The same with the organisation ``acme`` and its two users."""
    shutil.copy(_empty(), _folder() / "inhabited.db")
    url = f"sqlite:///{_folder() / 'inhabited.db'}"
    backend = Backend("default", "https://mail.example/")
    made = services(_config(_folder(), backend, Limits(), url))
    _populate(made, Settings(), {"ann": PASSWORD, "bob": PASSWORD})
    made.store.close()
    return _folder() / "inhabited.db"


def configured(folder: Path, backend: Backend, limits: Limits, url: str = "") -> Config:
    """Settings with one backend and a fresh database; ``url`` names another one, with the schema in it."""
    if not url:
        shutil.copy(_empty(), folder / "usher.db")
    (folder / "sealing.key").write_text("sealing secret of a test, 32 octets and more\n")
    (folder / "audit.key").write_bytes(new_signing_key())
    return _config(folder, backend, limits, url)


def _config(folder: Path, backend: Backend, limits: Limits, url: str) -> Config:
    return Config(
        public_host="usher.example",
        listen=Listen(),
        tls=Tls(),
        limits=limits,
        store=StoreConfig(directory=folder, url=url),
        backends={backend.name: backend},
        log=LogConfig(access=AccessLines.OFF),
        admin=Admin(),
        extra_hosts=("127.0.0.1", "gateway.example"),
    )


def inhabit(
    made: Services, config: Config, settings: Settings, users: Mapping[str, str] | None
) -> Organisation:
    local = settings.user_source in (None, UserSource.LOCAL)
    if config.store.url or not local or users is not None:
        everybody = {"ann": PASSWORD, "bob": PASSWORD} if users is None else users
        return _populate(made, settings, everybody if local else {})
    shutil.copy(_inhabited(), config.store.directory / "usher.db")
    if settings.given():
        return made.tenants.change_organisation(ADMIN, "acme", settings)
    return made.tenants.organisation("acme")


def _populate(made: Services, settings: Settings, users: Mapping[str, str]) -> Organisation:
    organisation = made.tenants.create_organisation(ADMIN, "acme", settings)
    made.tenants.add_domain(ADMIN, "acme", DOMAIN)
    for name, password in users.items():
        made.users.create(ADMIN, "acme", f"{name}@{DOMAIN}", display_name=name, password=password)
    return let_be(made, organisation)


def let_be(made: Services, organisation: Organisation) -> Organisation:
    """Nothing counts as misbehaviour: tests do within seconds what no phone does in an hour. Written without
    a record or a change, so that no test finds either.
    """
    off = {behaviour.value: "off" for behaviour in Behaviour}
    calm = replace(organisation, safeguards=replace(organisation.safeguards, misbehaviour=off))
    with made.store.write() as transaction:
        transaction.directory.save_organisation(calm)
    return calm


_TABLES = ("users", "addresses", "organisations", "devices", "changes", "audit")


@contextmanager
def outage(folder: Path) -> Iterator[None]:
    """The database answers nobody within this block: its tables are not there."""
    _rename(folder, "{0}", "{0}_away")
    try:
        yield
    finally:
        _rename(folder, "{0}_away", "{0}")


def _rename(folder: Path, old: str, new: str) -> None:
    with sqlite3.connect(folder / "usher.db", timeout=10) as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        for name in _TABLES:
            connection.execute(f"ALTER TABLE {old.format(name)} RENAME TO {new.format(name)}")
    connection.close()
