"""A deployed gateway that is there to be killed: started, shot at, started again on the same database."""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPSConnection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gateway.app import prepare, services
from gateway.cli.serve import serve
from gateway.config import load
from gateway.records import AuditTag
from gateway.services.partnerships import target_of
from mdm.codepages import tag
from mdm.device import Device, DeviceKey, DeviceState
from mdm.wbxml import Element, decode, element, encode
from tests.support import gateway_process as deployed
from tests.support import ports

KEY = 123456789
PASSWORD = "Secret-of-41"
DOMAIN = "crash.example"
DEVICES = 10
"""Devices of one user, the limit of an organisation."""

START_S = 20.0
PROVISION = tag("Provision", "Provision")
REMOTE_WIPE = tag("Provision", "RemoteWipe")
STATUS = tag("Provision", "Status")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BACKEND = {"url": "http://127.0.0.1:9/Microsoft-Server-ActiveSync"}
"""Nothing listens there: provisioning and wipes need no mail server."""

SERVERS = multiprocessing.get_context("forkserver")
SERVERS.set_forkserver_preload([__name__, "gateway.endpoints.administration", "gateway.store.schema"])
"""Where a hundred services come from: each would load the same for more than a second."""


class Victim:
    """``usher serve`` on one folder, and the two callers that a crash may cut off."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._https, self._admin = deployed.configured(folder, BACKEND)
        config = load(folder / "usher.toml", {})
        prepare(config)
        self._made = services(config)
        self._trust = ssl.create_default_context(cafile=folder / "authority.pem")
        self._keys: list[DeviceKey] = []
        self._process: ForkServerProcess | None = None
        self._headless = False

    def populate(self, count: int) -> None:
        """``count`` provisioned devices, ten to a user."""
        users = {f"user{number}": PASSWORD for number in range((count + DEVICES - 1) // DEVICES)}
        deployed.populate(self._made, DOMAIN, users)
        home = self._made.tenants.organisation(deployed.ORGANISATION).id
        with self._made.store.write() as transaction:
            for number in range(count):
                owner = transaction.directory.user_by_address(f"user{number // DEVICES}@{DOMAIN}")
                assert owner is not None
                key = DeviceKey(home, owner.id, f"CRASH{number:05d}")
                transaction.devices.add(_provisioned(key))
                self._keys.append(key)

    def start(self) -> None:
        """Start the service and wait until all its workers serve: one that dies before ends the start."""
        told = self._announcements()
        self._process, self._headless = SERVERS.Process(target=_serve, args=(self._folder,)), False
        self._process.start()
        _await(lambda: self._announcements() > told, "the service does not start")

    def stop(self) -> None:
        """End what is left."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(30)
        self._made.store.close()

    def kill_somebody(self, chance: random.Random) -> None:
        """kill -9 the supervisor in every second case, else one of its workers."""
        assert self._process is not None and self._process.pid is not None
        children = _children(self._process.pid)
        self._headless = chance.random() < 0.5 or not children
        victim = self._process.pid if self._headless else chance.choice(children)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)

    def recover(self) -> None:
        """Start again what the supervisor cannot start by itself: the supervisor."""
        assert self._process is not None
        if not self._headless:
            self._answering()
            return
        self._process.join(START_S)
        _await(self._free, "orphaned workers do not end")
        self.start()

    def order(self, number: int) -> bool:
        """Order a wipe over the REST API; True when it was accepted."""
        key = self._keys[number]
        path = f"/api/v1/organisations/{key.organisation}/devices/{key.user}/{key.device_id}/wipe"
        token = (self._folder / "admin.token").read_text("ascii").strip()
        body = json.dumps({"kind": "device", "reason": "lost in a crash test", "name": key.device_id})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._call(self._admin, path, body.encode(), headers)[0] == 202

    def acknowledge(self, number: int) -> bool:
        """Fetch the directive and say that the device was wiped; True when the gateway took it."""
        status, body = self._provision(number, element(PROVISION))
        if status != 200 or decode(body).find(REMOTE_WIPE) is None:
            return False
        done = element(PROVISION, element(REMOTE_WIPE, element(STATUS, "1")))
        status, body = self._provision(number, done)
        return status == 200 and decode(body).text_of(STATUS) == "1"

    def state(self, number: int) -> DeviceState:
        """The device's state as stored."""
        device = self._made.devices.get(self._keys[number])
        assert device is not None
        return device.state

    def trail(self, number: int) -> list[AuditTag]:
        """What the audit trail says of the device, oldest first."""
        key = self._keys[number]
        records = self._made.audit.query(organisation=key.organisation, target=target_of(key))
        return [record.tag for record in records]

    def _provision(self, number: int, document: Element) -> tuple[int, bytes]:
        key = self._keys[number]
        user = f"user{number // DEVICES}@{DOMAIN}"
        path = f"/Microsoft-Server-ActiveSync?Cmd=Provision&User=u&DeviceId={key.device_id}&DeviceType=SP"
        headers = {
            "Authorization": "Basic " + b64encode(f"{user}:{PASSWORD}".encode()).decode(),
            "MS-ASProtocolVersion": "14.1",
            "X-MS-PolicyKey": str(KEY),
            "Content-Type": "application/vnd.ms-sync.wbxml",
        }
        return self._call(self._https, path, encode(document), headers)

    def _call(self, port: int, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = HTTPSConnection("localhost", port, timeout=10, context=self._trust)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _answering(self) -> None:
        for port in (self._https, self._admin):
            ports.wait(port, START_S)

    def _free(self) -> bool:
        """Whether orphaned workers have noticed that their supervisor is gone and let go of the sockets."""
        return all(ports.unused(port) for port in (self._https, self._admin))

    def _announcements(self) -> int:
        log = self._folder / "gateway.log"
        return log.read_bytes().count(b'"message": "serving"') if log.exists() else 0


def _await(done: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + START_S
    while not done():
        assert time.monotonic() < until, otherwise
        time.sleep(0.02)


def _serve(folder: Path) -> None:
    """``usher serve``, with its words in a file."""
    log = os.open(folder / "gateway.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    serve.main(["--config", str(folder / "usher.toml")])


def _provisioned(key: DeviceKey) -> Device:
    return Device(
        key=key,
        device_type="SP",
        protocol_version="14.1",
        first_seen=NOON,
        last_seen=NOON,
        state=DeviceState.PROVISIONING_SUCCEEDED,
        policy_key=KEY,
        proof_key=KEY,
    )


def _children(pid: int) -> list[int]:
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
