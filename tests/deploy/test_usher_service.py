"""``deploy/usher.service`` (product 9.3, T33): systemd reads it, it is tight, the service starts in it."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.components import missing
from tests.support.confined import allowed, service
from tests.support.gateway_process import SOCKET_ALONE

UNIT = Path(__file__).parents[2] / "deploy" / "usher.service"
CONFINED = Path(__file__).parents[1] / "support" / "confined.py"
THRESHOLD = "20"
"""Exposure of at most 2.0 of 10; a service without any protection has 9.6."""

PATIENCE_S = 60.0


@pytest.fixture(autouse=True, scope="module")
def _analyze() -> None:
    if not Path("/usr/bin/systemd-analyze").exists():
        missing("systemd-analyze (package systemd)")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    program = tmp_path / "usher"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "usher.service"
    unit.write_text(UNIT.read_text().replace("/opt/usher/.venv/bin/usher", str(program)))
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_line_that_systemd_does_not_know_is_seen(tmp_path: Path) -> None:
    unit = tmp_path / "usher.service"
    unit.write_text(UNIT.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    assert "ProtectSytem" in analyze("verify", "--man=no", str(unit)).stderr


def test_its_exposure_is_small() -> None:
    done = analyze("security", "--offline=true", f"--threshold={THRESHOLD}", str(UNIT))
    assert done.returncode == 0, done.stdout[-300:]


def test_what_the_gateway_never_does_is_forbidden() -> None:
    calls = allowed(service(UNIT)["SystemCallFilter"])
    assert calls > {"read", "openat", "clone", "execve", "epoll_wait", "fsync"}
    assert not calls & {"mount", "ptrace", "setuid", "bpf", "kexec_load", "init_module", "chroot", "keyctl"}
    assert service(UNIT)["CapabilityBoundingSet"] == ["CAP_NET_BIND_SERVICE"]


def test_the_service_starts_serves_and_stops_within_it(tmp_path: Path) -> None:
    """The unit's own command, with its system calls, its capabilities and no writable code."""
    path = tmp_path / "usher.toml"
    path.write_text(SOCKET_ALONE.format(folder=tmp_path))
    program, *arguments = shlex.split(service(UNIT)["ExecStart"][0])
    assert program.endswith("/.venv/bin/usher")
    words = [str(path) if word == "/etc/usher/usher.toml" else word for word in arguments]
    command = [sys.executable, str(CONFINED), str(UNIT), sys.executable, "-m", "gateway", *words]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            assert manager.recv(1000).startswith(b"READY=1"), log.read_text()
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert _field(status, "Seccomp") == "2"
            assert _field(status, "NoNewPrivs") == "1"
            assert int(_field(status, "CapEff"), 16) & ~(1 << 10) == 0
            assert b" 401 " in _asked(tmp_path / "clients.sock")
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()
    assert '"critical"' not in log.read_text()
    assert "Operation not permitted" not in log.read_text()


def _field(status: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(\S+)$", status, re.MULTILINE)
    assert found is not None, status
    return found[1]


def _asked(place: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE_S)
        sock.connect(str(place))
        sock.sendall(
            b"OPTIONS /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        return sock.recv(1000)


def test_the_page_says_how_it_is_installed() -> None:
    page = (UNIT.parents[1] / "docs" / "operations.md").read_text()
    assert "deploy/usher.service" in page
