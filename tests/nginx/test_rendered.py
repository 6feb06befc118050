"""``usher nginx render`` and Debian's nginx on what it writes: one domain, a thousand, and a foreign one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from certs import authority
from gateway.cli import main
from tests.support import nginx_front
from tests.support.backend import RecordingBackend
from tests.support.handshakes import ROOT
from tests.support.many_domains import PUBLIC, issue, settled
from tests.support.nginx_front import Front, front
from tests.support.raw import Raw, send

pytestmark = pytest.mark.nginx

ACTIVESYNC = "/Microsoft-Server-ActiveSync"
XML = "/autodiscover/autodiscover.xml"
THOUSAND = tuple(f"d{number:03}.test" for number in range(1000))


@pytest.fixture
async def backend() -> AsyncIterator[RecordingBackend]:
    async with RecordingBackend() as running:
        yield running


def rendered(folder: Path, *arguments: str) -> tuple[Path, str]:
    """Where the files are, and what was said on the way."""
    output = folder / "out"
    result = CliRunner().invoke(main, ["nginx", "render", "--output", str(output), *arguments])
    assert result.exit_code == 0, result.output
    return output, result.stderr


async def ask(nginx: Front, target: str, host: str, *, method: str = "POST", name: str = "") -> Raw:
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    return await send(nginx.https, head.encode() + b"abc", tls=nginx.trust, name=name or host, quiet_s=10)


async def plain(nginx: Front, path: str, host: str) -> Raw:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return await send(nginx.http, request.encode(), quiet_s=10)


async def test_one_domain(tmp_path: Path, backend: RecordingBackend) -> None:
    path = settled(tmp_path, "acme.test")
    output, said = rendered(tmp_path, "--config", str(path))
    assert "port 80 only" not in said
    checked = nginx_front.check(_folder(tmp_path / "check"), output)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    with front(f"127.0.0.1:{backend.port}", output, authority=tmp_path / "authority.pem") as nginx:
        for host in (PUBLIC, "autodiscover.acme.test", "autoconfig.acme.test"):
            assert (await ask(nginx, XML, host)).status == 200, host
            assert (await ask(nginx, f"{ACTIVESYNC}?Cmd=Ping", host)).status == 200, host
        assert {seen.header("host") for seen in backend.seen} == {
            PUBLIC,
            "autodiscover.acme.test",
            "autoconfig.acme.test",
        }
        for host in ("acme.test", "ua-auto-config.acme.test", "evil.test"):
            with pytest.raises(ssl.SSLError):
                await ask(nginx, XML, host)
        foreign = await ask(nginx, XML, "evil.test", name=PUBLIC)
        assert foreign.status == 421 and b"evil" not in foreign.octets
        moved = await plain(nginx, XML, "autodiscover.acme.test")
        assert f"Location: https://{PUBLIC}{XML}\r\n".encode() in moved.octets
        (nginx.folder / "acme/.well-known/acme-challenge").mkdir(parents=True)
        (nginx.folder / "acme/.well-known/acme-challenge/token").write_text("token.thumb")
        proof = await plain(nginx, "/.well-known/acme-challenge/token", "autodiscover.acme.test")
        assert proof.status == 200 and proof.octets.endswith(b"token.thumb")
        assert (await plain(nginx, "/.well-known/acme-challenge/../../key.pem", "acme.test")).status != 200


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/autodiscover/autodiscover.json?Email=a%40acme.test", True),
        ("/autodiscover/autodiscover.json/v1.0/anna@acme.test", True),
        ("/autodiscover/autodiscover.json/v1.0/anna%40acme.test?Protocol=ActiveSync", True),
        ("/mail/config-v1.1.xml?emailaddress=a@acme.test", True),
        ("/.well-known/autoconfig/mail/config-v1.1.xml", True),
        ("/v1.1/mail/config-v1.1.xml", True),
        ("/.well-known/user-agent-configuration.json", True),
        ("/.well-known/caldav", True),
        ("/.well-known/carddav/", True),
        ("/email.mobileconfig", True),
        ("/mobileconfig/" + "a" * 64, True),
        ("/self/", True),
        ("/self/devices/PHONE1", True),
        ("/selfish", False),
        ("/self/%2e%2e/console/", False),
        ("/autodiscover/autodiscover.json/v1.0/a@b/mapi/nspi", False),
        ("/autodiscover/autodiscover.json/v1.0/", False),
        ("/autodiscover/autodiscover.json/v1.0/a%2f..", False),
        ("/mail/config-v1.1.xml/", False),
        ("/.well-known/acme-challenge/x", False),
        ("/mobileconfig/short", False),
    ],
)
async def test_every_path_of_discovery_has_its_way_and_no_other(
    site: Front, backend: RecordingBackend, path: str, passes: bool
) -> None:
    before = len(backend.seen)
    answer = await ask(site, path, "autodiscover.acme.test", method="GET")
    assert answer.status == (200 if passes else 404)
    assert len(backend.seen) - before == passes


async def test_its_log_names_no_person_and_no_link(site: Front, backend: RecordingBackend) -> None:
    await ask(site, "/mobileconfig/" + "b" * 64, PUBLIC, method="GET")
    await ask(site, "/autodiscover/autodiscover.json/v1.0/anna@acme.test", PUBLIC, method="GET")
    logged = await asyncio.to_thread(site.logged)
    assert "bbbb" not in logged and "anna" not in logged


@pytest.fixture
async def site(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Front]:
    output, _ = rendered(tmp_path, "--config", str(settled(tmp_path, "acme.test")))
    with front(f"127.0.0.1:{backend.port}", output, authority=tmp_path / "authority.pem") as nginx:
        yield nginx


async def test_a_thousand_domains(tmp_path: Path, backend: RecordingBackend) -> None:
    output, _ = rendered(tmp_path, "--config", str(settled(tmp_path, *THOUSAND)))
    checked = nginx_front.check(_folder(tmp_path / "check"), output)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    with front(f"127.0.0.1:{backend.port}", output, authority=tmp_path / "authority.pem") as nginx:
        for domain in (THOUSAND[0], THOUSAND[500], THOUSAND[-1]):
            for host in (f"autodiscover.{domain}", f"autoconfig.{domain}"):
                assert (await ask(nginx, XML, host)).status == 200, host
        moved = await plain(nginx, XML, f"autodiscover.{THOUSAND[-1]}")
        assert f"Location: https://{PUBLIC}{XML}\r\n".encode() in moved.octets


def test_a_domain_without_certificate_is_told_and_on_port_80_only(tmp_path: Path) -> None:
    output, said = rendered(tmp_path, "--config", str(settled(tmp_path, "acme.test", certified=False)))
    assert "no certificate has the name autodiscover.acme.test" in said
    http, _, https = (output / "gateway.conf").read_text().partition("# Port 443")
    assert "autodiscover.acme.test" in http and "acme.test" not in https


def test_one_file_for_all_names_is_one_server(tmp_path: Path) -> None:
    path = settled(tmp_path, "acme.test", "b.test", certified=False)
    issue(tmp_path / "certs", "all", "*.acme.test", "acme.test", "autodiscover.b.test", "autoconfig.b.test")
    output, _ = rendered(tmp_path, "--config", str(path), "--apex")
    text = (output / "gateway.conf").read_text()
    assert text.count("ssl_certificate ") == 2
    assert "acme.test" in text.partition("# Port 443")[2].split()
    assert nginx_front.check(_folder(tmp_path / "check"), output).returncode == 0


def test_without_a_certificate_for_the_public_host_nothing_is_written(tmp_path: Path) -> None:
    path = settled(tmp_path, "acme.test")
    (tmp_path / "certs/000-public/fullchain.pem").write_text("rubbish")
    arguments = ["nginx", "render", "--config", str(path), "--output", str(tmp_path / "o")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert PUBLIC in result.stderr and "000-public" in result.stderr
    assert not (tmp_path / "o").exists()


def test_it_prints_where_no_folder_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["nginx", "render", "--config", str(settled(tmp_path, "acme.test"))])
    assert result.exit_code == 0 and "# ===== snippets/proxy.conf" in result.stdout


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_domain_whose_mail_is_elsewhere(tmp_path: Path, trusted: bool) -> None:
    """The provider's certificate is checked, its own name is asked for, and a POST goes out once."""
    issue(tmp_path / "certs", "own", "autodiscover.foreign.test")
    issue(tmp_path / "certs", "provider", "localhost")
    own = tmp_path / "certs" / "own"
    (tmp_path / "authority.pem").write_bytes(authority.to_pem(ROOT.chain))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "certs/provider/fullchain.pem", tmp_path / "certs/provider/privkey.pem")
    async with RecordingBackend(tls=server) as provider:
        arguments = ["--reverse-proxy-only", "Foreign.test", "--target", f"https://localhost:{provider.port}"]
        arguments += ["--certificate", f"{own}/fullchain.pem", "--key", f"{own}/privkey.pem"]
        roots = tmp_path / "authority.pem" if trusted else own / "fullchain.pem"
        output, _ = rendered(tmp_path, *arguments, "--roots", str(roots))
        main_file = "foreign-foreign.test.conf"
        with front("", output, main_file, authority=tmp_path / "authority.pem") as nginx:
            host = "autodiscover.foreign.test"
            answer = await ask(nginx, "/Autodiscover/Autodiscover.xml", host)
            if not trusted:
                assert answer.status == 502 and provider.seen == []
                return
            assert answer.status == 200
            (seen,) = provider.seen
            assert (seen.method, seen.target, seen.body) == ("POST", "/Autodiscover/Autodiscover.xml", b"abc")
            assert seen.header("host") == f"localhost:{provider.port}"
            assert "foreign" not in str(seen.headers)
            for path in ("/", ACTIVESYNC, "/autodiscover/x.xml", "/autodiscover/%61utodiscover.xml"):
                assert (await ask(nginx, path, host)).status == 404, path
            assert f"Location: https://{host}{XML}\r\n".encode() in (await plain(nginx, XML, host)).octets
            assert len(provider.seen) == 1


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
