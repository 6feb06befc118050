"""Port 80 (spec/autodiscover.md R12, 6.3, 14; T13; eas-testsuites S02_TC03)."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from gateway.endpoints.redirect import PlainRedirect

SERVED = frozenset({"usher.example", "autodiscover.example.org"})
XML, SVC = "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"


async def ask(
    path: str,
    method: str = "GET",
    *hosts: bytes,
    port: int = 443,
    extra: tuple[tuple[bytes, bytes], ...] = (),
    webroot: Path | None = None,
    body: bytes = b"",
) -> tuple[int, dict[str, str]]:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        pytest.fail("the body must not be read")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", host) for host in hosts] + list(extra)
    scope = {"type": "http", "method": method, "path": path, "query_string": b"a=b", "headers": headers}
    await PlainRedirect("usher.example", SERVED.__contains__, port, webroot)(scope, receive, send)
    start, end = sent
    assert end == {"type": "http.response.body", "body": body}
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    assert "www-authenticate" not in answered
    return start["status"], answered


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("path", "target"), [(XML, XML), (SVC, SVC), ("/AutoDiscover/AutoDiscover.xml", XML)]
)
async def test_each_suffix_leads_to_itself_over_https(method: str, path: str, target: str) -> None:
    status, headers = await ask(path, method, b"autodiscover.example.org")
    assert (status, headers["location"]) == (302, f"https://autodiscover.example.org{target}")


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        (b"evil.example",),
        (b"autodiscover.example.org.evil.example",),
        (b"autodiscover.example.org", b"evil.example"),
        (b"usher.example@evil.example",),
        (b"[::1]:80",),
        (b"\xe9vil.example",),
        (b"",),
    ],
)
async def test_a_host_that_is_not_served_leads_to_the_public_one(hosts: tuple[bytes, ...]) -> None:
    assert (await ask(XML, "GET", *hosts))[1]["location"] == f"https://usher.example{XML}"


@pytest.mark.parametrize("name", [b"x-forwarded-host", b"x-original-url", b"forwarded", b"x-host"])
async def test_no_other_header_is_believed(name: bytes) -> None:
    _, headers = await ask(XML, "GET", b"usher.example", extra=((name, b"evil.example"),))
    assert headers["location"] == f"https://usher.example{XML}"


@pytest.mark.parametrize("host", [b"AutoDiscover.Example.ORG:80", b"autodiscover.example.org."])
async def test_a_served_host_is_known_in_its_other_spellings(host: bytes) -> None:
    assert (await ask(XML, "GET", host))[1]["location"] == f"https://autodiscover.example.org{XML}"


async def test_the_port_is_named_when_it_is_not_the_usual_one() -> None:
    _, headers = await ask(XML, "POST", b"usher.example:8080", port=8443)
    assert headers["location"] == f"https://usher.example:8443{XML}"


@pytest.mark.requirement("MS-ASHTTP_R180")
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_activesync_in_the_clear_is_forbidden(method: str) -> None:
    assert (await ask("/Microsoft-Server-ActiveSync", method))[0] == 403


@pytest.mark.parametrize(
    "path",
    ["/", "/autodiscover/", "/autodiscover/autodiscover.json", "/x" + XML, XML + "/", "//evil.example"],
)
async def test_there_is_nothing_else_here(path: str) -> None:
    assert (await ask(path))[0] == 404


async def test_other_methods_are_refused() -> None:
    assert (await ask(XML, "PUT"))[0] == 405


@pytest.fixture
def webroot(tmp_path: Path) -> Path:
    place = tmp_path / "webroot" / ".well-known" / "acme-challenge"
    place.mkdir(parents=True)
    (place / "tok-EN_1").write_text("tok-EN_1.thumbprint")
    (place / "long").write_bytes(b"x" * 1025)
    (place / "folder").mkdir()
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "webroot"


CHALLENGES = "/.well-known/acme-challenge/"


async def test_an_authority_is_shown_its_proof_whatever_name_it_asks(webroot: Path) -> None:
    proof = b"tok-EN_1.thumbprint"
    status, headers = await ask(CHALLENGES + "tok-EN_1", "GET", b"new.example", webroot=webroot, body=proof)
    assert (status, headers["content-type"], headers["content-length"]) == (200, "text/plain", "19")
    assert (await ask(CHALLENGES + "tok-EN_1", "HEAD", webroot=webroot))[1]["content-length"] == "19"


@pytest.mark.parametrize(
    "path",
    [
        "none",
        "",
        "../../../secret",
        "..",
        ".",
        "folder",
        "long",
        "tok-EN_1/",
        "tok-EN_1\0",
        "a" * 300,
        "t%20",
    ],
)
async def test_there_is_no_other_file(webroot: Path, path: str) -> None:
    assert (await ask(CHALLENGES + path, webroot=webroot))[0] == 404


async def test_without_a_webroot_there_is_no_proof_and_with_one_no_other_method(webroot: Path) -> None:
    assert (await ask(CHALLENGES + "tok-EN_1"))[0] == 404
    assert (await ask(CHALLENGES + "tok-EN_1", "POST", webroot=webroot))[0] == 404
