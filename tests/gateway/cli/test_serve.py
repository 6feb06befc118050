"""Product 9.1 and 10: what stops a start, and with which code."""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.board import Board
from gateway.cli import main
from gateway.cli.serve import _applications
from gateway.config import load
from tests.support.certificates import server_files

HEAD = 'public_host = "localhost"\n'


def settings(folder: Path, extra: str = "", *, clients: str = "127.0.0.1:0") -> Path:
    """A configuration with a development certificate for localhost."""
    certificate, key = server_files(folder, "localhost")
    path = folder / "usher.toml"
    path.write_text(
        HEAD
        + f'[listen]\nclients = ["{clients}"]\nredirect = []\nadmin = ["127.0.0.1:0"]\n'
        + f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
        + f'[store]\ndirectory = "{folder / "state"}"\n'
        + extra
    )
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_good_configuration(tmp_path: Path) -> None:
    result = run("check", "--config", str(settings(tmp_path)))
    assert (result.exit_code, result.output) == (0, "The configuration is good.\n")


def test_the_file_is_found_by_the_variable_that_the_other_commands_use(tmp_path: Path) -> None:
    result = CliRunner(env={"USHER_CONFIG": str(settings(tmp_path))}).invoke(main, ["check"])
    assert (result.exit_code, result.output) == (0, "The configuration is good.\n")


def test_a_bad_one_lists_every_fault_and_ends_with_2(tmp_path: Path) -> None:
    path = settings(tmp_path, "[limits]\nheader_count = 1\nstop_grace_s = -1\n[nothing]\n")
    for command in ("check", "serve"):
        result = run(command, "--config", str(path))
        assert result.exit_code == 2
        assert "3 faults" in result.output
        for key in ("limits.header_count (line", "limits.stop_grace_s (line", "nothing (line"):
            assert key in result.output


def test_show_prints_what_is_in_force_without_a_secret(tmp_path: Path) -> None:
    path = settings(tmp_path, 'url = "postgresql://u:geheim@db/x"\n')
    result = run("check", "--show", "--config", str(path))
    shown = json.loads(result.output)
    assert shown["public_host"] == "localhost" and shown["limits"]["header_bytes"] == 16384
    assert "geheim" not in result.output


def test_a_development_certificate_under_a_public_name_needs_force(tmp_path: Path) -> None:
    path = settings(tmp_path)
    path.write_text(path.read_text().replace(HEAD, 'public_host = "mail.example.com"\n'))
    server_files(tmp_path, "mail.example.com")
    refused = run("check", "--config", str(path))
    assert refused.exit_code == 1 and "--force" in refused.output
    assert run("check", "--force", "--config", str(path)).exit_code == 0


def test_an_address_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        path = settings(tmp_path, clients=f"127.0.0.1:{taken.getsockname()[1]}")
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "serve", "--config", str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def answered(port: int, authority: Path, until: float) -> bytes:
    """The first answer over TLS, asked for again and again."""
    context = ssl.create_default_context(cafile=str(authority))
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionError):
            plain = socket.create_connection(("127.0.0.1", port), timeout=10)
            with context.wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(b"OPTIONS /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return sock.recv(4096)
        time.sleep(0.02)
    raise AssertionError("no answer")


def resident(pid: int) -> float:
    """MiB of memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_the_gateway_starts_on_an_empty_directory_answers_and_stops(tmp_path: Path) -> None:
    """The targets are 2 s and 120 MiB; the start has room for a busy machine, the memory has none."""
    port = free_port()
    path = settings(tmp_path, '[backends.default]\nurl = "http://127.0.0.1:9"\n', clients=f"127.0.0.1:{port}")
    command = [sys.executable, "-m", "gateway", "serve", "--workers", "2", "--config", str(path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        answer = answered(port, tmp_path / "ca.pem", time.monotonic() + 15)
        time.sleep(1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        memory = [resident(int(pid)) for pid in children]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert answer.startswith(b"HTTP/1.1 401")
    assert len(memory) == 3 and max(memory) < 120
    assert (tmp_path / "state" / "admin.token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("workers", ["0", "257", "x"])
def test_a_number_of_workers_out_of_range(workers: str) -> None:
    assert run("serve", "--workers", workers).exit_code == 2


@pytest.mark.parametrize("bootstrap", [True, False])
def test_a_bootstrap_token_is_made_where_one_is_wanted(tmp_path: Path, bootstrap: bool) -> None:
    path = settings(tmp_path, f"[admin]\nbootstrap = {str(bootstrap).lower()}\n")
    config = load(path, {})
    _applications(None, Board(1)).prepare(config)
    assert (tmp_path / "state" / "admin.token").exists() is bootstrap
    assert (tmp_path / "state" / "sealing.key").exists()
