"""A proxy that stores bodies, seen from outside: a real nginx before the real gateway."""

import asyncio
from pathlib import Path

import pytest

from gateway.doctor import storage
from gateway.doctor.observations import Storage
from gateway.probes.trust import context
from tests.support.backend import RecordingBackend
from tests.support.doctor_lab import PUBLIC, Host, lab, passes
from tests.support.gateway import Gateway
from tests.support.gateway import backend as backend  # noqa: PLC0414 - fixtures
from tests.support.gateway import gateway as gateway  # noqa: PLC0414

URL = f"https://{PUBLIC}/Microsoft-Server-ActiveSync"


@pytest.mark.nginx
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", Storage.PASSES),
        ("proxy_request_buffering on", Storage.STORES),
        ("proxy_buffering on", Storage.PASSES),
    ],
)
async def test_requests(gateway: Gateway, tmp_path: Path, settings: str, expected: Storage) -> None:
    with lab(tmp_path / "lab", Host(PUBLIC, passes(gateway.port, settings))) as running:
        tls = context(running.ways.ca)
        patience_s = storage.PATIENCE_SECONDS if expected is Storage.STORES else 20.0
        found = await storage.requests(
            URL, ["127.0.0.1"], running.ways.https_port, tls, patience_s=patience_s
        )
    assert found is expected


@pytest.mark.nginx
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", Storage.PASSES),
        ("proxy_request_buffering on", Storage.PASSES),
        ("proxy_buffering on", Storage.STORES),
    ],
)
async def test_answers(gateway: Gateway, tmp_path: Path, settings: str, expected: Storage) -> None:
    with lab(tmp_path / "lab", Host(PUBLIC, passes(gateway.port, settings))) as running:
        tls = context(running.ways.ca)
        found = await storage.responses(URL, ["127.0.0.1"], running.ways.https_port, tls)
    assert found is expected


@pytest.mark.nginx
async def test_of_another_server_s_answers_nothing_is_said(tmp_path: Path) -> None:
    with lab(tmp_path, Host(PUBLIC)) as running:
        tls = context(running.ways.ca)
        found = await storage.responses(URL, ["127.0.0.1"], running.ways.https_port, tls)
    assert found is Storage.UNKNOWN


@pytest.mark.nginx
async def test_a_server_that_never_answers_tells_nothing(backend: RecordingBackend, tmp_path: Path) -> None:
    silent = await asyncio.start_server(lambda reader, _: reader.read(), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with lab(tmp_path / "lab", Host(PUBLIC, passes(port))) as running:
        found = await storage.requests(
            URL, ["127.0.0.1"], running.ways.https_port, context(running.ways.ca), patience_s=0.2, end_s=0.5
        )
    silent.close()
    assert found is Storage.UNKNOWN


async def test_nobody_there_tells_nothing() -> None:
    assert await storage.requests(URL, ["127.0.0.9"], 9, context(None)) is Storage.UNKNOWN
    assert await storage.requests(URL, [], 9, context(None)) is Storage.UNKNOWN
    assert await storage.responses(URL, ["127.0.0.9"], 9, context(None)) is Storage.UNKNOWN
