"""A private PostgreSQL server for tests: own cluster in a temporary folder, TCP on a free port, no fsync.

PostgreSQL refuses to run as root, so a root test run starts it as the account ``postgres`` or ``nobody``.
Tests are skipped only where no server is installed, and never in CI.
"""

import atexit
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg

from gateway.store import migrate
from tests.support.components import missing
from tests.support.ports import free

SERVER_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
START_S = 30
START_ATTEMPTS = 3
SETTINGS = ("fsync=off", "full_page_writes=off")
TEMPLATE = "usher_template"


@dataclass(frozen=True)
class Cluster:
    """A running server; ``process`` belongs to whoever started it."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        return f"postgresql://usher@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def fresh_database(self, template: str = TEMPLATE) -> str:
        """URL of a new database, with the schema already in it."""
        name = f"t{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


def server_folder() -> Path | None:
    """Where initdb and postgres are, the newest version first."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    folders = [folder for pattern in SERVER_FOLDERS for folder in Path("/").glob(pattern[1:])]
    return max((folder for folder in folders if (folder / "initdb").exists()), default=None)


def require_server() -> Path:
    """The server's programs; without them the test is skipped, and fails in CI."""
    return server_folder() or missing("a PostgreSQL server (initdb)")


def start_cluster(binaries: Path, folder: Path) -> Cluster:
    """Make and start a cluster in ``folder``; stop it with ``stop_cluster``."""
    account = _unprivileged()
    if account is not None:
        shutil.chown(folder, account)
    initialise = [binaries / "initdb", "-D", folder / "data", "-U", "usher", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*initialise, "--no-sync", "--locale=C.UTF-8"],
        user=account,
        check=True,
        capture_output=True,
        cwd=folder,
        timeout=120,
    )
    for _ in range(START_ATTEMPTS):
        cluster = _launched(binaries, folder, account)
        if _answers(cluster, folder):
            return cluster
        stop_cluster(cluster)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text(errors='replace')}")


def stop_cluster(cluster: Cluster) -> None:
    """Fast shutdown, whoever is still connected."""
    cluster.process.send_signal(signal.SIGINT)
    try:
        cluster.process.wait(10)
    except subprocess.TimeoutExpired:
        cluster.process.kill()
        cluster.process.wait(10)


@cache
def shared_cluster() -> Cluster:
    """One server for the whole test process, with a migrated template database; gone when the process
    ends."""
    binaries = require_server()
    folder = Path(tempfile.mkdtemp(prefix="usher-postgres-"))
    folder.chmod(0o755)
    cluster = start_cluster(binaries, folder)
    atexit.register(_end, cluster, folder)
    cluster.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(cluster.url(TEMPLATE))
    return cluster


def _end(cluster: Cluster, folder: Path) -> None:
    stop_cluster(cluster)
    shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _launched(binaries: Path, folder: Path, account: str | None) -> Cluster:
    port = free(1)[0]
    settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *SETTINGS)
    options = [part for setting in settings for part in ("-c", setting)]
    command = [binaries / "postgres", "-D", folder / "data", *options]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, user=account, cwd=folder, stdout=log, stderr=log)
    return Cluster(port, process)


def _answers(cluster: Cluster, folder: Path) -> bool:
    """Whether this very server came up; another one may have been quicker to take the port."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and cluster.process.poll() is None:
        try:
            with psycopg.connect(cluster.url("postgres"), connect_timeout=1) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return row == (str(folder / "data"),)
    return False
