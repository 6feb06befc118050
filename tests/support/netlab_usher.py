"""The gateway and its surroundings in the private network: what a discovery client meets in the real world.

``usher serve`` on ports 443 and 80 with a certificate of ``usher certs dev``, a directory in SQLite, a name
server, two web sites that know nothing of mail, and a tap on port 80.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from certs import authority, csr, keys
from gateway.app import Services, prepare, services
from gateway.config import load
from gateway.records import Actor, UserSource
from gateway.services.tenants import Settings
from tests.support import netlab, netlab_dns, netlab_nginx
from tests.support.netlab import Namespace, Peer
from tests.support.netlab_command import command
from tests.support.netlab_scenarios import (
    COMMON,
    EWS,
    GATEWAY,
    PARKED,
    PASSWORD,
    PLAIN,
    PUBLIC,
    SCENARIOS,
    SITE,
    Scenario,
)

ADMINISTRATOR = Actor("admin", "test")
ADMIN_PORT, MAIL_PORT = 8444, 8000
SITES: dict[str, tuple[str, ...]] = {SITE: (), PARKED: ("--parked",)}
FRONTS = ("usher", "nginx")
LISTEN = {
    "usher": """\
clients = ["{gateway}:443"]
redirect = ["{gateway}:80", "{plain}:80"]
""",
    "nginx": """\
clients = []
redirect = []
plain = ["unix:{folder}/clients.sock"]
""",
}
CONFIGURATION = """\
public_host = "{public}"
extra_hosts = {further}
[listen]
{listen}admin = ["127.0.0.1:{admin}"]
workers = 1
[tls]
certificate = "{folder}/server.pem"
key = "{folder}/server.key"
[store]
directory = "{folder}"
[log]
access = "full"
[backends.default]
url = "http://127.0.0.1:{mail}"
user_mapping = "address"
ews_url = "{ews}"
[backends.post]
url = "http://127.0.0.1:{mail}"
user_mapping = "address"
ews_url = "{ews}"
imap = "{public}:993"
smtp = "{public}:587"
"""
MARK = """
import http.client, ssl, sys
trust = ssl.create_default_context(cafile=sys.argv[2])
connection = http.client.HTTPSConnection(sys.argv[1], context=trust, timeout=20)
connection.request("GET", "/autodiscover/autodiscover.xml")
print(connection.getresponse().getheader("X-Request-Id"))
"""


@dataclass
class Lab:
    """The running laboratory.

    Attributes:
        inside: the private network, to start clients in.
        front: who has ports 443 and 80, ``usher`` itself or ``nginx`` before it.
    """

    folder: Path
    inside: Namespace
    front: str

    @property
    def authority(self) -> Path:
        """PEM file that the clients must trust."""
        return self.folder / "authority.pem"

    @cached_property
    def _tap(self) -> Peer:
        return self.inside.peer("tests.support.netlab_tap")

    def tapped(self) -> list[str]:
        """Every payload that clients have sent to port 80 since this was asked last."""
        answer = self._tap.ask("more")
        assert answer["dropped"] == 0
        said: list[str] = answer["said"]
        return said

    def asked(self) -> list[dict[str, Any]]:
        """The gateway's access lines so far. They are written behind, in order: a request of our own is
        made and its line waited for."""
        child = self.inside.start(sys.executable, "-c", MARK, PUBLIC, str(self.authority))
        assert child.stdout is not None
        mark = child.stdout.read().strip()
        until = time.monotonic() + netlab.START_S
        while time.monotonic() < until:
            lines = [json.loads(line) for line in self.log.splitlines() if '"status"' in line]
            known = [line["request"] for line in lines]
            if mark and mark in known:
                return lines[: known.index(mark)]
            time.sleep(0.1)
        raise TimeoutError("the gateway's access log stands still")

    @property
    def log(self) -> str:
        """Everything that the gateway has logged."""
        return (self.folder / "gateway.log").read_text("utf-8", "replace")


@contextmanager
def lab(folder: Path, front: str = "usher") -> Iterator[Lab]:
    """Run everything until the block ends."""
    with netlab.running(folder, (GATEWAY, PLAIN, SITE, PARKED)) as inside:
        here = Lab(folder, inside, front)
        netlab_dns.start(inside, (*COMMON, *(record for each in SCENARIOS for record in each.records)))
        _certificates(folder)
        made = _directory(folder, front)
        try:
            _serve(here)
            yield here
        finally:
            made.store.close()


def _certificates(folder: Path) -> None:
    certified = [name for scenario in SCENARIOS for name in scenario.certified]
    command("certs", "dev", "--names", ",".join([PUBLIC, *certified]), "--directory", str(folder))
    issuer = authority.load((folder / "authority.pem").read_bytes(), (folder / "authority.key").read_bytes())
    key = keys.new_key()
    request = csr.read(csr.write(key, [name for scenario in SCENARIOS for name in scenario.site]))
    issued = authority.issue(issuer, request, datetime.fromtimestamp(time.time(), UTC))
    (folder / "site.pem").write_bytes(authority.to_pem(issued))
    (folder / "site.key").write_bytes(keys.to_pem(key))


def _directory(folder: Path, front: str) -> Services:
    """Every scenario's domain and person, made through the services as ``usher org`` and its like do."""
    text = CONFIGURATION.format(
        public=PUBLIC,
        further=json.dumps([name for scenario in SCENARIOS for name in scenario.further]),
        listen=LISTEN[front].format(gateway=GATEWAY, plain=PLAIN, folder=folder),
        admin=ADMIN_PORT,
        folder=folder,
        ews=EWS,
        mail=MAIL_PORT,
    )
    (folder / "usher.toml").write_text(text)
    config = load(folder / "usher.toml", {})
    prepare(config)
    made = services(config)
    for backend in config.backends:
        settings = Settings(user_source=UserSource.LOCAL, backend=backend)
        made.tenants.create_organisation(ADMINISTRATOR, backend, settings)
    for scenario in SCENARIOS:
        _settle(made, scenario)
    return made


def _settle(made: Services, scenario: Scenario) -> None:
    organisation = scenario.backend
    for domain in scenario.domains:
        made.tenants.add_domain(ADMINISTRATOR, organisation, domain)
    person = made.users.create(
        ADMINISTRATOR, organisation, scenario.mailbox, display_name=scenario.name, password=PASSWORD
    )
    if scenario.primary:
        made.users.set_aliases(ADMINISTRATOR, person.id, [scenario.address])


def _serve(here: Lab) -> None:
    """Start everything at once, then wait for each."""
    inside, folder = here.inside, here.folder
    log, configuration = folder / "gateway.log", folder / "usher.toml"
    gateway = inside.python("gateway", "serve", "--config", str(configuration), log=log)
    mail_log = folder / "mail.log"
    mail = inside.python("tests.support.netlab_mail", str(MAIL_PORT), log=mail_log)
    sites = {address: _site(here, address, *options) for address, options in SITES.items()}
    if here.front == "nginx":
        netlab_nginx.start(inside, configuration, GATEWAY, (GATEWAY, PLAIN))
    for address, site in sites.items():
        inside.listening(site, folder / f"site-{address}.log", (address, 443), (address, 80))
    inside.listening(mail, mail_log, ("127.0.0.1", MAIL_PORT))
    own = ((GATEWAY, 443), (GATEWAY, 80), (PLAIN, 80))
    inside.listening(gateway, log, ("127.0.0.1", ADMIN_PORT), *own)
    here.tapped()


def _site(here: Lab, address: str, *options: str) -> "subprocess.Popen[str]":
    folder = here.folder
    pair = (str(folder / "site.pem"), str(folder / "site.key"))
    said = folder / f"site-{address}.log"
    return here.inside.python("tests.support.netlab_web", address, *pair, *options, log=said)
