"""Ports for servers that cannot say which one they took, below those that the kernel gives to clients."""

import os
import random
import socket
import time

LOWEST, HIGHEST = 20_000, 32_000


def free(count: int) -> list[int]:
    """``count`` ports that nobody listens on; each process searches elsewhere, so two rarely meet."""
    chance = random.Random(os.getpid() ^ time.monotonic_ns())
    found: list[int] = []
    while len(found) < count:
        port = chance.randrange(LOWEST, HIGHEST)
        if port not in found and unused(port):
            found.append(port)
    return found


def unused(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait(port: int, seconds: float = 20.0) -> None:
    """Return when something accepts connections on the port; TimeoutError when nothing does in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.03)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")
