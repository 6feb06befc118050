"""Children of the demo: their output, their end, and what becomes of them without their parent."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gateway.cli.demo_children import Children


@pytest.fixture
def children():
    made = Children()
    yield made
    made.stop_all(5)


def test_output_goes_to_the_log_and_an_end_is_noticed(children, tmp_path):
    log = tmp_path / "log"
    pid = children.start(lambda: print("said") or 0, log)
    assert _within(5, lambda: children.ended(pid))
    assert log.read_text() == "said\n"
    assert log.stat().st_mode & 0o777 == 0o600
    assert children.ended(pid)
    assert children.stop(pid, 1)


def test_a_failure_leaves_its_reason_in_the_log(children, tmp_path):
    pid = children.start(lambda: 1 // 0, tmp_path / "log")
    assert _within(5, lambda: children.ended(pid))
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()


def test_a_child_leads_its_own_group_so_that_control_c_spares_it(children, tmp_path):
    pid = children.start(_sleep, tmp_path / "log")
    assert _within(5, lambda: os.getpgid(pid) == pid)
    assert children.stop(pid, 5)


def test_a_deaf_child_is_killed(children, tmp_path):
    log = tmp_path / "log"
    pid = children.start(_deaf, log)
    assert _within(5, lambda: "deaf" in log.read_text())
    assert not children.stop(pid, 0.2)
    assert children.ended(pid)


def test_children_end_with_a_parent_that_is_killed(tmp_path):
    code = f"""
import time
from pathlib import Path
from gateway.cli.demo_children import Children
children = Children()
logs = (Path({str(tmp_path / "a")!r}), Path({str(tmp_path / "b")!r}))
print(*(children.start(lambda: time.sleep(60) or 0, log) for log in logs), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pids = [int(text) for text in parent.stdout.readline().split()]
    time.sleep(0.2)
    assert all(_runs(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _within(10, lambda: not any(_runs(pid) for pid in pids))


def _sleep():
    time.sleep(60)
    return 0


def _deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf")
    return _sleep()


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _within(seconds, true):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return True
        except FileNotFoundError:
            pass
        time.sleep(0.02)
    return False
