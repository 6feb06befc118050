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
from urllib.parse import urlencode

import pytest

from gateway.endpoints.browsers import csrf_of
from gateway.endpoints.console.provider import COOKIE as PROVIDER_COOKIE
from tests.support.components import missing
from tests.support.gateway_process import Gateway, gateway

FILTER = Path(__file__).parents[2] / "deploy" / "fail2ban" / "filter.d" / "usher.conf"
JAIL = FILTER.parents[1] / "jail.d" / "usher.conf"
VICTIM = "203.0.113.9"
PHONE, PROGRAM, CONSOLE, SHY, GUEST, BROWSER, PERSON, LURED = (
    f"127.0.0.{number}" for number in range(11, 19)
)
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

    def submit(self, path: str, *, admin: bool = False, cookie: str = "", **fields: str) -> int:
        """Send a form of a page that is open to anybody."""
        told = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        body = urlencode({"csrf": csrf_of(""), **fields})
        shown = {"Cookie": cookie} if cookie else {}
        return self.ask("POST", path, admin=admin, body=body, Origin="https://localhost", **told, **shown)

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
        _browse(Client(running, BROWSER), Client(running, PERSON), Client(running, LURED))
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


def _browse(browser: Client, person: Client, lured: Client) -> None:
    """Pages that people sign in on: the console in every way that it knows, and self-service."""
    wrong = {"name": "ann", "password": "Wrong-Horse-1"}
    assert browser.submit("/console/sign-in", admin=True, **wrong) == 401
    assert browser.submit("/console/sign-in/passkey", admin=True, answer="{}") == 401
    callback = "/console/sign-in/provider/callback?state=s&code=c"
    assert browser.ask("GET", callback, admin=True, Cookie=f"{PROVIDER_COOKIE}=guessed") == 401
    assert lured.ask("GET", callback, admin=True) == 401
    assert person.submit("/self/sign-in", **{**wrong, "name": "ann@example.com"}) == 401
    assert lured.submit("/self/sign-in", name="ann@example.com", password="Correct-Horse-1") == 303


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
    guest.submit("/console/sign-in", admin=True, name=name, password=name)
    guest.submit("/self/sign-in", name=name, password=name)
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


def test_pages_for_people_are_counted_too(log: Path) -> None:
    found = hosts(str(log))
    assert (found[BROWSER], found[PERSON]) == (3, 1)


def test_nobody_is_banned_for_what_another_page_made_the_browser_ask(log: Path) -> None:
    assert LURED in log.read_text()
    assert LURED not in hosts(str(log))


def test_who_shows_nothing_or_what_is_right_is_not_counted(log: Path) -> None:
    assert SHY in log.read_text()
    assert SHY not in hosts(str(log))


def test_no_name_puts_another_address_in_its_place(log: Path) -> None:
    found = hosts(str(log))
    assert set(found) <= {PHONE, PROGRAM, CONSOLE, GUEST, BROWSER, PERSON}
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
