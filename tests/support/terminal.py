"""A shell at a terminal, with somebody who types."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

PATIENCE_S = 60.0
_ORDERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|[\x07\r]|.\x08")


class Terminal:
    """Keys go in, and what is on the screen comes out."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self.seen = ""

    def type(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def wait(self, text: str) -> str:
        """What was shown until ``text`` was; AssertionError when it is not shown in time."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.text:
            ready, _, _ = select.select([self._leader], [], [], 0.2)
            if ready:
                self.seen += os.read(self._leader, 65536).decode("utf-8", "replace")
            assert time.monotonic() < until, f"{text!r} is not in {self.text!r}"
        return self.text

    @property
    def text(self) -> str:
        """Without what moves the cursor and paints."""
        return _ORDERS.sub("", self.seen)


@contextmanager
def terminal(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Run an interactive shell until the block ends."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=dict(environ), start_new_session=True
    )
    os.close(follower)
    try:
        yield Terminal(leader)
    finally:
        process.kill()
        process.wait()
        os.close(leader)
