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

from certs import authority, csr, keys
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
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if text := (self.folder / "usher.log").read_text():
                return text
            time.sleep(0.02)
        raise TimeoutError("nginx logs nothing")


def render(folder: Path, upstream: str, https: int, http: int) -> Path:
    """Write a complete configuration with certificate into ``folder``; returns nginx.conf."""
    shutil.copytree(SOURCE / "snippets", folder / "snippets")
    _certificate(folder)
    places = {
        "snippets/usher/": f"{folder}/snippets/",
        "/var/log/nginx/": f"{folder}/",
        "server unix:/run/usher/clients.sock;": f"server {upstream};",
        "/etc/usher/tls/": f"{folder}/",
        "listen [::]:80;": "",
        "listen [::]:443 ssl;": "",
        "listen [::]:443 ssl default_server;": "",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "listen 443 ssl default_server;": f"listen 127.0.0.1:{https} ssl default_server;",
    }
    shutil.copy(SOURCE / "gateway.conf", folder)
    files = [folder / "gateway.conf", *(folder / "snippets").glob("*.conf")]
    for old, new in places.items():
        assert sum(_replace(file, old, new) for file in files), f"nowhere in nginx/: {old}"
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    main = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(MAIN.format(user=user, folder=folder, temporary=temporary))
    return main


def _replace(file: Path, old: str, new: str) -> bool:
    text = file.read_text()
    file.write_text(text.replace(old, new))
    return old in text


def _certificate(folder: Path) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    maker, key = authority.create("nginx test", now), keys.new_key()
    request = csr.read(csr.write(key, (PUBLIC, DISCOVERY, OTHER)))
    (folder / "certificate.pem").write_bytes(authority.to_pem(authority.issue(maker, request, now)))
    (folder / "key.pem").write_bytes(keys.to_pem(key))
    (folder / "authority.pem").write_bytes(authority.to_pem(maker.chain))


@contextmanager
def front(upstream: str) -> Iterator[Front]:
    """Run nginx before ``upstream`` (``127.0.0.1:8000`` or ``unix:/path``) until the block ends."""
    binary = program("nginx")
    folder = Path(tempfile.mkdtemp(prefix="usher-nginx-"))
    https, http = ports.free(2)
    child = None
    try:
        command = [binary, "-c", str(render(folder, upstream, https, http)), "-e", f"{folder}/start.log"]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        ports.wait(https)
        yield Front(folder, https, http, ssl.create_default_context(cafile=folder / "authority.pem"))
    finally:
        if child is not None:
            child.terminate()
            child.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def check(folder: Path) -> "subprocess.CompletedProcess[str]":
    """``nginx -t`` on the rendered files."""
    main = render(folder, "unix:/run/usher/clients.sock", *ports.free(2))
    command = [program("nginx"), "-t", "-c", str(main), "-e", f"{folder}/start.log"]
    return subprocess.run(command, capture_output=True, text=True, check=False)
