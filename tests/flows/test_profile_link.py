"""A profile from the administrator's command line to the device: ``usher serve`` in its own processes, TLS,
the signature verified by OpenSSL against the authority of the handshake (spec/autodiscover.md 11)."""

import http.client
import plistlib
import subprocess
import time
from base64 import b64encode
from pathlib import Path

from tests.support.gateway_process import Gateway, gateway, usher
from tests.support.inhabited import PASSWORD

BACKEND = {
    "url": "http://127.0.0.1:9/",
    "imap": "imap.example.com:993",
    "smtp": "smtp.example.com:465",
    "caldav_url": "https://dav.example.com/cal/",
}
LOGIN = {"Authorization": "Basic " + b64encode(f"ann@example.com:{PASSWORD}".encode()).decode()}


def get(running: Gateway, target: str, headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
    """Status, media type and body, each time on a new connection: any worker may answer."""
    connection = http.client.HTTPSConnection("localhost", running.https, context=running.trust(), timeout=30)
    try:
        connection.request("GET", target, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    finally:
        connection.close()


def written(running: Gateway, requests: int) -> str:
    """The log with the lines of so many requests in it: they are written a few times a second."""
    until = time.monotonic() + 20
    while running.log.count("usher.access") < requests:
        assert time.monotonic() < until, running.log
        time.sleep(0.05)
    return running.log


def unpacked(running: Gateway, signed: bytes, folder: Path) -> bytes:
    """The signed document, from an OpenSSL that trusts the authority alone."""
    (folder / "profile").write_bytes(signed)
    command = ["openssl", "smime", "-verify", "-inform", "DER", "-in", str(folder / "profile")]
    trust = ["-CAfile", str(running.authority), "-purpose", "any"]
    done = subprocess.run([*command, *trust], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_device_gets_its_profile_once_and_signed(tmp_path: Path) -> None:
    with gateway(BACKEND, "example.com", users={"ann": PASSWORD}) as running:
        config = ("--config", str(running.folder / "usher.toml"))
        url = usher("user", "profile-link", "ann@example.com", *config).split()[0]
        target = url.removeprefix(f"https://localhost:{running.https}")
        assert target.startswith("/mobileconfig/")
        assert get(running, target)[1] == "text/html; charset=utf-8"
        status, media_type, signed = get(running, f"{target}?install=1&for=any")
        assert (status, media_type) == (200, "application/x-apple-aspen-config")
        assert [get(running, f"{target}?install=1")[0] for _ in range(4)] == [404] * 4
        by_link = plistlib.loads(unpacked(running, signed, tmp_path))
        _, _, again = get(running, "/apple.mobileconfig?for=any", LOGIN)
        by_login = plistlib.loads(unpacked(running, again, tmp_path))
        log = written(running, requests=7)
    assert by_link == by_login, "a second installation would make a second account"
    payloads = {each["PayloadType"] for each in by_link["PayloadContent"]}
    assert payloads == {"com.apple.eas.account", "com.apple.mail.managed", "com.apple.caldav.account"}
    for secret in (target.rpartition("/")[2], PASSWORD):
        assert secret not in log
        assert secret.encode() not in signed
