"""A deployed gateway that is there to be killed: started, shot at, started again on the same database."""

import contextlib
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path

from gateway.app import prepare, services
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
        self._process: subprocess.Popen[bytes] | None = None

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
        """Start the service and wait until both listeners answer."""
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--config", str(self._folder / "usher.toml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._answering()

    def stop(self) -> None:
        """End what is left."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)
        self._made.store.close()

    def kill_somebody(self, chance: random.Random) -> None:
        """kill -9 the supervisor in every second case, else one of its workers."""
        assert self._process is not None
        children = _children(self._process.pid)
        victim = self._process.pid if chance.random() < 0.5 or not children else chance.choice(children)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)

    def recover(self) -> None:
        """Start again what the supervisor cannot start by itself: the supervisor."""
        assert self._process is not None
        try:
            self._process.wait(0.05)
        except subprocess.TimeoutExpired:
            self._answering()
            return
        self._until_free()
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

    def _until_free(self) -> None:
        """Orphaned workers notice that their supervisor is gone and let go of the sockets."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if all(ports.unused(port) for port in (self._https, self._admin)):
                return
            time.sleep(0.02)
        raise AssertionError("orphaned workers do not end")


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
