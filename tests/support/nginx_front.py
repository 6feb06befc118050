"""Debian's nginx with this project's own configuration files, on loopback ports, before anything.

The files of ``nginx/`` are taken as they are; only ports, folders and the upstream are replaced, and each
replacement must find its text, so that no test runs on something that nobody deploys.
"""

import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from certs import authority as authorities
from certs import csr, keys
from tests.support import ports
from tests.support.components import program

SOURCE = Path(__file__).parents[2] / "nginx"
PUBLIC, DISCOVERY, OTHER = "mail.example.com", "autodiscover.example.com", "autodiscover.example.org"
MAIN = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 2048; }}
http {{
{temporary}
include {folder}/gateway.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Front:
    """A running nginx.

    Attributes:
        trust: a client's TLS settings that trust this nginx's certificate, which names the three hosts.
    """

    folder: Path
    https: int
    http: int
    trust: ssl.SSLContext

    def logged(self) -> str:
        """The access log, as soon as something is in it; nginx writes a line after the answer."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if text := (self.folder / "usher.log").read_text():
                return text
            time.sleep(0.02)
        raise TimeoutError("nginx logs nothing")


def render(
    folder: Path, upstream: str, https: int, http: int, source: Path = SOURCE, main: str = "gateway.conf"
) -> Path:
    """Write a complete configuration with certificate into ``folder``; returns nginx.conf."""
    shutil.copytree(source / "snippets", folder / "snippets")
    if source == SOURCE:
        _certificate(folder)
    places = {
        "snippets/usher/": f"{folder}/snippets/",
        "/var/log/nginx/": f"{folder}/",
        "server unix:/run/usher/clients.sock;": f"server {upstream};",
        "/etc/usher/tls/": f"{folder}/",
        "/var/lib/usher/acme": f"{folder}/acme",
        "listen [::]:80;": "",
        "listen [::]:443 ssl;": "",
        "listen [::]:443 ssl default_server;": "",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "listen 443 ssl default_server;": f"listen 127.0.0.1:{https} ssl default_server;",
    }
    shutil.copy(source / main, folder / "gateway.conf")
    files = [folder / "gateway.conf", *(folder / "snippets").glob("*.conf")]
    for old, new in places.items():
        found = sum(_replace(file, old, new) for file in files)
        assert found or source != SOURCE, f"nowhere in nginx/: {old}"
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    place = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    place.write_text(MAIN.format(user=user, folder=folder, temporary=temporary))
    return place


def _replace(file: Path, old: str, new: str) -> bool:
    text = file.read_text()
    file.write_text(text.replace(old, new))
    return old in text


def _certificate(folder: Path) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    maker, key = authorities.create("nginx test", now), keys.new_key()
    request = csr.read(csr.write(key, (PUBLIC, DISCOVERY, OTHER)))
    (folder / "certificate.pem").write_bytes(authorities.to_pem(authorities.issue(maker, request, now)))
    (folder / "key.pem").write_bytes(keys.to_pem(key))
    (folder / "authority.pem").write_bytes(authorities.to_pem(maker.chain))


@contextmanager
def front(
    upstream: str, source: Path = SOURCE, main: str = "gateway.conf", authority: Path | None = None
) -> Iterator[Front]:
    """Run nginx before ``upstream`` (``127.0.0.1:8000`` or ``unix:/path``) until the block ends.

    Args:
        source, main: rendered files in place of those of the repository, with certificates of ``authority``.
    """
    binary = program("nginx")
    folder = Path(tempfile.mkdtemp(prefix="usher-nginx-"))
    https, http = ports.free(2)
    child = None
    try:
        command = [
            binary,
            "-c",
            str(render(folder, upstream, https, http, source, main)),
            "-e",
            f"{folder}/start.log",
        ]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        ports.wait(https)
        trusted = authority or folder / "authority.pem"
        yield Front(folder, https, http, ssl.create_default_context(cafile=trusted))
    finally:
        if child is not None:
            child.terminate()
            child.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def check(
    folder: Path, source: Path = SOURCE, main: str = "gateway.conf"
) -> "subprocess.CompletedProcess[str]":
    """``nginx -t`` on the rendered files."""
    place = render(folder, "unix:/run/usher/clients.sock", *ports.free(2), source, main)
    command = [program("nginx"), "-t", "-c", str(place), "-e", f"{folder}/start.log"]
    return subprocess.run(command, capture_output=True, text=True, check=False)
