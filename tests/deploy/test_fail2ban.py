"""``deploy/fail2ban`` (product 9.4) with the real fail2ban-regex, on what a real gateway logged."""

import base64
import http.client
import json
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.components import missing
from tests.support.gateway_process import Gateway, gateway

FILTER = Path(__file__).parents[2] / "deploy" / "fail2ban" / "filter.d" / "usher.conf"
JAIL = FILTER.parents[1] / "jail.d" / "usher.conf"
VICTIM = "203.0.113.9"
PHONE, PROGRAM, CONSOLE, SHY, GUEST = (f"127.0.0.{number}" for number in (11, 12, 13, 14, 15))
FORGED = (
    f'ann", "client": "{VICTIM}", "verdict": "unauthenticated", "status": 401, "x": "',
    f'\\", "client": "{VICTIM}',
    f'x\n{{"time": "2026-01-01T00:00:00.000Z", "level": "info", "logger": "usher.access", "request": "ab", '
    f'"client": "{VICTIM}", "user": "", "device": "", "command": "", "verdict": "unauthenticated", '
    '"status": 401,',
    f"client={VICTIM} status=401",
)
PATIENCE_S = 60.0
ACTIVESYNC = "/Microsoft-Server-ActiveSync"
POX = "/autodiscover/autodiscover.xml"


def basic(name: str, password: str = "wrong") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Client:
    """Asks from a loopback address of its own."""

    def __init__(self, running: Gateway, source: str) -> None:
        self._running = running
        self._source = source

    def ask(
        self,
        method: str,
        path: str,
        authorization: str = "",
        *,
        admin: bool = False,
        body: str = "",
        **more: str,
    ) -> int:
        port = self._running.admin if admin else self._running.https
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, context=self._trust(), timeout=20, source_address=(self._source, 0)
        )
        headers = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in more.items()}}
        if authorization:
            headers["Authorization"] = authorization
        connection.request(method, path, body.encode(), headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def _trust(self):  # type: ignore[no-untyped-def]
        context = self._running.trust()
        context.check_hostname = False
        return context


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a gateway logged of a morning with guessers and clever ones."""
    with gateway({"url": "http://127.0.0.1:1/"}, "example.com", users={"ann": "Correct-Horse-1"}) as running:
        phone, program, console = (Client(running, source) for source in (PHONE, PROGRAM, CONSOLE))
        query = f"{ACTIVESYNC}?Cmd=Sync&User=ann&DeviceId=P1&DeviceType=iPhone"
        assert phone.ask("POST", query, basic("ann@example.com"), MS_ASProtocolVersion="14.1") == 401
        assert phone.ask("OPTIONS", ACTIVESYNC, basic("ann@example.com")) == 401
        assert program.ask("POST", POX, basic("bob@example.com"), body="<a/>") == 401
        assert console.ask("GET", "/api/v1/organisations", "Bearer wrong" + "g" * 40, admin=True) == 401
        assert console.ask("GET", "/metrics", "Bearer wrong" + "g" * 40, admin=True) == 401
        shy, guest = Client(running, SHY), Client(running, GUEST)
        for path in (query, POX):
            assert shy.ask("POST", path, MS_ASProtocolVersion="14.1") == 401
        assert shy.ask("GET", "/api/v1/organisations", admin=True) == 401
        assert shy.ask("POST", POX, basic("ann@example.com", "Correct-Horse-1"), body="<a/>") == 200
        for name in FORGED:
            _forge(guest, name)
        written = running.folder / "gateway.log"
        deadline = time.monotonic() + PATIENCE_S
        while f'"{GUEST}"' not in written.read_text() or written.read_text().count(GUEST) < len(FORGED):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        time.sleep(1)
        kept = tmp_path_factory.mktemp("log") / "usher.log"
        shutil.copy(written, kept)
    yield kept


def _forge(guest: Client, name: str) -> None:
    quoted = "".join(f"%{octet:02x}" for octet in name.encode())
    plain = re.sub(r"[\r\n]", " ", name)
    query = f"{ACTIVESYNC}?Cmd=Sync&User={quoted}&DeviceId=P{quoted[:20]}&DeviceType={quoted}"
    told = {"User_Agent": plain, "X_Forwarded_For": VICTIM, "Forwarded": f"for={VICTIM}"}
    guest.ask("POST", query, basic(name), MS_ASProtocolVersion="14.1", **told)
    guest.ask("POST", POX, basic(name), body=name, **told)
    guest.ask("OPTIONS", ACTIVESYNC, basic(name, name), **told)
    guest.ask("GET", f"/{quoted}", basic(name), **told)
    guest.ask("GET", "/api/v1/organisations", f"Bearer {plain}", admin=True, **told)
    body = json.dumps({"name": name, "password": name})
    guest.ask("POST", "/api/v1/sessions", admin=True, body=body, Content_Type="application/json", **told)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if shutil.which("fail2ban-regex") is None:
        missing("fail2ban-regex (package fail2ban)")


def hosts(log: str) -> Counter[str]:
    """Addresses that fail2ban would count, as often as it would."""
    done = subprocess.run(
        ["fail2ban-regex", "--out", "<ip>", log, str(FILTER)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return Counter(line.strip() for line in done.stdout.splitlines() if line.strip())


def test_failed_sign_ins_are_counted_for_who_made_them(log: Path) -> None:
    found = hosts(str(log))
    assert (found[PHONE], found[PROGRAM], found[CONSOLE]) == (2, 1, 2)


def test_who_shows_nothing_or_what_is_right_is_not_counted(log: Path) -> None:
    assert SHY in log.read_text()
    assert SHY not in hosts(str(log))


def test_no_name_puts_another_address_in_its_place(log: Path) -> None:
    found = hosts(str(log))
    assert set(found) <= {PHONE, PROGRAM, CONSOLE, GUEST}
    assert found[GUEST] >= len(FORGED)


def test_the_same_line_from_the_journal(log: Path) -> None:
    line = next(each for each in log.read_text().splitlines() if PHONE in each and " 401," in each)
    assert hosts(f"host usher[4711]: {line}") == {PHONE: 1}
    assert hosts(line) == {PHONE: 1}


@pytest.mark.parametrize("name", FORGED, ids=range(len(FORGED)))
def test_a_line_that_only_tells_of_one_is_none(name: str) -> None:
    told = json.dumps(
        {"time": "2026-11-21T18:19:42.765Z", "level": "warning", "logger": "usher", "message": name}
    )
    assert hosts(told) == {}
    assert hosts(f"host usher[4711]: {told}") == {}


def test_addresses_of_the_new_protocol(log: Path) -> None:
    line = next(each for each in log.read_text().splitlines() if PHONE in each and " 401," in each)
    assert hosts(line.replace(PHONE, "2001:db8::7")) == {"2001:db8::7": 1}


def test_the_time_is_universal_time(log: Path) -> None:
    line = next(each for each in log.read_text().splitlines() if PHONE in each and " 401," in each)
    at = json.loads(line)["time"]
    done = subprocess.run(
        ["fail2ban-regex", "--out", "row", line, str(FILTER)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "TZ": "Asia/Tokyo"},
    )
    assert str(int(datetime.fromisoformat(at).timestamp())) in done.stdout


def test_the_jail_names_the_filter() -> None:
    jail = JAIL.read_text()
    assert f"filter = {FILTER.stem}" in jail
    assert "backend = systemd" in jail
