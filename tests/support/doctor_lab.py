"""Deployments to be examined by the doctor: a real dnsmasq and a real nginx, on loopback ports, as broken as
the test orders.

Every host has its own server block, certificate and, where a test wants a closed port, its own address in
127.0.0.0/8. Behind stands whatever the test runs: the gateway, or nothing.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from certs import authority, keys
from gateway.chance import SystemClock
from gateway.doctor import asking
from gateway.doctor.asking import Ways
from gateway.doctor.families import FAMILIES, Family
from gateway.doctor.judgement import judge
from gateway.doctor.observations import Hop, Observations, Page
from gateway.doctor.tree import Report
from gateway.doctor.walk import Wishes, walk
from gateway.probes.dns import Resolver, Server
from tests.support import ports
from tests.support.components import program
from tests.support.dns_server import dnsmasq
from tests.support.mail_server import DOMAIN
from tests.support.stranger import Identity, sound, trusted

ADDRESS = f"ann@{DOMAIN}"
AUTODISCOVER = f"autodiscover.{DOMAIN}"
PUBLIC = "usher.example"
DISCOVERY = r"~* ^/autodiscover/autodiscover\.(xml|svc)$"
BASIC = "add_header WWW-Authenticate 'Basic realm=\"lab\"' always;"
ABSENT = "location / { return 404; }"
CHALLENGES = f"location {DISCOVERY} {{ {BASIC} add_header X-SOAP-Enabled True always; return 401; }} {ABSENT}"
REDIRECTS = "location / { return 302 https://$host$uri; }"
FOREIGN = """location / { default_type text/xml; return 200 '<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response
 xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"><Account>
<AccountType>email</AccountType><Action>settings</Action><Protocol><Type>IMAP</Type>
<Server>web7.hoster.example</Server><Port>993</Port></Protocol></Account></Response></Autodiscover>'; }"""
"""What a web host answers at the bare domain, to anybody."""
MAIN = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
access_log off;
server_names_hash_bucket_size 128;
{temporary}
{servers}
}}
"""
TRIES = 5
PATIENCE_SECONDS = 30.0
"""For one answer, in place of the eight that a person has."""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def redirects(host: str) -> str:
    """Redirect everything to the same path of another host."""
    return f"location / {{ return 302 https://{host}$uri; }}"


def passes(port: int, more: str = "") -> str:
    """Pass everything to what listens on a port, as nginx/ does it; ``more`` replaces or adds settings."""
    settings = {
        "proxy_buffering": "off",
        "proxy_request_buffering": "off",
        "proxy_read_timeout": "3700s",
        "proxy_http_version": "1.1",
    }
    settings |= dict(line.split(maxsplit=1) for line in more.split(";") if line.strip())
    lines = " ".join(f"{name} {value};" for name, value in settings.items())
    headers = 'proxy_set_header Connection ""; proxy_set_header Host $host;'
    return f"location / {{ proxy_pass http://127.0.0.1:{port}; {headers} {lines} }}"


@dataclass(frozen=True)
class Host:
    """One name with its web server.

    Attributes:
        https, http: what stands in the server blocks; None for a closed port.
        identity: what it shows; None for a sound certificate with its name.
    """

    name: str
    https: str | None = CHALLENGES
    http: str | None = REDIRECTS
    identity: Identity | None = None
    address: str = "127.0.0.1"


@dataclass(frozen=True)
class Lab:
    """A running deployment."""

    dns: Server
    ways: Ways
    told: list[str] = field(default_factory=list)

    async def observe(self, password: str | None = None, **wishes: Any) -> Observations:
        """The doctor's walk; how long this machine took for an answer is no part of a deployment."""
        resolver = Resolver([self.dns], timeout_s=10)
        wanted = Wishes(ADDRESS, password, ways=self.ways, **wishes)
        with patch.object(asking, "ANSWER_SECONDS", PATIENCE_SECONDS):
            seen = await walk(wanted, resolver, SystemClock().now(), self.told.append)
        trails = {
            key: replace(trail, hops=tuple(map(_at_once, trail.hops))) for key, trail in seen.trails.items()
        }
        return replace(seen, trails=trails)

    async def examine(
        self, password: str | None = None, families: Sequence[Family] = FAMILIES, **wishes: Any
    ) -> Report:
        """The doctor's report."""
        return judge(await self.observe(password, **wishes), families)


def _at_once(hop: Hop) -> Hop:
    return replace(hop, seconds=0.0) if isinstance(hop, Page) else hop


def codes(report: Report) -> dict[str, str]:
    """Code to status of everything found."""
    return {fault.code: fault.status.value for fault in report.faults}


@contextmanager
def lab(folder: Path, *hosts: Host, records: Sequence[str] = (), a: bool = True) -> Iterator[Lab]:
    """Run the hosts; ``records`` are dnsmasq's own options, beside an A record for each host if ``a``."""
    folder.mkdir(exist_ok=True)
    published = [f"host-record={host.name},{host.address}" for host in hosts if a]
    with dnsmasq("local=/example/", *published, *records) as dns, _nginx(folder, hosts) as (https, http):
        yield Lab(dns, Ways(trusted(folder), https, http))


@contextmanager
def _nginx(folder: Path, hosts: Sequence[Host]) -> Iterator[tuple[int, int]]:
    """Run the web servers, on other ports if somebody was quicker."""
    for _ in range(TRIES):
        https, http = ports.free(2)
        _configure(folder, hosts, https, http)
        command = [program("nginx"), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/start.log"]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _starts(folder, child):
                yield https, http
                return
        finally:
            child.terminate()
            child.wait(10)
    raise RuntimeError((folder / "start.log").read_text() + (folder / "error.log").read_text())


def _configure(folder: Path, hosts: Sequence[Host], https: int, http: int) -> None:
    servers = "\n".join(_servers(folder, host, https, http) for host in hosts)
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    text = MAIN.format(user=user, folder=folder, temporary=temporary, servers=servers)
    (folder / "nginx.conf").write_text(text)


def _starts(folder: Path, child: "subprocess.Popen[bytes]") -> bool:
    """Whether it runs; False when a port was taken in between."""
    until, pid = time.monotonic() + 20, folder / "nginx.pid"
    while child.poll() is None and time.monotonic() < until:
        if pid.exists() and pid.read_text():
            return True
        time.sleep(0.02)
    return False


def _servers(folder: Path, host: Host, https: int, http: int) -> str:
    blocks = []
    if host.https is not None:
        identity = host.identity or sound(host.name)
        chain, key = folder / f"{host.name}.pem", folder / f"{host.name}.key"
        chain.write_bytes(authority.to_pem(identity.chain))
        key.write_bytes(keys.to_pem(identity.key))
        tls = f"ssl_certificate {chain}; ssl_certificate_key {key};"
        blocks.append(
            f"server {{ listen {host.address}:{https} ssl; server_name {host.name}; {tls} {host.https} }}"
        )
    if host.http is not None:
        blocks.append(f"server {{ listen {host.address}:{http}; server_name {host.name}; {host.http} }}")
    return "\n".join(blocks)
