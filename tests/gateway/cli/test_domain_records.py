"""``usher domain records`` and ``usher domain verify`` (product 2.5, 7.4)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.domain_records import CHECK_MARK
from tests.support import ports
from tests.support.desk import Desk, Usher
from tests.support.dns_server import Misfit, dnsmasq, mistaken
from tests.support.stranger import trusted
from tests.support.webs import Web, healthy_web

DOMAIN = "acme.example"


@pytest.fixture
def proof(desk: Desk, acme: str) -> str:
    (domain,) = desk.services.tenants.domains(acme)
    return domain.proof


def test_the_records_are_a_table(usher: Usher, proof: str) -> None:
    lines = usher("domain", "records", DOMAIN).stdout.splitlines()
    assert lines[0].split() == ["NAME", "TYPE", "VALUE", "NEED"]
    assert lines[1].split() == ["_usher.acme.example", "TXT", f"usher-verification={proof}", "required"]
    assert lines[2].split() == ["autodiscover.acme.example", "CNAME", "localhost", "required"]


def test_the_records_are_lines_of_a_zone_file(usher: Usher, proof: str) -> None:
    assert usher("domain", "records", DOMAIN, "--zone").stdout.splitlines()[:3] == [
        f'_usher.acme.example. 3600 IN TXT "usher-verification={proof}"',
        "autodiscover.acme.example. 3600 IN CNAME localhost.",
        "_autodiscover._tcp.acme.example. 3600 IN SRV 0 0 443 localhost.",
    ]


def test_the_records_are_a_document(usher: Usher, asked: Callable[..., Any], proof: str) -> None:
    shown = asked("domain", "records", DOMAIN)
    assert shown["domain"] == DOMAIN
    assert shown["records"][0]["values"] == [f"usher-verification={proof}"]
    assert shown["check"] is None
    assert shown["zone"] == usher("domain", "records", DOMAIN, "--zone").stdout


def test_no_such_domain(usher: Usher, acme: str) -> None:
    for command in ("records", "verify"):
        usher("domain", command, "nowhere.example", code=3)


@pytest.fixture
def web() -> Any:
    with healthy_web("autodiscover.acme.example") as web:
        yield web


def resolved_by(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> None:
    monkeypatch.setenv("USHER_DNS_RESOLVERS", f"{host}:{port}")
    monkeypatch.setenv("USHER_DNS_TIMEOUT_S", "10")


def test_nothing_is_published(
    usher: Usher, monkeypatch: pytest.MonkeyPatch, proof: str, asked: Callable[..., Any]
) -> None:
    with dnsmasq("local=/example/") as server:
        resolved_by(monkeypatch, server.host, server.port)
        told = usher("domain", "verify", DOMAIN, code=1).stdout
    assert "_usher.acme.example" in told
    assert "Pending" in told
    assert "phase 2 FAILED" in told
    assert "  FAILED http://autodiscover.acme.example/autodiscover/autodiscover.xml: " in told
    assert f'Publish: _usher.acme.example. 3600 IN TXT "usher-verification={proof}"' in told
    assert told.splitlines()[-1] == "acme.example is not verified"
    kept = asked("domain", "records", DOMAIN)["check"]
    assert kept["verified"] is False


def test_all_is_well(
    usher: Usher, monkeypatch: pytest.MonkeyPatch, desk: Desk, proof: str, web: Web, tmp_path: Path
) -> None:
    options = (
        "local=/example/",
        "host-record=autodiscover.acme.example,127.0.0.1",
        "host-record=localhost,127.0.0.1",
        f"txt-record=_usher.acme.example,usher-verification={proof}",
    )
    monkeypatch.setenv("USHER_PUBLIC_PORT", str(web.https))
    monkeypatch.setenv("USHER_DNS_CA_FILE", str(trusted(tmp_path)))
    monkeypatch.setattr("gateway.probes.examining.PLAIN_PORT", web.http)
    with dnsmasq(*options) as server:
        resolved_by(monkeypatch, server.host, server.port)
        told = usher("domain", "verify", DOMAIN).stdout
    assert f"Verified {CHECK_MARK}" in told
    assert "phase 2 passed" in told
    assert "phase 3 passed" in told
    assert told.splitlines()[-1] == "acme.example is verified"


def test_what_strangers_publish_does_not_reach_the_terminal(
    usher: Usher, monkeypatch: pytest.MonkeyPatch, acme: str
) -> None:
    with Misfit(mistaken(r'60 TXT "usher-verification=\027[2Jbad"')) as server:
        resolved_by(monkeypatch, server.server.host, server.server.port)
        told = usher("domain", "verify", DOMAIN, code=1).stdout
    assert "\x1b" not in told
    assert r"usher-verification=\x1b[2Jbad" in told


def test_authorities_that_cannot_be_used(
    usher: Usher, monkeypatch: pytest.MonkeyPatch, acme: str, tmp_path: Path
) -> None:
    (port,) = ports.free(1)
    resolved_by(monkeypatch, "127.0.0.1", port)
    (tmp_path / "empty.pem").write_text("")
    for name, word in (("empty.pem", "dns.ca_file"), ("missing.pem", "missing.pem")):
        monkeypatch.setenv("USHER_DNS_CA_FILE", str(tmp_path / name))
        assert word in usher("domain", "verify", DOMAIN, code=1).stderr
