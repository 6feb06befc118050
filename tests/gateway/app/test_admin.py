"""The administration listener, composed."""

import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import httpx
import pytest

from gateway.app import admin
from gateway.board import Board
from gateway.config import Limits
from gateway.services.tenants import Settings
from tests.support.accounts import Visitor, appoint
from tests.support.desk import browser, furnish
from tests.support.gateway import until
from tests.support.inhabited import configured
from tests.support.offering import OFFERING
from tests.support.raw import Raw
from tests.support.serving import exchange, ours
from tests.support.world import ADMIN, PASSWORD


async def test_the_admin_listener_is_another_application(tmp_path: Path) -> None:
    config = configured(tmp_path, OFFERING, Limits())
    config.token_file.write_text("t" * 43)
    app = admin(config)
    await app.start()
    async with ours(app) as port:
        health = await exchange(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert Raw(health).status == 200
        for path in (b"/Microsoft-Server-ActiveSync", b"/api/v1/organisations"):
            answer = await exchange(
                port, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert Raw(answer).status in (401, 404)
    await app.close()


async def test_without_a_bootstrap_token_only_administrators_come_in(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    config = replace(desk.config, admin=replace(desk.config.admin, bootstrap=False))
    appoint(desk, "ann")
    config.token_file.unlink()
    async with browser(config) as client:
        assert (await client.get("/api/v1/organisations")).status_code == 401
        ann = Visitor(client, "ann")
        await ann.enrol()
        assert (await ann("GET", "/organisations")).status_code == 200
    desk.services.store.close()


async def test_a_bootstrap_token_that_is_left_behind_is_not_accepted(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    config = replace(desk.config, admin=replace(desk.config.admin, bootstrap=False))
    async with browser(config) as client:
        assert (await client.get("/api/v1/organisations")).status_code == 401
    desk.services.store.close()


async def test_before_the_start_nobody_signs_in(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    application = admin(desk.config)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.post("/api/v1/sessions", json={})).status_code == 503
    await application.close()
    desk.services.store.close()


async def test_what_the_workers_count_is_kept_over_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HISTORY_S", "DEVICES_S"):
        monkeypatch.setattr(import_module("gateway.app.admin"), name, 0.05)
    desk, board = furnish(tmp_path), Board(1)
    home = desk.services.tenants.create_organisation(ADMIN, "acme", Settings())
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.example")
    desk.services.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    desk.phone("ann@acme.example")
    application = admin(desk.config, board)
    answered = [["Sync", "answered", 200, 12]]
    board.write(0, {"role": "clients", "at": time.monotonic(), "answered": answered, "gauges": {}})
    await application.start()
    history = desk.services.history
    await until(lambda: bool(history.devices(home.id, 1) and history.traffic(1)), 30)
    await application.close()
    assert sum(each.activesync for each in history.traffic(1)) == 12
    desk.services.store.close()
