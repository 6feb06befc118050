"""An administrator's desk: a gateway's services on a real SQLite file, and its admin listener over HTTP."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import Result

from certs.signing import new_signing_key
from gateway import app
from gateway.config import Config, load
from mdm.ashttp import Version
from mdm.device import Device
from tests.support import partnership
from tests.support.world import World

Usher = Callable[..., Result]
"""``usher`` as a test calls it: arguments, expected exit ``code`` and what is ``typed``."""

TOKEN = "an-admin-token-that-nobody-can-guess-000"
SETTINGS = """public_host = "localhost"
[listen]
clients = []
redirect = []
admin = []
plain = ["127.0.0.1:1"]
[store]
directory = "{folder}"
url = "{url}"
[admin]
requests_per_s = 100000
requests_burst = 1000000
reads_per_s = 100000
reads_burst = 1000000
writes_per_s = 100000
writes_burst = 1000000
[backends.default]
url = "http://127.0.0.1:1/"
[backends.other]
url = "http://127.0.0.1:1/"
"""


@dataclass(frozen=True)
class Desk:
    """One gateway's state in a folder."""

    path: Path
    config: Config
    services: app.Services

    @property
    def world(self) -> World:
        """Devices and what they send, on the same store."""
        return World(self.services.store)

    def phone(self, address: str, device_id: str = "PHONE1", version: Version = Version.V16_1) -> Device:
        """A device of the user that accepted its policy."""
        return self.world.provisioned_phone(self.services.users.get(address), device_id, version)

    def obeyed(self, device: Device) -> Device:
        """The device after it was handed its wipe and acknowledged it."""
        assert device.wipe is not None
        world = self.world
        world.provision(device.key, partnership.initial(Version.V16_1))
        return world.provision(device.key, partnership.wipe_acknowledgement(device.wipe.kind)).device


def furnish(folder: Path, url: str = "") -> Desk:
    """A fresh database with a token, SQLite or the one at ``url``; the caller closes ``services.store``."""
    path = folder / "usher.toml"
    path.write_text(SETTINGS.format(folder=folder, url=url))
    config = load(path, {})
    config.token_file.write_text(TOKEN + "\n")
    config.sealing_key_file.write_text("sealing secret of a test, 32 octets and more\n")
    config.audit_key_file.write_bytes(new_signing_key())
    app.prepare(config)
    return Desk(path, config, app.services(config))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A fresh one on SQLite."""
    desk = furnish(tmp_path)
    yield desk
    desk.services.store.close()


@contextlib.asynccontextmanager
async def browser(config: Config, token: str | None = TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the admin listener's application."""
    application = app.admin(config)
    await application.start()
    transport = httpx.ASGITransport(application, client=("192.0.2.99", 4711))
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://localhost", headers=headers
    ) as client:
        yield client
    await application.close()
