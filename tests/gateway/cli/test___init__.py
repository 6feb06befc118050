"""Product 7.4: one command, its parts imported only when called."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway import cli
from gateway.cli import COMMANDS, main
from tests.support.desk import Desk


def test_help_lists_what_is_installed() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "serve" in result.output and "check" in result.output


def test_a_missing_module_hides_its_command_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "COMMANDS", {**COMMANDS, "nowhere": "nowhere"})
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    assert "No such command" in CliRunner().invoke(main, ["nowhere"]).output


def test_every_module_of_the_package_is_listed() -> None:
    folder = Path(cli.__file__).parent
    found = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(COMMANDS.values()) >= {
        name for name in found if f"def {name}(" in (folder / f"{name}.py").read_text()
    }


def test_the_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.startswith("usher, version ")


def test_asking_for_help_imports_neither_server_nor_framework() -> None:
    code = (
        "import sys, gateway.cli; print([m for m in ('fastapi', 'aiohttp', 'hypercorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def program(desk: Desk, *arguments: str, **streams: Any) -> "subprocess.Popen[bytes]":
    """``usher`` in a process of its own, on the desk's database."""
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        env=os.environ | {"USHER_CONFIG": str(desk.path)},
        cwd=Path(cli.__file__).parents[2],
        preexec_fn=_heeding_ctrl_c,  # noqa: PLW1509 - sets one signal, takes no lock
        **streams,
    )


def _heeding_ctrl_c() -> None:
    """What a shell starts in the background ignores it, this run perhaps; a terminal's command does not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_who_reads_one_line_only_sees_no_complaint(desk: Desk, ann: str) -> None:
    desk.phone(ann)
    reading, writing = os.pipe()
    os.close(reading)
    with program(desk, "device", "list", stdout=writing, stderr=subprocess.PIPE) as usher:
        os.close(writing)
        _, complaint = usher.communicate(timeout=60)
    assert (usher.returncode, complaint) == (141, b"")


def test_ctrl_c_is_no_stack_trace(desk: Desk, ann: str) -> None:
    desk.phone(ann)
    order = ("device", "wipe", ann, "--wait")
    with program(desk, *order, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as usher:
        assert usher.stdout is not None
        assert b"waiting for the device" in usher.stdout.readline()
        usher.send_signal(signal.SIGINT)
        _, complaint = usher.communicate(timeout=60)
    assert (usher.returncode, complaint) == (130, b"")
    assert len(desk.services.devices.open_wipes()) == 1


def test_ctrl_c_at_a_question_is_none_either(desk: Desk, acme: str) -> None:
    piped = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with program(desk, "wipe", "panic", "--org", acme, **piped) as usher:
        assert usher.stdout is not None
        assert usher.stdout.read(9) == b"Take back"
        usher.send_signal(signal.SIGINT)
        _, complaint = usher.communicate(timeout=60)
    assert (usher.returncode, b"Traceback" in complaint) == (130, False)


def test_a_question_that_is_answered_with_no_is_a_failure(
    desk: Desk, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_CONFIG", str(desk.path))
    assert CliRunner().invoke(main, ["wipe", "panic", "--org", acme], input="n\n").exit_code == 1
