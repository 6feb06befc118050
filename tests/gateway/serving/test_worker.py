"""A worker process: new certificates without a lost connection, and the listeners of its role."""

import asyncio
import contextlib
import gc
import signal
import ssl
from pathlib import Path

from gateway.serving.worker import COLLECT_AT, calm_collector
from tests.support.certificates import server_files
from tests.support.service import service
from tests.support.serving import exchange, heard, post


async def served(port: int, ca: str) -> bytes:
    """The certificate that a new connection is shown, checked against ``ca``."""
    context = ssl.create_default_context(cadata=ca)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown


async def renewed(port: int, ca: str) -> bytes:
    """The same, as soon as it is one of this authority."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(ssl.SSLError):
                return await served(port, ca)
            await asyncio.sleep(0.05)


async def test_hangup_changes_the_certificate_and_keeps_every_connection(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "localhost")
    old_ca = (tmp_path / "ca.pem").read_text()
    with service(workers=1, certificate=str(certificate), key=str(key)) as running:
        port = running.ports["clients"]
        first = await served(port, old_ca)
        context = ssl.create_default_context(cadata=old_ca)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost"
        )
        writer.write(post(b"/park"))
        server_files(tmp_path, "localhost")
        running.process.send_signal(signal.SIGHUP)
        new_ca = (tmp_path / "ca.pem").read_text()
        assert await renewed(port, new_ca) != first
        assert running.stop() == 0
        assert (await heard(reader)).endswith(b"come back")
        writer.close()


async def test_a_certificate_that_cannot_be_read_leaves_the_old_one(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "localhost")
    ca = (tmp_path / "ca.pem").read_text()
    with service(workers=1, certificate=str(certificate), key=str(key)) as running:
        first = await served(running.ports["clients"], ca)
        certificate.write_text("no certificate")
        running.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.5)
        assert await served(running.ports["clients"], ca) == first


async def test_each_listener_has_its_own_application() -> None:
    with service(workers=1) as running:
        for name, word in (("plain", b"clients "), ("redirect", b"redirect "), ("admin", b"admin ")):
            assert word in await exchange(running.ports[name], post(b"/pid"))


async def test_applications_are_closed_at_the_end() -> None:
    with service(workers=1) as running:
        assert running.stop() == 0
        assert running.process.stdout is not None
        ended = running.process.stdout.read().split()
    assert sorted(word for word in ended if word != "closed") == ["admin", "clients", "redirect"]


def test_the_collector_leaves_alone_what_lives_as_long_as_the_worker() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        calm_collector()
        assert gc.get_threshold() == COLLECT_AT
        assert gc.get_freeze_count() > frozen
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
