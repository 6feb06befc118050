"""A real mail server that provisions on its own: Debian's Horde with its ActiveSync, 2.5 to 16.0.

It has policies, keys and a remote wipe, and keeps its mail in the SOGo laboratory's Dovecot. Everything is
private: a copy of the web tree with settings of its own, SQLite, php-fpm behind nginx on a free port.
"""

import http.client
import json
import os
import shutil
import signal
import string
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import ports
from tests.support.components import absent, missing, program
from tests.support.sogo_lab import DOMAIN, Person, SogoLab, account

PARTS = Path(__file__).parent / "horde"
WEB_TREE = Path("/usr/share/horde")
PATH = "/Microsoft-Server-ActiveSync"
WORKERS = 8
POLL_S = 2
MEMORY = Path("/dev/shm")
APPLICATIONS = ("imp", "turba", "kronolith", "content")


class Asked(NamedTuple):
    """One line of the access log."""

    command: str
    device_id: str
    status: int


class Templates(string.Template):
    """PHP and nginx have a dollar of their own."""

    delimiter = "@"


class HordeLab:
    """The running laboratory."""

    def __init__(self, folder: Path, sogo: SogoLab) -> None:
        self.folder = folder
        self.sogo = sogo
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}{PATH}"
        self._account = account()
        # Horde's migrations are hundreds of transactions, and nothing of them has to survive.
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.database = Path(tempfile.mkdtemp(prefix="usher-horde-", dir=memory))
        self._children: list[subprocess.Popen[bytes]] = []

    @classmethod
    @contextmanager
    def running(cls, sogo: SogoLab) -> Iterator["HordeLab"]:
        """Horde on the mailboxes of ``sogo``, with a policy; stopped and removed at the end."""
        folder = Path(tempfile.mkdtemp(prefix="usher-horde-"))
        lab = cls(folder, sogo)
        try:
            lab._start()
            yield lab
        finally:
            lab._stop()
            for path in (folder, lab.database):
                shutil.rmtree(path, ignore_errors=True)

    def new_user(self) -> Person:
        """Somebody whom no other test has met."""
        return self.sogo.new_user()

    def administer(self, *arguments: str) -> list[dict[str, Any]]:
        """Do as Horde's administrator (``horde/admin.php``); returns what it prints."""
        done = self._run("php", "admin.php", *arguments, within=self.folder / "www" / "bin")
        return [json.loads(line) for line in done.splitlines() if line.startswith("{")]

    def device(self, device_id: str) -> dict[str, Any]:
        """What Horde keeps of a device."""
        (found,) = [
            each for each in self.administer("list") if each["device_id"].upper() == device_id.upper()
        ]
        return found

    def requests(self, device_id: str) -> list[Asked]:
        """What Horde was asked by a device, oldest first."""
        lines = (self.folder / "log" / "access.log").read_text().splitlines()
        found = []
        for line in lines:
            method, target, status = line.split(" ")
            query = parse_qs(urlsplit(target).query)
            if method == "POST" and query.get("DeviceId", [""])[0].upper() == device_id.upper():
                found.append(Asked(query["Cmd"][0], device_id, int(status)))
        return found

    def _start(self) -> None:
        for name in ("pid", "log", "tmp", "aslog", "php/Net/DNS2"):
            (self.folder / name).mkdir(parents=True)
        # An empty Resolver.php, first in include_path, makes Horde do without php-net-dns2: that library dies
        # on PHP 8, and its look-ups of the client's address take 5 s each where there is no DNS.
        (self.folder / "php/Net/DNS2/Resolver.php").write_text("<?php\n")
        self._copy()
        self._configure()
        for path in (self.database, self.folder, *self.folder.rglob("*")):
            os.chown(path, self._account.uid, self._account.gid)
        web = self.folder / "www"
        for name in APPLICATIONS:
            if (web / name / "config" / "conf.xml").exists():
                self._run("php", PARTS / "mkconf.php", web / name / "config")
        for _ in range(2):  # the first makes the tables of the migrations themselves
            self._run("php", "horde-db-migrate", within=web / "bin")
        self.administer("policies")
        self._spawn(fpm(), "-F", "-y", f"{self.folder}/fpm.conf")
        self._spawn("nginx", "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/log/nginx.log")
        ports.wait(self.port)
        self._until_ready()

    def _copy(self) -> None:
        """Settings live within the tree, and /etc must not be touched; links that lead nowhere stay away."""
        web = self.folder / "www"
        shutil.copytree(WEB_TREE, web, ignore_dangling_symlinks=True)
        shutil.rmtree(web / "static", ignore_errors=True)
        for name in ("static", "bin"):
            (web / name).mkdir(exist_ok=True)
        shutil.copy("/usr/bin/horde-db-migrate", web / "bin")
        shutil.copy(PARTS / "admin.php", web / "bin")

    def _configure(self) -> None:
        values = {
            "folder": str(self.folder),
            "domain": DOMAIN,
            "database": f"{self.database}/horde.db",
            "port": self.port,
            "imap": self.sogo.ports.imap,
            "smtp": self.sogo.ports.smtp,
            "version": "16.0",
            "poll": POLL_S,
            "workers": WORKERS,
        }
        targets = (
            ("conf.php", "www/config/conf.php"),
            ("backends.local.php", "www/imp/config/backends.local.php"),
            ("fpm.conf", "fpm.conf"),
            ("nginx.conf", "nginx.conf"),
        )
        for source, target in targets:
            (self.folder / target).write_text(Templates((PARTS / source).read_text()).substitute(values))

    def _until_ready(self, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > until:
                raise TimeoutError("Horde does not answer OPTIONS")
            time.sleep(0.1)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("OPTIONS", PATH, headers={"Authorization": self.sogo.user(1).basic})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _run(self, *command: object, within: Path | None = None) -> str:
        words = [str(part) for part in command]
        identity = self._identity() | ({"cwd": within} if within else {})
        done = subprocess.run(words, capture_output=True, text=True, check=False, **identity)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr.strip()} {done.stdout.strip()[-2000:]}")
        return done.stdout

    def _spawn(self, name: str, *arguments: str) -> None:
        with (self.folder / "log" / f"{name}.out").open("ab") as output:
            child = subprocess.Popen(
                [program(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._identity(),
            )
        self._children.append(child)

    def _identity(self) -> dict[str, Any]:
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder),
            "USER": self._account.user,
            "LOGNAME": self._account.user,
            "LC_ALL": "C.UTF-8",
        }
        who: dict[str, Any] = {"env": environment, "cwd": self.folder, "umask": 0o077}
        if os.geteuid() == 0:
            who |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return who

    def _stop(self) -> None:
        """At once: php-fpm waits for its children, some of which wait for phones, and nothing is kept."""
        for child in reversed(self._children):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(8)
        self._children.clear()


def fpm() -> str:
    """Name of php-fpm, which has its version in it; the plain one where there is none."""
    return max((path.name for path in Path("/usr/sbin").glob("php-fpm[0-9]*")), default="php-fpm")


def missing_parts() -> list[str]:
    """What this machine lacks for the laboratory; empty when it can run."""
    lacking = absent(("php", fpm(), "nginx", "horde-db-migrate"))
    lacking += [name for name in ("imp", "turba", "kronolith") if not (WEB_TREE / name).exists()]
    if not Path("/usr/share/php/Horde/ActiveSync.php").exists():
        lacking.append("php-horde-activesync")
    return lacking


@pytest.fixture(scope="session")
def horde(sogo: SogoLab) -> Iterator[HordeLab]:
    """The laboratory of this test process, on the mailboxes of the SOGo laboratory."""
    if lacking := missing_parts():
        missing(", ".join(lacking))
    with HordeLab.running(sogo) as lab:
        yield lab
