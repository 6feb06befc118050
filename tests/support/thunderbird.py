"""Debian's Thunderbird without a screen, in the private network, with a profile that trusts our authority.

One process serves all scenarios: it is the slowest thing to start. The preferences only keep it from asking
for what is not there (updates, portals, Mozilla's own database); discovery itself runs as shipped.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.components import need, program
from tests.support.netlab import Namespace, Peer
from tests.support.thunderbird_driver import PORT

PREFERENCES: dict[str, bool | int | str] = {
    "marionette.port": PORT,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.auto_config_url": "https://ispdb.nowhere.test/",
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disableIPv6": True,
    "network.manage-offline-status": False,
    "toolkit.telemetry.enabled": False,
}


@dataclass(frozen=True)
class Found:
    """How Thunderbird's search ended.

    Attributes:
        confirmed: the sites that it asked the person about before it would send the password there.
        source: which of the four parallel searches won, as Thunderbird names it.
        servers: what it offers, best first: type, hostname, port, username, url.
        outgoing: the SMTP server: hostname, port.
        error: its error text, with ``title`` for the message that the person is shown.
    """

    confirmed: tuple[str, ...] = ()
    source: str = ""
    servers: tuple[dict[str, Any], ...] = ()
    outgoing: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    title: str = ""

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The servers of a type."""
        return [server for server in self.servers if server["type"] == kind]


@dataclass(frozen=True)
class Thunderbird:
    """A running Thunderbird."""

    driver: Peer

    def discover(self, address: str, password: str, *, accept: bool = True) -> Found:
        """Search as the account set-up does; ``accept`` answers whether a foreign site may have the
        password."""
        answer = self.driver.ask({"address": address, "password": password, "accept": accept})
        found = answer.get("found") or {}
        return Found(
            confirmed=tuple(answer.get("confirmed", ())),
            source=found.get("source", ""),
            servers=tuple(found.get("servers", ())),
            outgoing=found.get("outgoing", {}),
            error=answer.get("error", ""),
            title=answer.get("title", ""),
        )


def version() -> str:
    """The installed Thunderbird's version, as Debian's package has it."""
    told = subprocess.run([program("thunderbird"), "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"\d[\w.]+", told.stdout)
    return match[0] if match else ""


@contextmanager
def running(inside: Namespace, authority: Path) -> Iterator[Thunderbird]:
    """Start Thunderbird in the private network; the network's end is its end."""
    need("thunderbird", "certutil")
    home = inside.folder / "thunderbird"
    profile = home / "profile"
    profile.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    _trust(profile, authority)
    environment = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "MOZ_HEADLESS": "1",
        "MOZ_CRASHREPORTER_DISABLE": "1",
        "LANG": "C.UTF-8",
    }
    options = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote")
    inside.start(
        program("thunderbird"),
        *options,
        "--profile",
        str(profile),
        log=inside.folder / "thunderbird.log",
        environment=environment,
    )
    yield Thunderbird(inside.peer("tests.support.thunderbird_driver"))


def _trust(profile: Path, authority: Path) -> None:
    certutil, database = program("certutil"), f"sql:{profile}"
    subprocess.run([certutil, "-N", "-d", database, "--empty-password"], check=True)
    trust = ["-A", "-n", "authority", "-t", "CT,,", "-i", str(authority)]
    subprocess.run([certutil, *trust, "-d", database], check=True)
