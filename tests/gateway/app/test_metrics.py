"""``/metrics`` and readiness of a gateway as it is deployed (product 9.4), a killed worker included."""

import base64
import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.app.admin import _feeds_heard
from gateway.app.metrics import FirstToExpire
from gateway.board import FEED_SILENCE, Board
from gateway.config import load
from tests.support.gateway import Gateway as InProcess
from tests.support.gateway_process import Gateway
from tests.support.gateway_process import gateway as deployed
from tests.support.raw import Raw
from tests.support.serving import exchange

PATIENCE_S = 60.0
WRONG = "Basic " + base64.b64encode(b"ann@example.com:wrong").decode()
QUERY = "?Cmd=FolderSync&User=ann@example.com&DeviceId=SECRETPHONE1&DeviceType=iPhone"


def fetch(running: Gateway, port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPSConnection("localhost", port, context=running.trust(), timeout=20)
    try:
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def scrape(running: Gateway) -> str:
    token = (running.folder / "admin.token").read_text().strip()
    status, text = fetch(running, running.admin, "/metrics", Authorization=f"Bearer {token}")
    assert status == 200, text
    return text


def value(text: str, pattern: str) -> float:
    """The sum of all samples whose line begins like ``pattern``."""
    return sum(float(number) for number in re.findall(rf"^{pattern}[^ ]* ([\d.e+]+)$", text, re.MULTILINE))


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def sync(running: Gateway) -> int:
    place = "/Microsoft-Server-ActiveSync" + QUERY
    headers = {"Authorization": WRONG, "MS_ASProtocolVersion": "14.1"}
    return fetch(running, running.https, place, "POST", **headers)[0]


REFUSED = 'usher_requests_total{code="401",command="FolderSync",listener="clients"'


@pytest.mark.timeout(180)
def test_what_requests_leave_is_seen_and_survives_a_worker() -> None:
    with deployed({"url": "http://127.0.0.1:1/"}, "example.com", users={"ann": "Correct-Horse-1"}) as running:
        assert fetch(running, running.admin, "/metrics")[0] == 401
        for path in ("/healthz", "/readyz"):
            for port in (running.https, running.admin):
                until(lambda p=port, q=path: fetch(running, p, q)[0] == 200)  # type: ignore[misc]
        assert [sync(running) for _ in range(3)] == [401] * 3
        pattern = re.escape(REFUSED)
        until(lambda: value(scrape(running), pattern) == 3)
        text = scrape(running)
        assert value(text, 'usher_workers{listener="clients"}') == 2
        assert value(text, 'usher_organisations{state="Active"}') == 1
        assert 0 < value(text, "usher_certificate_days_left") < 1000
        assert 'usher_info{release="' in text
        assert not re.search("secretphone|ann@|example.com", text, re.IGNORECASE)

        _kill_workers(running)
        until(lambda: value(scrape_patiently(running), pattern) == 3)
        until(lambda: _signed_in_again(running))
        until(lambda: value(scrape(running), pattern) >= 4)


def _signed_in_again(running: Gateway) -> bool:
    try:
        return sync(running) == 401
    except OSError:
        return False


def scrape_patiently(running: Gateway) -> str:
    try:
        return scrape(running)
    except (OSError, http.client.HTTPException):
        return ""


def _kill_workers(running: Gateway) -> None:
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)


def test_a_folder_without_certificates_has_no_days(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    text = 'public_host = "localhost"\n[listen]\nclients = []\nadmin = []\nplain = ["127.0.0.1:1"]\n'
    path.write_text(text + '[backends.default]\nurl = "http://127.0.0.1:1/"\n')
    assert FirstToExpire(load(path, {})).days_left() is None


async def test_a_worker_that_does_not_hear_of_changes_is_not_ready(
    gateway: InProcess,
) -> None:
    asked = b"GET /readyz HTTP/1.1\r\nHost: usher.example\r\nConnection: close\r\n\r\n"
    assert Raw(await exchange(gateway.port, asked)).status == 200
    gateway.app._watch.stop()
    gateway.app.snapshots.fresh_at = float("-inf")
    gateway.app._began = time.monotonic() - 60
    answer = await exchange(gateway.port, asked)
    assert Raw(answer).status == 503
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "unready"}
    assert gateway.app.figures().gauges[FEED_SILENCE][""] >= 60


@pytest.mark.parametrize(
    ("silence", "age", "ready"), [(0.4, 0.0, True), (2.5, 0.0, False), (2.5, 60.0, True)]
)
async def test_the_node_is_not_ready_while_one_of_its_workers_is_not(
    silence: float, age: float, ready: bool
) -> None:
    board = Board(2)
    board.write(0, {"at": time.monotonic(), "gauges": {FEED_SILENCE: {"": 0.1}}})
    board.write(1, {"at": time.monotonic() - age, "gauges": {FEED_SILENCE: {"": silence}}})
    assert await _feeds_heard(board) is ready
    assert await _feeds_heard(None)
