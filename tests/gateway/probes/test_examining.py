"""From the settings to an examiner, and not before somebody asks (product 2.5)."""

import subprocess
import sys
from pathlib import Path

from autodiscover.observation import Outcome
from autodiscover.verdicts import Status
from autodiscover.zone import Need, Purpose, Record
from gateway.config import Config, load
from gateway.probes.examining import Examination, resolver
from tests.support.dns_server import dnsmasq


def config(servers: str) -> Config:
    environ = {
        "USHER_PUBLIC_HOST": "mail.example.test",
        "USHER_BACKENDS_DEFAULT_URL": "https://mail.example/",
        "USHER_TLS_CERTIFICATE": "/c",
        "USHER_TLS_KEY": "/k",
        "USHER_DNS_RESOLVERS": servers,
        "USHER_DNS_TIMEOUT_S": "10",
    }
    return load(None, environ, check_files=False)


async def test_the_settings_say_whom_to_ask() -> None:
    record = Record(Purpose.SPF, Need.RECOMMENDED, "acme.test", "TXT", ("v=spf1 -all",), "v=spf1")
    with dnsmasq("txt-record=acme.test,v=spf1 -all", "host-record=mail.example.test,127.0.0.1") as server:
        settings = config(f"{server.host}:{server.port}")
        (verdict,) = await Examination(settings)("acme.test", (record,))
        seen = await resolver(settings).ask("mail.example.test", "A")
    assert verdict.status is Status.VERIFIED
    assert (seen.outcome, seen.values) == (Outcome.RECORDS, ("127.0.0.1",))


def test_who_never_looks_at_a_domain_loads_no_dns_library() -> None:
    code = "import gateway.app, sys; sys.exit('dns' in sys.modules)"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
