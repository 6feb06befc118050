"""The gateway as it is deployed: ``usher serve`` in a process of its own, SQLite, development certificates.

The directory is prepared through the services, as ``usher org`` and its like do it; from then on whatever a
test orders reaches the workers as it would from any other process, by the change feed.
"""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gateway.app import Services, prepare, services
from gateway.config import load
from gateway.records import Actor, UserSource
from gateway.services.safeguards import MAXIMUM_WIPES, SafeguardChanges
from gateway.services.tenants import Settings
from mdm.device import Device, DeviceKey, WipeKind
from tests.support import ports
from tests.support.inhabited import let_be

ORGANISATION = "example"
ADMINISTRATOR = Actor("admin", "test")
ACTIVESYNC = "/Microsoft-Server-ActiveSync"
NAMES = "localhost,mail.example.com,autodiscover.example.com"
"""What its certificate has, and so what it answers to: also the names of ``tests.support.nginx_front``."""
START_S, STOP_S = 60.0, 30.0
SOCKET_ALONE = """public_host = "localhost"
[listen]
clients = []
redirect = []
admin = []
plain = ["unix:{folder}/clients.sock"]
workers = 2
[store]
directory = "{folder}"
[backends.default]
url = "http://127.0.0.1:1/"
"""
"""A gateway that listens on a socket in its folder and nowhere else."""

CONFIGURATION = """\
public_host = "localhost"
public_port = {https}
[listen]
clients = ["127.0.0.1:{https}"]
plain = ["unix:{folder}/clients.sock"]
redirect = []
admin = ["127.0.0.1:{admin}"]
workers = 2
[tls]
certificate = "{folder}/server.pem"
key = "{folder}/server.key"
[store]
directory = "{folder}"
url = "{store}"
[log]
access = "full"
[backends.default]
{backend}
"""


@dataclass(frozen=True)
class Gateway:
    """A running gateway.

    Attributes:
        https: port of devices. admin: port of administrators.
        made: the use cases, in the test's own process.
    """

    folder: Path
    https: int
    admin: int
    made: Services
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}{ACTIVESYNC}"

    @property
    def authority(self) -> Path:
        """File of the development authority."""
        return self.folder / "authority.pem"

    @property
    def socket(self) -> str:
        """What devices have, without TLS, for a front proxy."""
        return f"unix:{self.folder}/clients.sock"

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return (self.folder / "gateway.log").read_text("utf-8", "replace")

    def trust(self) -> ssl.SSLContext:
        """What a phone is told to trust."""
        return ssl.create_default_context(cafile=self.authority)

    def device(self, device_id: str) -> Device:
        """The only partnership with this DeviceId."""
        known = self.made.devices.list(limit=1000)
        (found,) = [device for device in known if device.key.device_id == device_id.upper()]
        return found

    def wipe(self, device_id: str, kind: WipeKind = WipeKind.DEVICE) -> DeviceKey:
        """Order a wipe; returns when it is durable."""
        key = self.device(device_id).key
        self.made.devices.require_wipe(ADMINISTRATOR, key, kind, "lost in a test")
        return key

    def wipe_by_rest(self, device_id: str, address: str) -> None:
        """Order a wipe at the administration listener, with the bootstrap token."""
        token = (self.folder / "admin.token").read_text().strip()
        connection = http.client.HTTPSConnection("localhost", self.admin, context=self.trust(), timeout=10)
        place = f"/api/v1/organisations/{ORGANISATION}/devices/{quote(address)}/{device_id.upper()}/wipe"
        order = json.dumps({"kind": "device", "reason": "lost in a test", "name": device_id})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", place, order, headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        connection.close()

    def wipe_by_command(self, device_id: str, address: str) -> None:
        """Order a wipe by ``usher device wipe``."""
        order = (
            "--kind",
            "device",
            "--reason",
            "lost in a test",
            "--name",
            device_id,
            "--config",
            str(self.folder / "usher.toml"),
        )
        usher("device", "wipe", address, device_id.upper(), *order)


@contextmanager
def gateway(
    backend: Mapping[str, object],
    domain: str,
    *,
    users: Mapping[str, str] | None = None,
    store: str = "",
    sections: str = "",
) -> Iterator[Gateway]:
    """Run a gateway before one backend until the block ends.

    Args:
        backend: its settings in the configuration file.
        users: local part to password of local users; None: whoever the backend lets in is a user.
        store: URL of its database; SQLite in a folder of its own if empty.
        sections: of the configuration file, as they stand there.
    """
    folder = Path(tempfile.mkdtemp(prefix="usher-gateway-"))
    try:
        with _running(folder, configured(folder, backend, store, sections), domain, users) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configured(
    folder: Path, backend: Mapping[str, object], store: str = "", sections: str = ""
) -> tuple[int, int]:
    https, admin = ports.free(2)
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in backend.items())
    text = CONFIGURATION.format(folder=folder, https=https, admin=admin, backend=lines, store=store)
    (folder / "usher.toml").write_text(text + sections)
    usher("certs", "dev", "--names", NAMES, "--directory", str(folder))
    return https, admin


@contextmanager
def _running(
    folder: Path, listening: tuple[int, int], domain: str, users: Mapping[str, str] | None
) -> Iterator[Gateway]:
    config = load(folder / "usher.toml", {})
    prepare(config)
    made = services(config)
    try:
        populate(made, domain, users)
        with (folder / "gateway.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--config", str(folder / "usher.toml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        running = Gateway(folder, *listening, made, process)
        try:
            _await(running)
            yield running
        finally:
            process.terminate()
            process.wait(STOP_S)
    finally:
        made.store.close()


ALONE = SafeguardChanges(approve_full_wipes=False, wipes_per_hour=MAXIMUM_WIPES, wipes_per_day_percent=100)
"""One administrator who wipes whatever a test loses."""


def populate(made: Services, domain: str, users: Mapping[str, str] | None) -> None:
    source = UserSource.BACKEND if users is None else UserSource.LOCAL
    made.tenants.create_organisation(ADMINISTRATOR, ORGANISATION, Settings(user_source=source))
    made.tenants.add_domain(ADMINISTRATOR, ORGANISATION, domain)
    made.safeguards.change(ADMINISTRATOR, ORGANISATION, ALONE, may_loosen=True)
    let_be(made, made.tenants.organisation(ORGANISATION))
    for name, password in (users or {}).items():
        made.users.create(
            ADMINISTRATOR, ORGANISATION, f"{name}@{domain}", display_name=name, password=password
        )


def _await(running: Gateway) -> None:
    """Until administrators are answered: the ports are there before the keys and the tables are."""
    until = time.monotonic() + START_S
    while running.process.poll() is None and time.monotonic() < until:
        try:
            ports.wait(running.https, 0.2)
            if _administered(running):
                return
        except (TimeoutError, OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"usher serve does not listen:\n{running.log}")


def _administered(running: Gateway) -> bool:
    """Whether it is ready, whoever it says it is: a test may have given it a certificate of its own."""
    anybody = ssl._create_unverified_context()  # noqa: S323 - it is on this machine
    connection = http.client.HTTPSConnection("localhost", running.admin, context=anybody, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def usher(*arguments: str) -> str:
    """Run an ``usher`` command to its end; its output."""
    command = [sys.executable, "-m", "gateway", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
