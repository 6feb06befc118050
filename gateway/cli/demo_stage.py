"""The stage of ``usher demo``: directory, configuration, database and cast, made anew for each run.

Only the authority outlives a run, so that a real phone or browser that was told to trust it need not be
told again.
"""

import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.app import prepare, services
from gateway.config import Address, Config, Listen, load
from gateway.phone.identity import Identity, QueryForm, device_id
from gateway.phone.line import Target
from gateway.records import Actor
from gateway.records.authority import MACHINE, Authority
from gateway.services.administrators import NewAdministrator
from gateway.services.safeguards import SafeguardChanges
from gateway.serving.token import ensure_token
from mdm.ashttp import Version
from mdm.device import DeviceInformation

DOMAIN = "demo.example"
HOST = "localhost"
LOOPBACK = "127.0.0.1"
ORGANISATION = "demo"
NAMES = (HOST, DOMAIN, f"autodiscover.{DOMAIN}")
ACTOR = Actor("system", "demo")
ALONE = SafeguardChanges(approve_full_wipes=False, wipes_per_day_percent=100)
"""Whoever plays with three phones has no second administrator at hand, and may wipe all of them."""

AUTHORITY = Authority("demo", appointments=MACHINE, confirmed=True)
OWNER = NewAdministrator("admin", MACHINE)
"""Who signs in to the console, and may there what whoever started the demo may."""

HTTPS_PORT, HTTP_PORT, NOBODY = 443, 80, 9


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo listens, on loopback."""

    clients: int = 8443
    redirect: int = 8080
    admin: int = 8444


@dataclass(frozen=True, slots=True)
class Part:
    """One phone of the cast.

    Attributes:
        reach: which phase of AutoDiscover finds the server: 1 the domain itself, 2 the autodiscover host, 3
        the
            redirect of port 80.
    """

    name: str
    device_type: str
    model: str
    os: str
    version: Version
    form: QueryForm
    reach: int

    @property
    def address(self) -> str:
        return f"{self.name}@{DOMAIN}"

    @property
    def title(self) -> str:
        return f"{self.name}'s {self.device_type}"

    def identity(self, password: str) -> Identity:
        return Identity(
            self.address,
            password,
            device_id(self.address, self.device_type),
            self.device_type,
            self.version,
            self.form,
            information=DeviceInformation(model=self.model, os=self.os, os_language="en"),
        )

    def detours(self, ports: Ports) -> dict[Target, Target]:
        """Where its names lead: to the demo's ports for the phase that finds it, to nobody before that."""
        https, http, nobody = (LOOPBACK, ports.clients), (LOOPBACK, ports.redirect), (LOOPBACK, NOBODY)
        autodiscover = f"autodiscover.{DOMAIN}"
        return {
            (DOMAIN, HTTPS_PORT): https if self.reach == 1 else nobody,
            (autodiscover, HTTPS_PORT): https if self.reach == 2 else nobody,
            (autodiscover, HTTP_PORT): http,
            (autodiscover, ports.clients): https,
            (HOST, ports.clients): https,
        }


CAST = (
    Part("alice", "iPhone", "iPhone15C2", "iOS 17.5", Version.V16_1, QueryForm.PLAIN, 1),
    Part("bruno", "Android", "Pixel 8", "Android 14", Version.V14_1, QueryForm.BASE64, 2),
    Part("carla", "WindowsPhone", "Lumia 950", "Windows 10 Mobile", Version.V12_1, QueryForm.BASE64, 3),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """The files of a demo."""

    directory: Path
    ports: Ports

    @property
    def config_file(self) -> Path:
        return self.directory / "demo.toml"

    @property
    def password_file(self) -> Path:
        """One password for the three and the console: it is drawn for each run and good for nothing else."""
        return self.directory / "password"

    @property
    def authority_file(self) -> Path:
        return self.directory / "authority.pem"

    @property
    def token_file(self) -> Path:
        """The bootstrap token of the admin listener."""
        return self.directory / "admin.token"

    @property
    def log_file(self) -> Path:
        return self.directory / "gateway.log"

    @property
    def certificate_file(self) -> Path:
        return self.directory / "server.pem"

    @property
    def key_file(self) -> Path:
        return self.directory / "server.key"

    def listen(self) -> Listen:
        """The listeners, to be bound before anything is written."""
        ports = self.ports
        return Listen(
            clients=(Address(LOOPBACK, ports.clients),),
            redirect=(Address(LOOPBACK, ports.redirect),),
            admin=(Address(LOOPBACK, ports.admin),),
        )

    def config(self, backend: int) -> Config:
        """Write the configuration for a mail server on port ``backend``, and read it back as ``serve`` would.

        Raises:
            ConfigError: what the demo writes is no good configuration, or a ``USHER_`` variable spoils it.
        """
        self.config_file.write_text(_TOML.format(**self._values(backend)), encoding="utf-8")
        return load(self.config_file, os.environ)

    def set_up(self, config: Config) -> str:
        """A fresh database with an owner, an organisation and a user for each of the cast; gives their
        password."""
        for name in ("usher.db", "usher.db-wal", "usher.db-shm"):
            (self.directory / name).unlink(missing_ok=True)
        prepare(config)
        ensure_token(config.token_file)
        password = f"{secrets.token_urlsafe(12)}-Aa1"
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password + "\n", encoding="ascii")
        made = services(config)
        try:
            made.tenants.create_organisation(ACTOR, ORGANISATION)
            made.tenants.add_domain(ACTOR, ORGANISATION, DOMAIN)
            made.safeguards.change(ACTOR, ORGANISATION, ALONE, may_loosen=True)
            for part in CAST:
                name = part.name.capitalize()
                made.users.create(ACTOR, ORGANISATION, part.address, display_name=name, password=password)
            made.administrators.create(ACTOR, AUTHORITY, replace(OWNER, password=password))
        finally:
            made.store.close()
        return password

    def _values(self, backend: int) -> dict[str, str | int]:
        return {
            "host": HOST,
            "clients": self.ports.clients,
            "redirect": self.ports.redirect,
            "admin": self.ports.admin,
            "directory": _quoted(self.directory),
            "certificate": _quoted(self.certificate_file),
            "key": _quoted(self.key_file),
            "backend": backend,
        }


def _quoted(path: Path) -> str:
    """A path as a basic string of TOML, whose escapes are JSON's."""
    return json.dumps(str(path), ensure_ascii=False)


_TOML = """# Written by `usher demo`; the next run writes it again.
public_host = "{host}"
public_port = {clients}

[listen]
clients = ["127.0.0.1:{clients}"]
redirect = ["127.0.0.1:{redirect}"]
admin = ["127.0.0.1:{admin}"]
workers = 2

[tls]
certificate = {certificate}
key = {key}

[admin]
require_second_factor = false  # whoever looks at a demo for a minute enrols none

[store]
directory = {directory}

[backends.default]
url = "http://127.0.0.1:{backend}/Microsoft-Server-ActiveSync"

[log]
json = false
access = "full"
"""
