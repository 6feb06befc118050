"""Progress on standard error (product 7.4), looked at through a real terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.meter import progress_line

PROGRAM = """
from gateway.cli.meter import progress_line
with progress_line(output={output}) as line:
    line.tell("1 of 2\\x1b[2J")
    line.tell("2")
print("done")
"""


def run(output: bool, stdout: int | None) -> str:
    """What the terminal shows at which standard error, or with ``stdout`` None both, arrive."""
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(output=output)],
        stdin=subprocess.DEVNULL,
        stdout=follower if stdout is None else stdout,
        stderr=follower,
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=True,
    )
    assert done.returncode == 0
    os.close(follower)
    shown = b""
    while block := _read(leader):
        shown += block
    os.close(leader)
    return shown.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # Linux ends a terminal nobody holds open with EIO
        return b""


def test_a_line_is_written_over_and_gone_afterwards() -> None:
    shown = run(False, None)
    assert shown.startswith("\r1 of 2\\x1b[2J\r2 ")
    assert shown.replace("\r\n", "\n").endswith("\rdone\n")


def test_output_on_the_same_terminal_is_its_own_progress() -> None:
    assert run(True, None).strip() == "done"
    assert "1 of 2" in run(True, subprocess.DEVNULL)


def test_there_is_none_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_line(output=False) as line:
        line.tell("1 of 2")
    assert capsys.readouterr().err == ""
