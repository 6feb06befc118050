"""A real mail server with ActiveSync for tests: Debian's SOGo, PostgreSQL, Dovecot, memcached, a mail sink.

Everything is private: one temporary folder, loopback ports, child processes of this one, nothing of the
system's configuration touched. sogod and postgres refuse root, so root starts them as Debian's user ``sogo``.
"""

import http.client
import imaplib
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import string
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import ports
from tests.support.components import absent, missing, program

DOMAIN = "example.test"
PEOPLE = 80
WORKERS = 8
ACTIVESYNC = "/SOGo/Microsoft-Server-ActiveSync"
PARTS = Path(__file__).parent / "sogo"
PACKAGED = Path("/etc/sogo/sogo.conf")
GNUSTEP = Path("/etc/GNUstep/GNUstep.conf")
LOGGED = re.compile(r'"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/1\.\d" (?P<status>\d{3})')


class Person(NamedTuple):
    """One mailbox."""

    name: str
    password: str

    @property
    def address(self) -> str:
        return f"{self.name}@{DOMAIN}"

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + b64encode(f"{self.name}:{self.password}".encode()).decode()


class Logged(NamedTuple):
    """One line of SOGo's own access log."""

    method: str
    target: str
    status: int

    def parameter(self, name: str) -> str:
        """A parameter of the plain query, empty where there is none."""
        return parse_qs(urlsplit(self.target).query).get(name, [""])[0]


class Kept(NamedTuple):
    """One message that went through the sink."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass(frozen=True)
class Ports:
    http: int
    imap: int
    smtp: int
    database: int


@dataclass(frozen=True)
class Account:
    """Who the servers run as."""

    user: str
    group: str
    uid: int
    gid: int


class SogoLab:
    """The running laboratory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports(*ports.free(4))
        self.url = f"http://127.0.0.1:{self.ports.http}{ACTIVESYNC}"
        self._account = account()
        self._children: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []
        self._next = 0

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["SogoLab"]:
        """A laboratory with empty mailboxes; stopped and removed at the end."""
        folder = Path(tempfile.mkdtemp(prefix="usher-sogo-"))
        lab = cls(folder)
        try:
            lab._start()
            yield lab
        finally:
            lab._stop()
            _remove(folder)

    def user(self, number: int) -> Person:
        """Person ``number``, from 1 to PEOPLE."""
        return Person(f"user{number}", f"secret-{number}")

    def new_user(self) -> Person:
        """Somebody whom no other test has met: an empty mailbox."""
        self._next += 1
        assert self._next <= PEOPLE, "the laboratory has run out of people"
        return self.user(self._next)

    def deliver(
        self, to: Person, subject: str, text: str = "Hello.\n", sender: str = "friend@elsewhere.test"
    ) -> None:
        """A mail arrives from outside, by SMTP; it is in the mailbox when this returns."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to.address, subject
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.ports.smtp, timeout=10) as smtp:
            smtp.send_message(mail)
        # Dovecot counts modifications only once somebody has asked for the count; SOGo goes by the count.
        with imaplib.IMAP4("127.0.0.1", self.ports.imap, timeout=10) as imap:
            imap.login(*to)
            imap.select("INBOX")
            imap.status("INBOX", "(HIGHESTMODSEQ)")

    def sent(self, subject: str, seconds: float = 10.0) -> Kept:
        """The message with this subject, as soon as the sink has it; TimeoutError when it does not come."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for kept in self._kept():
                if kept.message["Subject"] == subject:
                    return kept
            time.sleep(0.05)
        raise TimeoutError(f"no mail with subject {subject!r} after {seconds} s")

    def requests(self, device_id: str = "") -> list[Logged]:
        """SOGo's own record of what it was asked, oldest first; of one device (plain query) if named."""
        text = (self.folder / "log" / "sogo.log").read_text("utf-8", "replace")
        found = (LOGGED.search(line) for line in text.splitlines())
        lines = [Logged(match["method"], match["target"], int(match["status"])) for match in found if match]
        wanted = device_id.upper()
        return [line for line in lines if not wanted or line.parameter("DeviceId").upper() == wanted]

    def _kept(self) -> Iterator[Kept]:
        for envelope in sorted((self.folder / "kept").glob("*.json")):
            said = json.loads(envelope.read_text())
            content = message_from_bytes(envelope.with_suffix(".eml").read_bytes(), policy=policy.default)
            yield Kept(said["sender"], said["recipients"], content)

    def _start(self) -> None:
        for name in ("log", "mail", "kept", "spool", "defaults", "dovecot/state"):
            (self.folder / name).mkdir(parents=True)
        self._configure()
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self._account.uid, self._account.gid)
        self._start_database()
        self._spawn("memcached", "-s", f"{self.folder}/memcached", "-m", "32")
        self._spawn("dovecot", "-F", "-c", f"{self.folder}/dovecot.conf")
        sink = [PARTS / "sink.py", self.ports.smtp, self.folder / "kept", self.folder / "mail"]
        self._spawn(sys.executable, *map(str, sink), as_owner=False)
        ports.wait(self.ports.imap)
        ports.wait(self.ports.smtp)
        self._spawn("sogod", last_word=signal.SIGKILL)
        self._until_ready()

    def _configure(self) -> None:
        values = {
            "folder": str(self.folder),
            "user": self._account.user,
            "group": self._account.group,
            "domain": DOMAIN,
            "people": PEOPLE,
            "workers": WORKERS,
            "imap": self.ports.imap,
            "smtp": self.ports.smtp,
            "http": self.ports.http,
            "database": f"postgresql://sogo:sogo@127.0.0.1:{self.ports.database}/sogo",
        }
        targets = (
            ("dovecot.conf", "dovecot.conf"),
            ("sogod.plist", "defaults/sogod.plist"),
            ("people.sql", "people.sql"),
        )
        for source, target in targets:
            text = string.Template((PARTS / source).read_text()).substitute(values)
            (self.folder / target).write_text(text)
        people = (self.user(number) for number in range(1, PEOPLE + 1))
        lines = [f"{who.name}:{{PLAIN}}{who.password}::::{self.folder}/mail/{who.name}::\n" for who in people]
        (self.folder / "passwd").write_text("".join(lines))
        (self.folder / "gnustep.conf").write_text(self._gnustep())

    def _gnustep(self) -> str:
        """sogod has no option for its configuration; the folder of GNUstep's defaults outranks /etc/sogo."""
        kept = [line for line in GNUSTEP.read_text().splitlines() if not line.startswith("GNUSTEP_USER_")]
        own = [f"GNUSTEP_USER_DEFAULTS_DIR={self.folder}/defaults", "GNUSTEP_USER_CONFIG_FILE=.none"]
        return "\n".join([*kept, *own, ""])

    def _start_database(self) -> None:
        binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        data = self.folder / "database"
        self._run(
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "sogo",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
        options = {
            "listen_addresses": "'127.0.0.1'",
            "port": self.ports.database,
            "unix_socket_directories": "''",
            "max_connections": 60 + 4 * WORKERS,
            "fsync": "off",
        }
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in options.items())
        self._spawn(str(binaries / "postgres"), "-D", str(data), last_word=signal.SIGINT)
        ports.wait(self.ports.database)
        connection = [
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            self.ports.database,
            "-U",
            "sogo",
        ]
        self._run("psql", *connection, "-c", "CREATE DATABASE sogo", "postgres", patience=10)
        self._run("psql", *connection, "-f", self.folder / "people.sql", "sogo")

    def _until_ready(self, seconds: float = 30.0) -> None:
        """The port is open before the workers are there, so ask until OPTIONS is answered."""
        ports.wait(self.ports.http)
        until = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > until:
                raise TimeoutError("SOGo does not answer OPTIONS")
            time.sleep(0.1)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.http, timeout=5)
        try:
            connection.request("OPTIONS", ACTIVESYNC, headers={"Authorization": self.user(PEOPLE).basic})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _run(self, *command: object, patience: float = 0) -> None:
        """Run to its end; with ``patience``, again for so many seconds while it fails."""
        until = time.monotonic() + patience
        while True:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                check=False,
                **self._identity(True),
            )
            if done.returncode == 0:
                return
            if time.monotonic() >= until:
                raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
            time.sleep(0.1)

    def _spawn(
        self, name: str, *arguments: str, last_word: signal.Signals = signal.SIGTERM, as_owner: bool = True
    ) -> None:
        with (self.folder / "log" / f"{Path(name).name}.out").open("ab") as output:
            child = subprocess.Popen(
                [program(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._identity(as_owner),
            )
        self._children.append((child, last_word))

    def _identity(self, as_owner: bool) -> dict[str, Any]:
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder),
            "USER": self._account.user,
            "LOGNAME": self._account.user,
            "LC_ALL": "C.UTF-8",
            "GNUSTEP_CONFIG_FILE": str(self.folder / "gnustep.conf"),
        }
        who: dict[str, Any] = {"env": environment, "cwd": self.folder, "umask": 0o077}
        if as_owner and os.geteuid() == 0:
            who |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return who

    def _stop(self) -> None:
        """The youngest first. sogod takes half a minute over a polite request, and nothing of it is kept."""
        for child, last_word in reversed(self._children):
            _end(child, last_word)
            _end_group(child.pid)
        self._children.clear()


def _end(child: subprocess.Popen[bytes], last_word: signal.Signals) -> None:
    if child.poll() is None:
        child.send_signal(last_word)
    try:
        child.wait(8)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(8)


def _end_group(group: int) -> None:
    """Workers that outlived their parent; each child was given a group of its own."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _remove(folder: Path, attempts: int = 20) -> None:
    """A process that was just killed may still be writing a lock file."""
    for _ in range(attempts):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def account() -> Account:
    """The user that the servers run as: this one, or for root the package's ``sogo``."""
    entry = pwd.getpwnam("sogo") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    groups = subprocess.run(["id", "-gn", entry.pw_name], capture_output=True, text=True, check=True)
    return Account(entry.pw_name, groups.stdout.strip(), entry.pw_uid, entry.pw_gid)


def missing_parts() -> list[str]:
    """What this machine lacks for the laboratory; empty when it can run."""
    lacking = absent(("sogod", "memcached", "dovecot", "psql"))
    if not lacking and os.geteuid() != 0 and not os.access(PACKAGED, os.R_OK):
        lacking.append(f"read access to {PACKAGED} (sogod stops without it; be root or in the group sogo)")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        lacking.append("postgresql")
    if not Path("/usr/lib/GNUstep/SOGo/ActiveSync.SOGo").exists():
        lacking.append("sogo-activesync")
    return lacking


@pytest.fixture(scope="session")
def sogo() -> Iterator[SogoLab]:
    """The laboratory of this test process; another process may have one of its own beside it."""
    if lacking := missing_parts():
        missing(", ".join(lacking))
    with SogoLab.running() as lab:
        yield lab
