"""The canary password (T28): used in every way that a password is used, and then looked for everywhere."""

import io
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from gateway.config import AccessLines, Level, LogConfig
from gateway.log import AccessLog, Formatter
from gateway.records import UserSource
from gateway.services.tenants import Settings
from mdm.ashttp import Command
from tests.support import partnership as p
from tests.support.backend import RecordingBackend, raw, reply
from tests.support.gateway import Gateway, provisioned, serving
from tests.support.inhabited import ADMIN, outage
from tests.support.mail_server import DOMAIN, mail_server, of

CANARY = "Kanarienvogel-7"
OTHER = "Wellensittich-8"
ENCODED = ("S2FuYXJpZW52b2dlbC03", "YW5uQGFjbWUuZXhhbXBsZTpL", "V2VsbGVuc2l0dGljaC04")
"""The passwords in base64, at the place where they stand in a Basic credential, and alone."""


@contextmanager
def everything_logged(stream: TextIO) -> Iterator[None]:
    """All levels of all loggers, in the gateway's own form."""
    root, handler = logging.getLogger(), logging.StreamHandler(stream)
    handler.setFormatter(Formatter(as_json=True))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def found(octets: bytes, secrets: list[str]) -> list[str]:
    text = octets.decode("latin-1")
    return [secret for secret in secrets if secret in text]


def database(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("usher.db*")))


async def a_day(gateway: Gateway, backend: RecordingBackend) -> list[str]:
    """All that can happen to a password, good and bad; returns the policy keys, which are secret too."""
    phone = gateway.phone(password=CANARY)
    await phone.options()
    await provisioned(phone)
    await phone.folder_sync()
    await gateway.stranger(phone, OTHER).folder_sync()
    await gateway.post(phone, Command.FOLDER_SYNC, b"broken", {"Content-Type": "text/plain"})
    await gateway.post(phone, "NoSuch")
    await gateway.post(phone, Command.FOLDER_SYNC, p.folder_sync(), more=f"&Password={CANARY}")
    script = backend.script
    for accident in (reply(500), reply(401), raw(b"nonsense"), raw(b"")):
        backend.script = accident
        await phone.folder_sync()
    backend.script = script
    await gateway.quiet()
    with outage(gateway.config.store.directory):
        await gateway.phone("bob", password=OTHER).folder_sync()
    keys = [str(phone.policy_key), str(gateway.device().proof_key)]
    if gateway.made.users.get(f"ann@{DOMAIN}").source is UserSource.LOCAL:
        gateway.made.users.set_password(ADMIN, f"ann@{DOMAIN}", OTHER)
    await gateway.wiped()
    await phone.poll_wipe()
    await phone.provision()
    return keys


async def examined(folder: Path, backend: RecordingBackend, settings: Settings) -> None:
    stream = io.StringIO()
    with tempfile.TemporaryFile("w+") as lines, everything_logged(stream):
        config = LogConfig(access=AccessLines.FULL, level=Level.DEBUG)
        access = AccessLog(config, lines)
        users = {"ann": CANARY, "bob": CANARY} if settings.user_source is UserSource.LOCAL else None
        async with serving(folder, backend, users=users, settings=settings, access=access) as gateway:
            keys = await a_day(gateway, backend)
            trail = str(gateway.made.audit.query())
        access.flush()
        size = os.fstat(lines.fileno()).st_size
        logged = os.pread(lines.fileno(), size, 0)
    secrets = [CANARY, OTHER, *ENCODED]
    assert logged.count(b"\n") > 10
    assert found(logged, [*secrets, *keys]) == []
    assert found(stream.getvalue().encode(), [*secrets, *keys]) == []
    assert found(trail.encode(), [*secrets, *keys]) == []
    assert found(database(folder), secrets) == []


async def test_no_password_of_the_built_in_directory_is_anywhere(
    tmp_path: Path, backend: RecordingBackend
) -> None:
    await examined(tmp_path, backend, Settings(user_source=UserSource.LOCAL))


async def test_no_password_of_a_backend_s_user_is_anywhere(tmp_path: Path, backend: RecordingBackend) -> None:
    backend.script = of(mail_server, ann=CANARY, bob=CANARY)
    await examined(tmp_path, backend, Settings(user_source=UserSource.BACKEND))


async def test_the_canary_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "usher.db").write_bytes(b"..." + CANARY.encode())
    assert found(database(tmp_path), [CANARY]) == [CANARY]
    stream = io.StringIO()
    with everything_logged(stream):
        logging.getLogger("x").debug("words with %s", CANARY)
    assert found(stream.getvalue().encode(), [CANARY]) == [CANARY]
