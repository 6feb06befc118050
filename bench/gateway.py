"""The whole gateway as an operator runs it: ``usher serve`` with a file, SQLite and a directory of its own.

Settings are the defaults but for addresses, the number of workers and what a benchmark says. The admin
listener is left out where it is not asked for, so that every child is a client worker.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.fleet import Phone, enrol
from bench.processes import LOAD, MEASURED, children, family, free_ports, listening, started
from gateway.app import Services, prepare, services
from gateway.config import ACTIVESYNC_PATH, load

NOFILE = 20_000
"""File descriptors of one process, the limit that research/perf.md was measured under."""

START_S = 30.0

_FILE = """
public_host = "localhost"
public_port = {tls}
[listen]
clients = ["127.0.0.1:{tls}"]
plain = ["127.0.0.1:{plain}"]
redirect = []
admin = [{admin}]
workers = {workers}
[tls]
certificate = "{directory}/tls/server.pem"
key = "{directory}/tls/server.key"
[store]
directory = "{directory}"
[backends.default]
url = "http://127.0.0.1:{backend}{path}"
[limits]
max_body_bytes = {max_body}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway's directory and addresses.

    Attributes:
        tls, plain: ports of its two client listeners.
    """

    directory: Path
    tls: int
    plain: int

    @property
    def config(self) -> Path:
        return self.directory / "usher.toml"

    @property
    def log(self) -> Path:
        return self.directory / "usher.log"

    @property
    def authority(self) -> Path:
        """PEM file of the authority that the client listener's certificate comes from."""
        return self.directory / "tls" / "authority.pem"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway; ``pid`` is its supervisor."""

    place: Place
    pid: int

    @property
    def workers(self) -> list[int]:
        """Its client workers."""
        return children(self.pid)

    @property
    def processes(self) -> list[int]:
        """All of it."""
        return family(self.pid)


@contextlib.contextmanager
def backend() -> Iterator[int]:
    """The bench's mail server beside the load; gives its port."""
    (port,) = free_ports(1)
    with (
        tempfile.TemporaryDirectory() as directory,
        started("bench.backend", port, core=LOAD, log=Path(directory, "log")),
    ):
        listening(port)
        yield port


@contextlib.contextmanager
def place(
    backend_port: int, *, workers: int, max_body: int = 50 << 20, administered: bool = False
) -> Iterator[Place]:
    """A directory with settings and certificates, gone after the block."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as name:
        tls, plain, admin = free_ports(3)
        made = Place(Path(name), tls, plain)
        made.config.write_text(
            _FILE.format(
                tls=tls,
                admin=f'"127.0.0.1:{admin}"' if administered else "",
                plain=plain,
                workers=workers,
                directory=name,
                backend=backend_port,
                path=ACTIVESYNC_PATH,
                max_body=max_body,
            )
        )
        names = ("certs", "dev", "--names", "localhost", "--directory", Path(name, "tls"))
        with started("gateway", *names, core=LOAD, log=made.log) as pid:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        yield made


def opened(where: Place) -> Services:
    """The services on the place's store, brought up to date."""
    config = load(where.config, {})
    prepare(config)
    return services(config)


@contextlib.contextmanager
def running(where: Place) -> Iterator[Gateway]:
    """Serve for the length of the block."""
    with started("gateway", "serve", "--config", where.config, core=MEASURED, log=where.log) as pid:
        _serving(where)
        yield Gateway(where, pid)


def _serving(where: Place) -> None:
    """Wait until every worker has said that it serves."""
    end = time.monotonic() + START_S
    while b'"serving"' not in where.log.read_bytes():
        if time.monotonic() > end:
            raise TimeoutError(where.log.read_text())
        time.sleep(0.05)


@contextlib.contextmanager
def gateway(
    backend_port: int, fleet: Sequence[Phone], *, workers: int, max_body: int = 50 << 20
) -> Iterator[Gateway]:
    """A gateway that knows ``fleet``."""
    with place(backend_port, workers=workers, max_body=max_body) as where:
        made = opened(where)
        enrol(made, list(fleet))
        made.store.close()
        with running(where) as served:
            yield served
