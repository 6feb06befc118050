"""A private network for one test session: own DNS, own ports 53, 80 and 443, nothing of it outside.

Discovery clients know only port 443 and ask the system's resolver, so nothing short of the real ports and a
real ``/etc/resolv.conf`` will do. One process holds a network, a mount and a process namespace; everything
else is started inside by ``nsenter`` and speaks with the test over pipes. The holder ends when its standard
input closes, which happens even if the test run is killed, and the kernel then ends all that runs inside.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.components import missing, need, program

ROOT = Path(__file__).parents[2]
START_S, ANSWER_S = 30.0, 100.0
HOLDER = """\
read pid _ </proc/self/stat
set -e
mount -t proc proc /proc
ip link set lo up
for address in {addresses}; do ip address add "$address"/32 dev lo; done
for file in resolv.conf hosts nsswitch.conf; do
    if [ -e /etc/$file ]; then mount --bind {folder}/$file /etc/$file; fi
done
cmp {folder}/resolv.conf /etc/resolv.conf >&2
echo "$pid"
exec cat
"""
FILES = {
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
}
TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Peer:
    """A program inside that answers each line of JSON with one; its first line says that it is ready."""

    child: "subprocess.Popen[str]"

    def ask(self, question: Any) -> Any:
        """Say something and hear the answer."""
        print(json.dumps(question), file=self.child.stdin, flush=True)
        return self.hear()

    def hear(self) -> Any:
        """The next line; AssertionError when none comes or the program has ended."""
        assert self.child.stdout is not None
        ready, _, _ = select.select([self.child.stdout], [], [], ANSWER_S)
        line = self.child.stdout.readline() if ready else ""
        assert line, f"no answer from {self.child.args}; see peers.log in the laboratory's folder"
        return json.loads(line)


@dataclass
class Namespace:
    """A running private network.

    Attributes:
        pid: the holder's, as seen from outside.
    """

    folder: Path
    pid: int
    _children: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def start(
        self,
        *command: str,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        """Start a program inside; standard input and output are pipes unless ``log`` takes the output."""
        with (log or self.folder / "peers.log").open("ab") as errors:
            child = subprocess.Popen(
                [program("nsenter"), "-t", str(self.pid), "-n", "-m", "-p", "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if log is None else errors,
                stderr=errors,
                text=True,
                env=environment_of(environment or {}),
            )
        self._children.append(child)
        return child

    def python(self, module: str, *arguments: str, log: Path) -> "subprocess.Popen[str]":
        """Start a module of this project inside."""
        return self.start(sys.executable, "-m", module, *arguments, log=log)

    def peer(self, module: str, environment: Mapping[str, str] | None = None) -> Peer:
        """Start a module of this project inside that talks in lines of JSON, and wait until it does."""
        peer = Peer(self.start(sys.executable, "-m", module, environment=environment))
        assert peer.hear() == "ready"
        return peer

    def listening(self, server: "subprocess.Popen[str]", log: Path, *places: tuple[str, int]) -> None:
        """Return when ``server`` accepts connections at every address and port; else RuntimeError with its
        log."""
        probe = "import socket, sys; [socket.create_connection(place, 1) for place in {places}]"
        until = time.monotonic() + START_S
        while server.poll() is None and time.monotonic() < until:
            code = probe.format(places=list(places))
            if self.start(sys.executable, "-c", code, log=self.folder / "probe.log").wait(START_S) == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"nothing listens on {places}:\n{log.read_text('utf-8', 'replace')}")

    def reap(self) -> None:
        """Take note of the end of everything that ran inside."""
        for child in self._children:
            child.wait(START_S)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def environment_of(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a program inside: no proxy, no trust but what ``extra`` says."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in TRUST and name.lower() not in PROXIES and not name.startswith("PYTEST_")
    }
    return kept | {"PYTHONPATH": str(ROOT)} | dict(extra)


@contextmanager
def running(folder: Path, addresses: Sequence[str]) -> Iterator[Namespace]:
    """A private network with ``addresses`` on its loopback, until the block ends.

    An address besides 127.0.0.1 is not a luxury: with loopback alone Thunderbird resolves no name at all
    (getaddrinfo, AI_ADDRCONFIG).
    """
    need("unshare", "nsenter", "ip")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    script = HOLDER.format(addresses=" ".join(addresses), folder=folder)
    command = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    with (folder / "namespace.log").open("wb") as errors:
        holder = subprocess.Popen(
            [program("unshare"), *command, "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert holder.stdin is not None
    assert holder.stdout is not None
    inside = None
    try:
        pid = holder.stdout.readline().strip()
        if not pid:
            reason = (folder / "namespace.log").read_text().strip()
            missing(f"a private network namespace, which root may make ({reason})")
        inside = Namespace(folder, int(pid))
        yield inside
    finally:
        holder.stdin.close()
        holder.wait(START_S)
        holder.stdout.close()
        if inside is not None:
            inside.reap()
