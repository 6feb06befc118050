"""A domain in front of a real ``usher serve`` is verified, phases and all, and what breaks it is named."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from certs import authority, keys
from gateway.cli import main
from tests.support import ports
from tests.support.dns_server import dnsmasq
from tests.support.gateway_process import Gateway, gateway
from tests.support.stranger import sound, trusted

DOMAIN, HOST, PUBLIC = "acme.test", "autodiscover.acme.test", "mail.example.test"


@dataclass
class Deployment:
    """A running gateway and the command that looks at it."""

    running: Gateway
    monkeypatch: pytest.MonkeyPatch

    def verify(self, *records: str) -> tuple[int, dict[str, Any]]:
        """Publish ``records`` and let ``usher domain verify`` look; its exit code, and what it found."""
        with dnsmasq(f"host-record={PUBLIC},127.0.0.1", *records) as server:
            self.monkeypatch.setenv("USHER_DNS_RESOLVERS", f"{server.host}:{server.port}")
            path = str(self.running.folder / "usher.toml")
            done = CliRunner().invoke(main, ["domain", "verify", DOMAIN, "--json", "--config", path])
        found = json.loads(done.stdout)["records"]
        return done.exit_code, {each["purpose"]: each for each in found}

    @property
    def ownership(self) -> str:
        (domain,) = self.running.made.tenants.domains("example")
        return f"txt-record=_usher.{DOMAIN},usher-verification={domain.proof}"


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployment]:
    identity = sound(HOST, PUBLIC)
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(authority.to_pem(identity.chain))
    key.write_bytes(keys.to_pem(identity.key))
    (plain,) = ports.free(1)
    for name, value in {
        "PUBLIC_HOST": PUBLIC,
        "LISTEN_REDIRECT": f"127.0.0.1:{plain}",
        "TLS_CERTIFICATE": str(chain),
        "TLS_KEY": str(key),
        "DNS_CA_FILE": str(trusted(tmp_path)),
        "DNS_TIMEOUT_S": "10",
    }.items():
        monkeypatch.setenv(f"USHER_{name}", value)
    monkeypatch.setattr("gateway.probes.examining.PLAIN_PORT", plain)
    with gateway({"url": "http://127.0.0.1:1/"}, DOMAIN, users={"ann": "Correct-Horse-1"}) as running:
        ports.wait(plain)
        yield Deployment(running, monkeypatch)


def test_from_nothing_to_a_check_mark(deployment: Deployment) -> None:
    code, found = deployment.verify()
    assert code == 1
    assert (found["ownership"]["status"], found["autodiscover"]["status"]) == ("Pending", "Missing")

    code, found = deployment.verify(deployment.ownership, f"cname={HOST},{PUBLIC}")
    assert found["ownership"]["status"] == "Verified"
    assert (found["autodiscover"]["status"], found["autodiscover"]["check_mark"]) == ("Verified", True)
    assert [phase["passed"] for phase in found["autodiscover"]["phases"]] == [True, True]
    assert code == 0

    other = f"cname={HOST},www.{DOMAIN}"
    code, found = deployment.verify(deployment.ownership, other, f"host-record=www.{DOMAIN},127.0.0.9")
    assert code == 1
    assert found["autodiscover"]["status"] == "Inconsistent"
    assert "the connection was refused" in found["autodiscover"]["observed"]
