"""The log: one JSON object a line, without a secret in it (house.md 4 step 9, T28).

Ordinary lines go through ``logging``; ``Formatter`` masks whatever looks like a credential, tracebacks too.
The access line is on the hot path, so it goes past ``logging`` into a buffer, written a few times a second.
``background`` stands here because a task whose failure nobody would read is an error of logging.
"""

import asyncio
import json
import logging
import os
import re
import sys
import time
from collections.abc import Coroutine
from typing import Any, TextIO

from gateway.config import AccessLines, LogConfig
from mdm.device import DeviceKey

MASK = "***"
FLUSH_AFTER_S = 0.25
FLUSH_AT_LINES = 256
SENSITIVE = re.compile(r"authorization|password|passwd|secret|token|policy_?key|cookie|body", re.IGNORECASE)
SCHEME = re.compile(r"\b(basic|bearer|digest|negotiate)(\s+)[A-Za-z0-9+/=_.~-]+", re.IGNORECASE)
PAIR = re.compile(
    r"(?P<key>[\w.-]*(?:authorization|password|passwd|secret|token|policy_?key|cookie)[\w.-]*"
    r"[\"']?\s*[:=]\s*)(?P<value>b?\"[^\"]*\"|b?'[^']*'|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
USERINFO = re.compile(r"(://[^/\s:@]+:)[^@\s/]+@")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_background: set[asyncio.Task[Any]] = set()
_logger = logging.getLogger("usher")


NO_CREDENTIALS, UNAUTHENTICATED = "no credentials", "unauthenticated"
"""Verdicts of a 401: what every client does first, and what a guesser does again and again. A filter for
fail2ban (``deploy/fail2ban``) tells them apart by these words."""


class Trace:
    """What a request is known by in the log; made by the middleware, filled in by whoever learns more.

    Attributes:
        request_id: unique in this worker's life; also the answer's ``X-Request-Id``.
        client: address of the asker, behind the trusted proxies.
        device: partnership, once known; its DeviceId is shown masked.
        command: ActiveSync command or the discovery format.
        verdict: how the gatekeeper decided, in a word.
    """

    __slots__ = ("client", "command", "device", "request_id", "verdict")

    def __init__(self, request_id: str, client: str) -> None:
        self.request_id = request_id
        self.client = client
        self.device: DeviceKey | None = None
        self.command = ""
        self.verdict = ""


def masked(device_id: str) -> str:
    """A DeviceId that an administrator can recognise and a reader of the log cannot use."""
    return f"{device_id[:4]}{MASK}{device_id[-2:]}" if len(device_id) > 8 else MASK


def scrub(text: str) -> str:
    """``text`` with everything masked that looks like a credential."""
    text = SCHEME.sub(rf"\1\2{MASK}", text)
    return USERINFO.sub(rf"\1{MASK}@", PAIR.sub(rf"\g<key>{MASK}", text))


def _scrubbed(name: str, value: Any) -> Any:
    if SENSITIVE.search(name):
        return MASK
    if isinstance(value, dict):
        return {str(key): _scrubbed(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed("", item) for item in value]
    return value if isinstance(value, bool | int | float) or value is None else scrub(str(value))


class Formatter(logging.Formatter):
    """A record as one JSON object, or as one line for people; fields of ``extra`` are part of it."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: _scrubbed(name, value) for name, value in vars(record).items() if name not in STANDARD}
        line: dict[str, Any] = {
            "time": _stamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
            **extra,
        }
        if record.exc_info:
            line["error"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line) if self._as_json else _for_people(line)


def _for_people(line: dict[str, Any]) -> str:
    error = line.pop("error", None)
    head = " ".join(str(line.pop(key)) for key in ("time", "level", "message"))
    line.pop("logger")
    rest = "".join(f" {name}={value!r}" for name, value in line.items())
    return _one_line(head + rest) + (f"\n{_lines(error)}" if error else "")


def _one_line(text: str) -> str:
    """``text`` with every character spelled out that a terminal would obey (T22, T23)."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _lines(text: str) -> str:
    return "\n".join(_one_line(line) for line in text.split("\n"))


def _stamp(at: float) -> str:
    whole = int(at)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int((at - whole) * 1000):03d}Z"


def setup(config: LogConfig) -> None:
    """Send every log line of this process to standard error; call once in each process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(as_json=config.json))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config.level.value.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class AccessLog:
    """One line for each request that the settings ask for, buffered, written by the event loop.

    Attributes:
        enabled: False when no request at all is to be recorded, so that callers save the call.
    """

    def __init__(self, config: LogConfig, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._json = config.json
        self._good_one_in = {
            AccessLines.FULL: 1,
            AccessLines.SAMPLED: config.sample,
            AccessLines.ERRORS: 0,
            AccessLines.OFF: 0,
        }[config.access]
        self.enabled = config.access is not AccessLines.OFF
        self._seen = 0
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def record(self, trace: Trace, status: int, sent: int, seconds: float) -> None:
        """Note a finished request: ``sent`` bytes of body, ``seconds`` from its head to its end.

        ``status`` is 0 when the client left before an answer: what phones do with a Ping when they sleep.
        """
        if 200 <= status < 300 or not status:
            self._seen += 1
            if not self._good_one_in or self._seen % self._good_one_in:
                return
        self._lines.append(self._line(trace, status, sent, seconds))
        if len(self._lines) >= FLUSH_AT_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)

    def _line(self, trace: Trace, status: int, sent: int, seconds: float) -> str:
        device = trace.device
        line = {
            "time": _stamp(time.time()),
            "level": "info",
            "logger": "usher.access",
            "request": trace.request_id,
            "client": trace.client,
            "user": device.user if device else "",
            "device": masked(device.device_id) if device else "",
            "command": trace.command,
            "verdict": trace.verdict,
            "status": status,
            "bytes": sent,
            "ms": round(seconds * 1000, 1),
        }
        if self._json:
            return json.dumps(line)
        return _one_line(" ".join(f"{name}={value}" for name, value in line.items() if name != "logger"))

    def flush(self) -> None:
        """Write what is buffered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            data = ("\n".join(self._lines) + "\n").encode("ascii", "backslashreplace")
            self._lines.clear()
            _write_all(self._stream.fileno(), data)


def _write_all(fd: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:  # the reader of our log has gone; serving goes on
        return


def background(work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
    """Run ``work`` beside its caller: the task is kept until it ends, and its failure is logged."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _background.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _background.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("background task failed: %s", task.get_name(), exc_info=error)
