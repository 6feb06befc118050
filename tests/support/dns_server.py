"""Name servers on loopback: a real dnsmasq, and one that does what dnsmasq cannot be brought to do.

``dnsmasq`` serves records given as its own options. ``Misfit`` is a server over UDP and TCP whose every
answer a function makes: SERVFAIL, silence, CNAME loops, wrong types, garbage, truncation, a zone of its own.
"""

import contextlib
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from gateway.probes.dns import Server
from tests.support.ports import free

DNSMASQ = Path("/usr/sbin/dnsmasq")
Behaviour = Callable[[dns.message.QueryMessage], dns.message.Message | bytes | None]


@contextlib.contextmanager
def dnsmasq(*options: str, address: str = "127.0.0.1") -> Iterator[Server]:
    """A running dnsmasq, which knows what ``options`` say: ``host-record=``, ``cname=`` ..."""
    (port,) = free(1)
    command = [
        str(DNSMASQ),
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--pid-file=",
        "--user=root",
        "--bind-interfaces",
        f"--listen-address={address}",
        f"--port={port}",
        "--local=/test/",
        *(f"--{option}" for option in options),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    server = Server(address, port)
    try:
        _wait(process, server)
        yield server
    finally:
        process.terminate()
        process.communicate()


def _wait(process: subprocess.Popen[str], server: Server) -> None:
    until = time.monotonic() + 20
    query = dns.message.make_query("up.test", "A")
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"dnsmasq ended: {process.stderr.read() if process.stderr else ''}")
        with contextlib.suppress(Exception):
            dns.query.udp(query, server.host, 0.2, server.port)
            return
    raise TimeoutError("dnsmasq does not answer")


class Misfit:
    """A name server that answers as ``behave`` says; use it as a context.

    Attributes:
        server: where it is.
        asked: every question: name and type.
    """

    def __init__(self, behave: Behaviour, *, address: str = "127.0.0.1", port: int = 0) -> None:
        self._behave = behave
        self._tcp = socket.create_server((address, port))
        port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, port))
        self.server = Server(address, port)
        self.asked: list[tuple[str, str]] = []
        self._ended = False
        self._threads = [threading.Thread(target=each) for each in (self._over_udp, self._over_tcp)]

    def __enter__(self) -> "Misfit":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as poke:
            poke.sendto(b"", (self.server.host, self.server.port))
        with contextlib.suppress(OSError):
            socket.create_connection((self.server.host, self.server.port), 1).close()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def _over_udp(self) -> None:
        while True:
            packet, peer = self._udp.recvfrom(65535)
            if self._ended:
                return
            answer = self._answer(packet)
            if answer is not None:
                self._udp.sendto(answer, peer)

    def _over_tcp(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            with connection, contextlib.suppress(OSError, struct.error):
                if self._ended:
                    return
                (length,) = struct.unpack("!H", connection.recv(2))
                answer = self._answer(connection.recv(length), whole=True)
                if answer is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, packet: bytes, *, whole: bool = False) -> bytes | None:
        query = dns.message.from_wire(packet)
        assert isinstance(query, dns.message.QueryMessage)
        (question,) = query.question
        self.asked.append((question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)))
        made = self._behave(query)
        if not isinstance(made, dns.message.Message):
            return made
        if whole:
            made.flags &= ~dns.flags.TC
        return made.to_wire(max_size=65535)


def zone(*lines: str) -> Behaviour:
    """Serves records written as ``name ttl type value``; aliases within it are followed."""
    sets: dict[tuple[str, str], dns.rrset.RRset] = {}
    for line in lines:
        name, ttl, rdtype, value = line.split(maxsplit=3)
        made = dns.rrset.from_text(f"{name}.", int(ttl), "IN", rdtype, value)
        known = sets.setdefault((name, rdtype), made)
        for record in made:
            known.add(record)

    def behave(query: dns.message.QueryMessage) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        (question,) = query.question
        name, rdtype = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        seen: set[str] = set()
        while (name, "CNAME") in sets and rdtype != "CNAME" and name not in seen:
            alias = sets[name, "CNAME"]
            answer.answer.append(alias)
            seen.add(name)
            name = alias[0].target.to_text().rstrip(".").lower()
        if (name, rdtype) in sets:
            answer.answer.append(sets[name, rdtype])
        elif not any(known == name or known.endswith(f".{name}") for known, _ in sets):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    return behave


def failing(code: int = dns.rcode.SERVFAIL) -> Behaviour:
    """Answers everything with this code."""

    def behave(query: dns.message.QueryMessage) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.set_rcode(code)
        return answer

    return behave


def silent(_: dns.message.QueryMessage) -> None:
    """Never answers."""


def babbling(query: dns.message.QueryMessage) -> bytes:
    """Answers with the right number and no message after it."""
    return struct.pack("!H", query.id) + b"\xff\xff\xff"


def mistaken(rrset: str) -> Behaviour:
    """Answers every question with this record at the name that was asked for: ``ttl type value``."""

    def behave(query: dns.message.QueryMessage) -> dns.message.Message:
        answer = dns.message.make_response(query)
        ttl, rdtype, value = rrset.split(maxsplit=2)
        answer.answer.append(dns.rrset.from_text(query.question[0].name, int(ttl), "IN", rdtype, value))
        return answer

    return behave


def truncated(behave: Behaviour) -> Behaviour:
    """The same, but over UDP only that there is more, to be asked for over TCP."""

    def cut(query: dns.message.QueryMessage) -> dns.message.Message | bytes | None:
        made = behave(query)
        if isinstance(made, dns.message.Message):
            made.flags |= dns.flags.TC
        return made

    return cut
