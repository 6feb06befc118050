"""``usher backup`` and ``usher restore`` (product 9.3) as they are called, and killed in the middle."""

import base64
import http.client
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.records import AuditTag
from tests.support.desk import Desk, Usher, furnish
from tests.support.gateway_process import ADMINISTRATOR, gateway
from tests.support.gateway_process import usher as command
from tests.support.postgres import shared_cluster
from tests.support.world import ADMIN

PATIENCE_S = 60.0
MANY = 20_000
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync"
BODY = (
    f'<Autodiscover xmlns="{SCHEMA}/requestschema/2006"><Request><EMailAddress>ann@example.com</EMailAddress>'
    f"<AcceptableResponseSchema>{SCHEMA}/responseschema/2006</AcceptableResponseSchema></Request>"
    "</Autodiscover>"
)


def test_there_and_back(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str, tmp_path: Path
) -> None:
    desk.phone(ann)
    file = tmp_path / "usher.backup"
    done = usher("backup", str(file))
    assert "without keys" in done.stderr.lower()
    assert file.stat().st_mode & 0o777 == 0o600
    assert asked("backup", "verify", str(file))["tables"]["devices"] == 1

    desk.services.users.remove(ADMIN, ann)
    usher("user", "show", ann, code=3)
    usher("restore", str(file), code=4)
    told = usher("restore", str(file), "--replace", "--reason", "the disk died")
    assert "is not in it" in told.stderr
    assert usher("user", "show", ann).stdout
    last = desk.world.trail()[-1]
    assert (last.tag, last.reason) == (AuditTag.STORE_RESTORED, "the disk died")
    tags = [record.tag for record in desk.world.trail()]
    assert AuditTag.STORE_BACKED_UP in tags


def test_a_file_that_is_there_is_kept(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "usher.backup"
    usher("backup", str(file))
    first = file.read_bytes()
    usher("backup", str(file), code=4)
    assert file.read_bytes() == first
    usher("backup", str(file), "--overwrite")
    assert file.read_bytes() != first


def test_keys_come_along_only_when_told(usher: Usher, desk: Desk, tmp_path: Path) -> None:
    plain, whole = tmp_path / "plain.backup", tmp_path / "whole.backup"
    usher("backup", str(plain))
    assert "KEYS OF THE GATEWAY" in usher("backup", str(whole), "--with-keys", "--with-config").stderr
    secret = desk.config.sealing_key_file.read_bytes()
    assert secret not in plain.read_bytes()
    usher("restore", str(plain), "--with-keys", "--replace", code=3)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = furnish(elsewhere)
    other.services.store.close()
    other.config.sealing_key_file.write_text("another secret\n")
    place = ("--config", str(other.path))
    assert _run("restore", str(whole), "--with-keys", *place) == 4
    assert _run("restore", str(whole), "--with-keys", "--replace", *place) == 0
    assert other.config.sealing_key_file.read_bytes() == secret
    assert other.config.sealing_key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.postgres
def test_the_trail_is_sound_after_a_move(usher: Usher, desk: Desk, ann: str, tmp_path: Path) -> None:
    """To PostgreSQL, where documents are spelled otherwise, and back; its beginning was archived before."""
    usher("audit", "archive", "--before", "2999-01-01T00:00:00Z", "--to", str(tmp_path / "old"))
    desk.phone(ann)
    usher("audit", "verify")
    first, second = tmp_path / "first.backup", tmp_path / "second.backup"
    usher("backup", str(first), "--with-keys")
    settings = desk.path.read_text()
    url = shared_cluster().fresh_database("template0")
    desk.path.write_text(re.sub(r'(\[store\][^\[]*?)url = "[^"]*"', rf'\1url = "{url}"', settings))
    usher("restore", str(first), "--with-keys")
    usher("audit", "verify")
    usher("user", "show", ann)
    usher("backup", str(second))
    desk.path.write_text(settings)
    usher("restore", str(second), "--replace")
    usher("audit", "verify")


def _run(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "gateway", *arguments], check=False, timeout=60).returncode


def test_what_is_no_backup_changes_nothing(usher: Usher, desk: Desk, ann: str, tmp_path: Path) -> None:
    file = tmp_path / "usher.backup"
    usher("backup", str(file))
    before = desk.world.trail()
    for kept in (0, 100, file.stat().st_size - 1):
        short = tmp_path / f"short{kept}"
        short.write_bytes(file.read_bytes()[:kept])
        usher("backup", "verify", str(short), code=2)
        usher("restore", str(short), "--replace", code=2)
    usher("restore", str(tmp_path / "none"), code=1)
    assert desk.world.trail() == before
    assert ann in usher("user", "show", ann).stdout


def test_help_and_a_file_called_as_a_command(usher: Usher, tmp_path: Path) -> None:
    assert "verify" in usher("backup", "--help").stdout
    assert "--with-keys" in usher("backup", "create", "--help").stdout
    file = tmp_path / "verify"
    usher("backup", "create", str(file))
    assert file.exists()


def _filled(desk: Desk) -> Path:
    """Enough rows that a command works long enough to be met in the middle."""
    path = desk.config.store.directory / "usher.db"
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO changes (scope, organisation, user_id, device_id) VALUES ('device', 'm', 'u', ?)",
            ((f"D{number}" * 5,) for number in range(MANY)),
        )
        row = database.execute("SELECT * FROM users LIMIT 1").fetchone()
        names = [column[1] for column in database.execute("PRAGMA table_info(users)")]
        at, address = names.index("id"), names.index("address")
        rows = []
        for number in range(MANY):
            copy = list(row)
            copy[at], copy[address] = f"u-{number}", f"u{number}@acme.example"
            rows.append(copy)
        marks = ",".join("?" * len(names))
        database.executemany(f"INSERT INTO users VALUES ({marks})", rows)  # noqa: S608
    database.close()
    return path


def _started(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _until(met: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert process.poll() is None, "it ended before it was met in the middle"
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_backup_that_was_killed_is_no_file(desk: Desk, ann: str, tmp_path: Path) -> None:
    _filled(desk)
    folder = tmp_path / "backups"
    folder.mkdir()
    process = _started("backup", str(folder / "usher.backup"), "--config", str(desk.path))
    _until(lambda: any(file.stat().st_size for file in folder.iterdir()), process)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert not (folder / "usher.backup").exists()
    assert all(file.suffix == ".part" and file.name[0] == "." for file in folder.iterdir())


def test_a_restore_that_was_killed_changed_nothing(
    usher: Usher, desk: Desk, ann: str, tmp_path: Path
) -> None:
    path, file = _filled(desk), tmp_path / "usher.backup"
    usher("backup", str(file))
    before = desk.world.trail()
    process = _started("restore", str(file), "--replace", "--config", str(desk.path))
    _until(lambda: _is_written(path), process)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert desk.world.trail() == before
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM users").fetchone() == (MANY + 1,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    usher("restore", str(file), "--replace")


def _is_written(path: Path) -> bool:
    """Whether somebody holds the writers' lock."""
    database = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        database.close()
    return False


@pytest.mark.timeout(180)
def test_gateways_that_run_serve_what_was_restored(tmp_path: Path) -> None:
    """Backed up and restored beside ``usher serve``: who was removed meanwhile is let in again."""
    with gateway({"url": "http://127.0.0.1:1/"}, "example.com", users={"ann": "Correct-Horse-1"}) as running:
        place = ("--config", str(running.folder / "usher.toml"))
        file = running.folder / "usher.backup"
        command("backup", str(file), *place)
        running.made.users.remove(ADMINISTRATOR, "ann@example.com")
        _await_status(running, 401)
        told = json.loads(command("restore", str(file), "--replace", "--json", *place))
        assert told["rows"] > 0
        _await_status(running, 200)


def _await_status(running: Any, wanted: int) -> None:
    deadline, status = time.monotonic() + PATIENCE_S, 0
    credentials = base64.b64encode(b"ann@example.com:Correct-Horse-1").decode()
    while time.monotonic() < deadline:
        connection = http.client.HTTPSConnection(
            "localhost", running.https, context=running.trust(), timeout=20
        )
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "text/xml"}
        connection.request("POST", "/autodiscover/autodiscover.xml", BODY, headers)
        status = connection.getresponse().status
        connection.close()
        if status == wanted:
            return
        time.sleep(0.2)
    raise AssertionError(f"{status} and not {wanted}")
