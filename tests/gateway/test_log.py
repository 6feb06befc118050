"""House 4 step 9, T28: no secret reaches the log; the access line is cheap."""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.config import AccessLines, Level, LogConfig
from gateway.log import FLUSH_AT_LINES, AccessLog, Formatter, Trace, background, masked, scrub, setup
from mdm.device import DeviceKey

DEVICE = DeviceKey("m-1", "u-1", "APPL0123456789AB")


def formatted(message: str, *args: Any, as_json: bool = True, **extra: Any) -> str:
    record = logging.makeLogRecord(
        {"name": "usher.x", "levelname": "INFO", "msg": message, "args": args, **extra}
    )
    return Formatter(as_json=as_json).format(record)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic YW5uYTpnZWhlaW0=",
        "authorization='Bearer geheim'",
        "sent basic YW5uYTpnZWhlaW0= upstream",
        "password=geheim",
        "passwd: geheim",
        '{"Password": "geheim"}',
        "{'X-MS-PolicyKey': 'geheim'}",
        "policy_key=geheim",
        "(b'x-ms-policykey': b'geheim')",
        "Set-Cookie: geheim",
        "client_secret=geheim&x=1",
        "token = geheim",
        "postgresql://usher:geheim@db/usher",
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    for line in (scrub(text), formatted("%s", text), formatted(text.replace("%", "%%"), as_json=False)):
        assert "geheim" not in line and "YW5uYTpnZWhlaW0" not in line


@pytest.mark.parametrize(
    "text", ["Cmd=Sync status 200", "https://a.example/x", "a basic thing", "user anna@a.example"]
)
def test_what_does_not_is_kept(text: str) -> None:
    assert scrub(text).split() == text.split() or "basic" in text


def test_fields_are_masked_by_name_and_by_content() -> None:
    line = json.loads(
        formatted(
            "x", password="geheim", body=b"mail", headers={"Authorization": "Basic Zw==", "n": [1, "a"]}, ms=2
        )
    )
    assert line["password"] == line["body"] == line["headers"]["Authorization"] == "***"
    assert line["headers"]["n"] == [1, "a"] and line["ms"] == 2


def test_a_traceback_is_part_of_its_line_and_masked() -> None:
    try:
        raise ValueError("password=geheim")
    except ValueError as error:
        text = formatted("failed", exc_info=(ValueError, error, error.__traceback__))
    assert "geheim" not in text and "\n" not in text
    assert "ValueError" in json.loads(text)["error"]


def test_nothing_in_a_line_for_people_commands_the_terminal() -> None:
    text = "a\x1b]0;owned\x07\x9b2J\u202eb"
    try:
        raise ValueError(text)
    except ValueError as error:
        failure = (ValueError, error, error.__traceback__)
    line = formatted("%s", text, as_json=False, who=text, exc_info=failure)
    assert all(each.isprintable() for each in line.split("\n"))
    assert "Traceback" in line and line.count("owned") == 3 and "\\x1b" in line


def test_a_line_for_people_stays_one_line() -> None:
    line = formatted("a\nforged\r\nline", as_json=False, who="x\ny")
    assert "\n" not in line and line.endswith("who='x\\ny'")


def test_a_device_id_is_recognised_but_not_told() -> None:
    assert masked(DEVICE.device_id) == "APPL***AB"
    assert masked("SHORT") == "***"


def access(tmp_path: Path, **settings: Any) -> tuple[AccessLog, Path]:
    path = tmp_path / "access"
    return AccessLog(LogConfig(**settings), path.open("w")), path


def trace() -> Trace:
    request = Trace("id1", "192.0.2.1")
    request.device, request.command, request.verdict = DEVICE, "Ping", "forward"
    return request


async def test_the_access_line(tmp_path: Path) -> None:
    log, path = access(tmp_path, access=AccessLines.FULL)
    log.record(trace(), 200, 17, 0.0123)
    log.flush()
    line = json.loads(path.read_text())
    line.pop("time")
    assert line == {
        "level": "info",
        "logger": "usher.access",
        "request": "id1",
        "client": "192.0.2.1",
        "user": "u-1",
        "device": "APPL***AB",
        "command": "Ping",
        "verdict": "forward",
        "status": 200,
        "bytes": 17,
        "ms": 12.3,
    }


@pytest.mark.parametrize(
    ("mode", "good", "bad"),
    [(AccessLines.FULL, 10, 1), (AccessLines.SAMPLED, 2, 1), (AccessLines.ERRORS, 0, 1)],
)
async def test_which_requests_get_a_line(mode: AccessLines, good: int, bad: int, tmp_path: Path) -> None:
    log, path = access(tmp_path, access=mode, sample=5, json=False)
    for _ in range(10):
        log.record(trace(), 200, 0, 0)
    log.record(trace(), 401, 0, 0)
    log.record(trace(), 0, 0, 0)
    log.flush()
    text = path.read_text()
    assert (text.count("status=200"), text.count("status=401")) == (good, bad)
    assert text.count("status=0") == (mode is AccessLines.FULL)


async def test_lines_are_written_soon_and_in_batches(tmp_path: Path) -> None:
    log, path = access(tmp_path, access=AccessLines.FULL)
    log.record(trace(), 200, 0, 0)
    assert path.read_text() == ""
    await asyncio.sleep(0.4)
    assert path.read_text().count("\n") == 1
    for _ in range(FLUSH_AT_LINES):
        log.record(trace(), 200, 0, 0)
    assert path.read_text().count("\n") == 1 + FLUSH_AT_LINES


def test_no_line_at_all(tmp_path: Path) -> None:
    assert not access(tmp_path, access=AccessLines.OFF)[0].enabled


async def test_a_log_that_nobody_reads_disturbs_no_request() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog(LogConfig(access=AccessLines.FULL), os.fdopen(writing, "w"))
    log.record(trace(), 200, 0, 0)
    log.flush()


async def test_a_background_task_that_fails_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("feed broken")

    task = background(fails(), name="feed")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "background task failed: feed" in caplog.text


async def test_a_background_task_that_is_cancelled_is_not(caplog: pytest.LogCaptureFixture) -> None:
    task = background(asyncio.sleep(60), name="wait")
    task.cancel()
    await asyncio.wait([task])
    assert caplog.text == ""


def test_setup_speaks_json_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        setup(LogConfig(level=Level.WARNING))
        logging.getLogger("usher.x").info("quiet")
        logging.getLogger("usher.x").warning("loud", extra={"token": "geheim"})
    finally:
        root.handlers, root.level = before, level
    line = json.loads(capfd.readouterr().err)
    assert (line["message"], line["token"], line["level"]) == ("loud", "***", "warning")
