"""A customer comes to a running gateway: domain, proof for the authority, certificate, SIGHUP."""

import http.client
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certs import authority
from tests.support import ports
from tests.support.gateway_process import ADMINISTRATOR, ORGANISATION, Gateway, gateway
from tests.support.handshakes import ROOT, connect
from tests.support.many_domains import issue

NEW, XML = "fresh.test", "/autodiscover/autodiscover.xml"
HOST = f"autodiscover.{NEW}"


@pytest.fixture
def plain() -> int:
    return ports.free(1)[0]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: int) -> Iterator[Gateway]:
    for folder in ("certs", "acme/.well-known/acme-challenge"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("USHER_TLS_FOLDER", str(tmp_path / "certs"))
    monkeypatch.setenv("USHER_TLS_ACME_WEBROOT", str(tmp_path / "acme"))
    monkeypatch.setenv("USHER_LISTEN_REDIRECT", f"127.0.0.1:{plain}")
    with gateway({"url": "http://127.0.0.1:1/"}, "acme.test", users={"ann": "Correct-Horse-1"}) as found:
        ports.wait(plain)
        yield found


def becomes(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def trust(tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.to_pem(ROOT.chain).decode())


def served(port: int, trust: ssl.SSLContext) -> bool:
    """Whether the client of the new name is shown a certificate for it."""
    try:
        connect(port, trust, HOST).close()
    except ssl.SSLError:
        return False
    return True


def asked(line: ssl.SSLSocket, host: str) -> int:
    """Status of an AutoDiscover request on a connection that stays."""
    line.sendall(f"POST {XML} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
    answer = http.client.HTTPResponse(line)
    answer.begin()
    answer.read()
    return answer.status


def on_port_80(plain: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=30)
    connection.request("GET", path, headers={"Host": HOST})
    return connection.getresponse()


def test_from_a_name_that_is_unknown_to_one_with_a_certificate(
    running: Gateway, plain: int, tmp_path: Path, trust: ssl.SSLContext
) -> None:
    with connect(running.https, running.trust(), "localhost") as parked:
        assert asked(parked, HOST) == 421
        running.made.tenants.add_domain(ADMINISTRATOR, ORGANISATION, NEW)
        becomes(lambda: asked(parked, HOST) == 401)

        (tmp_path / "acme/.well-known/acme-challenge/token").write_text("token.thumbprint")
        assert on_port_80(plain, "/.well-known/acme-challenge/token").read() == b"token.thumbprint"
        before = on_port_80(plain, XML).getheader("location")
        assert before == f"https://localhost:{running.https}{XML}"

        assert not served(running.https, trust)
        issue(tmp_path / "certs", NEW, HOST)
        (tmp_path / "certs" / "bad.pem").write_text("rubbish")
        running.process.send_signal(signal.SIGHUP)
        becomes(lambda: all(served(running.https, trust) for _ in range(8)))
        location = f"https://{HOST}:{running.https}{XML}"
        becomes(lambda: all(on_port_80(plain, XML).getheader("location") == location for _ in range(8)))
        with connect(running.https, trust, HOST) as fresh:
            assert asked(fresh, HOST) == 401
        assert asked(parked, "localhost") == 401, "the connection from before the reload goes on"
    becomes(lambda: "bad.pem: no readable PEM certificate" in running.log)
