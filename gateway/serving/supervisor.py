"""The parent of all workers: plain blocking code, no thread, no loop, nothing that a client can reach.

It binds the sockets, becomes the user it is told to be, has the database migrated by a child, starts the
workers and waits for signals. A worker that dies is started again, at once when it had lived, slower and
slower when it keeps dying; no worker's death stops the service. When the service cannot be started, or no
client worker can, it ends with a code other than 0 so that systemd knows (research/perf.md 8.7).
"""

import contextlib
import gc
import logging
import os
import pwd
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.config import Config
from gateway.log import setup
from gateway.serving.application import Applications
from gateway.serving.notifying import NEVER_S, Notifier
from gateway.serving.sockets import Sockets
from gateway.serving.worker import Certificate, Post, Role, run_worker

READY = signal.SIGRTMIN
"""A worker's word to its parent that it serves; real-time signals are queued and name their sender."""

HEARD = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, READY})
STOPPING = (signal.SIGTERM, signal.SIGINT)
SETTLED_S = 10.0
"""A worker that lived so long had no trouble in starting."""
BACK_OFF_S = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
GIVE_UP_AFTER = 10
"""Deaths in a row of one worker that never served again, when no client worker serves either."""
KILL_AFTER_GRACE_S = 5.0
"""What a worker may take beyond the grace to close its pools before it is killed."""

_logger = logging.getLogger("usher.supervisor")


@dataclass(slots=True)
class _Child:
    """A place that a worker fills, again and again."""

    role: Role
    number: int
    pid: int = 0
    born: float = 0.0
    ready: bool = False
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """Runs the service until it is told to stop."""

    def __init__(
        self,
        config: Config,
        applications: Applications,
        sockets: Sockets,
        certificate: Certificate | None,
        on_ready: Callable[[], None] = lambda: None,
        notifier: Notifier | None = None,
    ) -> None:
        self._config = config
        self._applications = applications
        self._sockets = sockets
        self._certificate = certificate
        self._on_ready = on_ready
        self._notifier = notifier or Notifier()
        self._announced = False
        self._lifeline = os.pipe()
        clients = bool(config.listen.clients or config.listen.plain)
        count = config.listen.processes if clients else 0
        self._children = [_Child(Role.CLIENTS, number) for number in range(count)]
        self._children += [_Child(Role.ADMIN, 0)] if config.listen.admin else []

    def run(self) -> int:
        """Serve; gives the exit code of the process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        _allow_files()
        _become(self._config.listen.run_as)
        if not self._prepared():
            _logger.critical("preparation failed: not started")
            return 1
        gc.freeze()  # pages of the parent stay shared with its workers
        for child in self._children:
            self._start(child)
        return self._watch()

    def _prepared(self) -> bool:
        """Migrate in a child: no connection or thread of the database is inherited by a worker."""
        pid = self._fork(lambda: self._applications.prepare(self._config))
        while True:
            _, status = os.waitpid(pid, 0)
            return os.waitstatus_to_exitcode(status) == 0

    def _start(self, child: _Child) -> None:
        parent = os.getpid()
        post = Post(
            child.role,
            self._config,
            self._applications,
            self._sockets,
            self._certificate,
            lambda: os.kill(parent, READY),
            self._lifeline[0],
            self._children.index(child),
        )
        child.pid = self._fork(lambda: run_worker(post))
        child.born, child.ready = time.monotonic(), False

    def _fork(self, work: Callable[[], None]) -> int:
        if pid := os.fork():
            return pid
        code = 1
        try:
            os.close(self._lifeline[1])
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
            setup(self._config.log)
            work()
            code = 0
        except BaseException:
            _logger.exception("worker failed")
        finally:
            logging.shutdown()
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
            os._exit(code)

    def _watch(self) -> int:
        while True:
            heard = signal.sigtimedwait(HEARD, self._until_next_start())
            self._notifier.alive()
            number = heard.si_signo if heard else 0
            if number in STOPPING:
                return self._stop()
            if number == signal.SIGHUP:
                self._tell(signal.SIGHUP)
            elif heard and number == READY:
                self._served(heard.si_pid)
            self._bury()
            if self._hopeless():
                _logger.critical("workers cannot be started: giving up")
                self._stop()
                return 1
            self._start_due()

    def _until_next_start(self) -> float:
        due = [child.due for child in self._children if not child.pid]
        until = max(0.0, min(due) - time.monotonic()) if due else NEVER_S
        return min(until, self._notifier.every_s)

    def _served(self, pid: int) -> None:
        for child in self._children:
            if child.pid == pid:
                child.ready = True
        if not self._announced and all(child.ready for child in self._children):
            self._announced = True
            _logger.info("serving", extra={"workers": len(self._children)})
            self._notifier.ready()
            self._on_ready()

    def _bury(self) -> None:
        """Note who died, and when each may come back."""
        while pid := _reaped():
            child = next((child for child in self._children if child.pid == pid), None)
            if child is None:
                continue
            now = time.monotonic()
            child.deaths = 1 if child.ready and now - child.born > SETTLED_S else child.deaths + 1
            child.pid, child.ready = 0, False
            child.due = now + BACK_OFF_S[min(child.deaths - 1, len(BACK_OFF_S) - 1)]
            fields = {"role": child.role.value, "worker": child.number, "pid": pid, "deaths": child.deaths}
            _logger.error("worker died", extra=fields)

    def _hopeless(self) -> bool:
        """The first start failed, or no client worker serves and one has failed too often."""
        if not self._announced:
            return any(child.deaths for child in self._children)
        clients = [child for child in self._children if child.role is Role.CLIENTS] or self._children
        return not any(child.ready for child in clients) and max(c.deaths for c in clients) >= GIVE_UP_AFTER

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if not child.pid and child.due <= now:
                self._start(child)

    def _tell(self, number: int) -> None:
        for child in self._children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    def _stop(self) -> int:
        """End the workers in order; a second signal, or a grace that is over, kills them."""
        self._notifier.stopping()
        self._sockets.close()
        self._tell(signal.SIGTERM)
        end = time.monotonic() + self._config.limits.stop_grace_s + KILL_AFTER_GRACE_S
        while self._alive():
            heard = signal.sigtimedwait(HEARD, max(0.0, end - time.monotonic()))
            if heard is None or heard.si_signo in STOPPING:
                _logger.warning("workers killed")
                self._tell(signal.SIGKILL)
                end = time.monotonic() + KILL_AFTER_GRACE_S
        _logger.info("stopped")
        return 0

    def _alive(self) -> bool:
        while pid := _reaped():
            for child in self._children:
                if child.pid == pid:
                    child.pid = 0
        return any(child.pid for child in self._children)


def _reaped() -> int:
    """The pid of a child that has ended, 0 when there is none."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


def _allow_files() -> None:
    """Raise the limit of open files as far as we may: a parked Ping holds two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _become(user: str) -> None:
    """Take on the identity of ``user`` for good, once the sockets are bound."""
    if not user:
        return
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
