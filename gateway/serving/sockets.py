"""All listeners are bound before anything else happens: while we may, and before a worker exists.

The kernel queues connections from the moment of ``listen``, so none is refused while workers start or
restart. Hypercorn's backlog of 100 is too small for a fleet that returns at once (research/perf.md 8.10).
"""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.config import Address, Listen

NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class BindError(Exception):
    """Every address that cannot be bound, one a line."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """Listening sockets by what they serve."""

    clients: tuple[socket.socket, ...] = ()
    plain: tuple[socket.socket, ...] = ()
    redirect: tuple[socket.socket, ...] = ()
    admin: tuple[socket.socket, ...] = ()

    def all(self) -> Iterator[socket.socket]:
        """Every socket."""
        yield from (*self.clients, *self.plain, *self.redirect, *self.admin)

    def close(self) -> None:
        """Close them all in this process and remove the files of unix sockets."""
        for sock in self.all():
            if sock.family == socket.AF_UNIX:
                with contextlib.suppress(OSError):
                    Path(sock.getsockname()).unlink()
            sock.close()


def bind(listen: Listen) -> Sockets:
    """Bind and listen on every configured address.

    Raises:
        BindError: naming every address that is taken or forbidden.
    """
    faults: list[str] = []
    kinds = {name: _bind_all(getattr(listen, name), listen, faults) for name in Sockets.__slots__}
    bound = Sockets(**kinds)
    if faults:
        bound.close()
        raise BindError("\n".join(faults))
    return bound


def _bind_all(addresses: tuple[Address, ...], listen: Listen, faults: list[str]) -> tuple[socket.socket, ...]:
    bound = []
    for address in addresses:
        try:
            bound.append(_bind(address, listen))
        except OSError as error:
            if not (address.host == "::" and error.errno in NO_IPV6 and len(addresses) > 1):
                faults.append(f"{address}: {error.strerror}")
    return tuple(bound)


def _bind(address: Address, listen: Listen) -> socket.socket:
    sock = _unix(Path(address.path), listen) if address.path else _tcp(address)
    try:
        sock.listen(listen.backlog)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _tcp(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address.host, address.port))
    except OSError:
        sock.close()
        raise
    return sock


def _unix(path: Path, listen: Listen) -> socket.socket:
    """A socket that is closed to everybody until its mode is set."""
    if _stale(path):
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777)
    try:
        sock.bind(str(path))
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    path.chmod(int(listen.socket_mode, 8))
    return sock


def _stale(path: Path) -> bool:
    """True for a socket file that nobody listens on any more."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return False
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == errno.ECONNREFUSED
