"""Processes of ``usher demo``: forked, out of reach of the terminal's Ctrl-C, gone when the demo is gone.

Ctrl-C goes to the whole foreground group. The demo alone shall hear it, so that it can end its phones
before the gateway; so each child leads a group of its own. A demo that is killed leaves nothing behind all
the same: each child holds the end of a pipe and is sent SIGTERM by the kernel when the demo's end closes.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

POLL_SECONDS = 0.02


class Children:
    """The children of this process."""

    def __init__(self) -> None:
        self._tethers: list[int] = []
        self._running: list[int] = []

    def start(self, work: Callable[[], int], log: Path) -> int:
        """Fork a child whose standard output and error go to the end of ``log``; gives its pid.

        Args:
            work: returns the exit code.
        """
        held, tether = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        if pid := os.fork():
            os.close(held)
            self._tethers.append(tether)
            self._running.append(pid)
            return pid
        code = 1
        try:
            for other in (*self._tethers, tether):
                os.close(other)
            os.setpgid(0, 0)
            _redirect(log)
            _die_with_parent(held)
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def ended(self, pid: int) -> bool:
        """Whether a child has ended; its exit code is not kept."""
        if pid in self._running and os.waitpid(pid, os.WNOHANG)[0]:
            self._running.remove(pid)
        return pid not in self._running

    def stop(self, pid: int, patience: float) -> bool:
        """Ask a child to end and wait; False when it had to be killed."""
        if self.ended(pid):
            return True
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.ended(pid):
                return True
            time.sleep(POLL_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self._running.remove(pid)
        return False

    def stop_all(self, patience: float) -> None:
        """End what still runs, the youngest first."""
        for pid in reversed(self._running.copy()):
            self.stop(pid, patience)
        for tether in self._tethers:
            os.close(tether)
        self._tethers.clear()


def _redirect(log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.close(handle)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.close(silence)


def _die_with_parent(held: int) -> None:
    """Have the kernel send SIGTERM when the other end of the pipe is closed."""
    fcntl.fcntl(held, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGTERM)
    flags = fcntl.fcntl(held, fcntl.F_GETFL)
    fcntl.fcntl(held, fcntl.F_SETFL, flags | os.O_ASYNC)
