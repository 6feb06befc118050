"""sd_notify(3), heard on a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.serving.notifying import NEVER_S, Notifier
from tests.support.gateway_process import SOCKET_ALONE

PATIENCE_S = 60.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(PATIENCE_S)
        yield sock


def test_without_a_manager_nothing_is_said() -> None:
    notifier = Notifier.taken_from({})
    notifier.ready()
    notifier.alive()
    notifier.stopping()
    assert notifier.every_s == NEVER_S


def test_what_is_said(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "3000000", "HOME": "/"}
    notifier = Notifier.taken_from(environ)
    assert environ == {"HOME": "/"}
    assert notifier.every_s == 1.5
    for say, word in (
        (notifier.ready, b"READY=1"),
        (notifier.alive, b"WATCHDOG=1"),
        (notifier.stopping, b"STOPPING=1"),
    ):
        say()
        assert word in manager.recv(1000).split(b"\n")


def test_an_abstract_name() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0usher-test-{os.getpid()}")
        sock.settimeout(PATIENCE_S)
        Notifier(f"@usher-test-{os.getpid()}").ready()
        assert sock.recv(1000).startswith(b"READY=1")


def test_a_manager_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "none"), 10.0).alive()


def test_a_service_says_when_it_serves_that_it_lives_and_that_it_stops(
    manager: socket.socket, tmp_path: Path
) -> None:
    path = tmp_path / "usher.toml"
    path.write_text(SOCKET_ALONE.format(folder=tmp_path))
    environ = os.environ | {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "600000"}
    command = [sys.executable, "-m", "gateway", "serve", "--workers", "1", "--config", str(path)]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            heard = b""
            while b"READY=1" not in heard:
                heard = manager.recv(1000)
            while heard != b"WATCHDOG=1":
                heard = manager.recv(1000)
            process.send_signal(signal.SIGTERM)
            while b"STOPPING=1" not in heard:
                heard = manager.recv(1000)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
