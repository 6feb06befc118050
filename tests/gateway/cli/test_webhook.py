"""``usher webhook`` (product 7.9)."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gateway import app
from gateway.cli import webhook as module
from tests.support.desk import Desk, Usher
from tests.support.receivers import receiver

URL = "https://hooks.example.org/in"


@pytest.mark.parametrize("place", ((), ("--org", "acme")))
def test_the_life_of_one(usher: Usher, asked: Callable[..., Any], acme: str, place: tuple[str, ...]) -> None:
    made = usher("webhook", "create", URL, "--type", "device:wipe:confirmed", "--description", "ours", *place)
    assert "whsec_" in made.stdout
    assert "not shown again" in made.stderr
    (shown,) = asked("webhook", "list", *place)["items"]
    identity = shown["id"]
    line = usher("webhook", "list", *place).stdout.splitlines()[1]
    assert (identity in line, "device:wipe:confirmed" in line, " on " in line) == (True, True, True)
    changed = asked("webhook", "set", identity, "--disable", "--all-types", *place)
    assert (changed["enabled"], changed["types"]) == (False, [])
    assert "off" in usher("webhook", "list", *place).stdout
    usher("webhook", "set", identity, *place, code=2)
    turned = asked("webhook", "rotate", identity, "--overlap-hours", "1", *place)
    assert turned["secret"].startswith("whsec_")
    assert turned["secret"] not in made.stdout
    assert asked("webhook", "deliveries", identity, *place)["items"] == []
    assert asked("webhook", "replay", identity, "--dead", *place) == {"deliveries": 0}
    assert asked("webhook", "replay", identity, "--after", "0", *place)["cursor"] == 0
    usher("webhook", "replay", identity, *place, code=2)
    usher("webhook", "replay", identity, "--event", "99", *place, code=3)
    usher("webhook", "remove", identity, *place)
    usher("webhook", "rotate", identity, *place, code=3)


def test_what_is_no_receiver_is_refused(usher: Usher) -> None:
    for url in ("http://hooks.example.org/", "https://127.0.0.1/", "https://169.254.169.254/"):
        usher("webhook", "create", url, code=2)
    usher("webhook", "create", URL, "--type", "no:such:type", code=2)


def test_a_test_that_nobody_sends_says_so(usher: Usher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    usher("webhook", "create", URL)
    identity = usher("webhook", "list").stdout.splitlines()[1].split()[0]
    assert "is the gateway running" in usher("webhook", "test", identity, code=1).stderr
    assert "pending" in usher("webhook", "deliveries", identity).stdout


def test_a_test_that_arrives_says_so(usher: Usher, desk: Desk, asked: Callable[..., Any]) -> None:
    ready, done = threading.Event(), threading.Event()
    urls: list[str] = []

    async def serve() -> None:
        application = app.admin(desk.config)
        await application.start()
        async with receiver() as there:
            urls.append(there.url)
            ready.set()
            await asyncio.to_thread(done.wait, 60)
        await application.drain()
        await application.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        identity = asked("webhook", "create", urls[0], "--allow-private")["id"]
        told = usher("webhook", "test", identity).stdout
        assert "delivered" in told
        assert "204" in told
    finally:
        done.set()
        thread.join(30)
