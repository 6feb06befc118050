"""The doctor against a healthy deployment, from the shell's prompt back to it (issue 3: at most 5 s).

``usher serve`` with TLS and the redirect of port 80, a real name server, a mail server behind. The whole
command is measured as an administrator types it: start of the process, all families, sign-in, Provision and
FolderSync. The middle one of five counts.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, report
from bench.gateway import START_S
from bench.processes import MEASURED, free_ports, started
from gateway.app import prepare, services
from gateway.config import load
from gateway.records import Actor
from gateway.services.tenants import Settings
from tests.support.backend import RecordingBackend
from tests.support.dns_server import dnsmasq
from tests.support.mail_server import mail_server

DOMAIN, PASSWORD = "bench.example", "Correct-Horse-1"
ADDRESS, HOST = f"ann@{DOMAIN}", f"autodiscover.{DOMAIN}"
NAMES = (DOMAIN, HOST, f"autoconfig.{DOMAIN}", f"ua-auto-config.{DOMAIN}")
RECORDS = ("local=/example/", f"host-record={','.join(NAMES)},127.0.0.1")
RUNS = 5
PROMISED_S = 5.0
_FILE = """
public_host = "{host}"
public_port = {https}
[listen]
clients = ["127.0.0.1:{https}"]
plain = []
redirect = ["127.0.0.1:{http}"]
admin = []
workers = 2
[tls]
certificate = "{folder}/server.pem"
key = "{folder}/server.key"
[store]
directory = "{folder}"
[backends.default]
url = "{backend}"
ews_url = "https://{host}/EWS/Exchange.asmx"
imap = "imap.bench.example:993"
smtp = "smtp.bench.example:465"
"""


async def _run(*arguments: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output


async def _prepared(folder: Path, backend: str, https: int, http: int) -> Path:
    """A directory with settings, certificates and one user."""
    config = folder / "usher.toml"
    config.write_text(_FILE.format(host=HOST, https=https, http=http, folder=folder, backend=backend))
    await _run("certs", "dev", "--names", ",".join(NAMES), "--directory", str(folder))
    loaded = load(config, {})
    prepare(loaded)
    made, actor = services(loaded), Actor("system", "bench")
    made.tenants.create_organisation(actor, "bench", Settings())
    made.tenants.add_domain(actor, "bench", DOMAIN)
    made.users.create(actor, "bench", ADDRESS, display_name="ann", password=PASSWORD)
    made.store.close()
    (folder / "password").write_text(PASSWORD)
    return config


async def _seconds(folder: Path) -> list[float]:
    https, http = free_ports(2)
    async with RecordingBackend(mail_server) as backend:
        config = await _prepared(folder, backend.url, https, http)
        log = folder / "usher.log"
        with (
            dnsmasq(*RECORDS) as names,
            started("gateway", "serve", "--config", config, core=MEASURED, log=log),
        ):
            await _serving(log)
            options = {
                "--password-file": folder / "password",
                "--ca": folder / "authority.pem",
                "--resolver": f"{names.host}:{names.port}",
                "--https-port": https,
                "--http-port": http,
            }
            typed = [str(part) for pair in options.items() for part in pair]
            return [await _once(typed) for _ in range(RUNS)]


async def _serving(log: Path) -> None:
    async with asyncio.timeout(START_S):
        while not _is_serving(log):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


def _is_serving(log: Path) -> bool:
    return b'"serving"' in log.read_bytes()


async def _once(typed: list[str]) -> float:
    began = time.monotonic()
    code, output = await _run("doctor", ADDRESS, "--device", "--json", *typed)
    seconds = time.monotonic() - began
    if code:
        raise RuntimeError(f"the deployment is not healthy: {json.loads(output)['findings']}")
    return seconds


def figures() -> Iterator[Figure]:
    """Seconds of one examination."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as name:
        yield Figure(
            "doctor_healthy_s", statistics.median(asyncio.run(_seconds(Path(name)))), "s", PROMISED_S
        )


if __name__ == "__main__":
    sys.exit(report(figures()))
