"""A small service under the real supervisor, to be run as a process and to be mistreated.

Prints one JSON line with the ports, then ``ready``. Options are given as JSON: workers, grace, fail
(``prepare`` or ``start``), certificate, key, run_as,
``broken`` (no worker starts while this file exists) and ``impatient`` (no pause before a new start).
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gateway.config import AccessLines, Address, Admin, Config, Limits, Listen, LogConfig, StoreConfig, Tls

HERE = Path(__file__).parent.parent.parent


def config(options: dict[str, Any]) -> Config:
    here = (Address("127.0.0.1", 0),)
    certificate, key = options.get("certificate", ""), options.get("key", "")
    return Config(
        public_host="gateway.example",
        listen=Listen(
            clients=here if certificate else (),
            plain=here,
            redirect=here,
            admin=here,
            workers=options.get("workers", 2),
            run_as=options.get("run_as", ""),
        ),
        tls=Tls(Path(certificate), Path(key)) if certificate else Tls(),
        limits=replace(Limits(), stop_grace_s=options.get("grace", 5)),
        store=StoreConfig(),
        backends=MappingProxyType({}),
        log=LogConfig(access=AccessLines.OFF),
        admin=Admin(),
    )


class App:
    """``/pid`` says who serves; ``/park`` waits for the drain; ``/hang`` for nothing."""

    def __init__(self, kind: str, options: dict[str, Any]) -> None:
        self._kind = kind
        self._options = options
        self._broken = Path(options.get("broken", "/nowhere"))
        self._draining = asyncio.Event()

    async def start(self) -> None:
        if self._options.get("fail") == "start" or self._broken.exists():
            raise RuntimeError("cannot start")

    async def drain(self) -> None:
        self._draining.set()

    async def close(self) -> None:
        print(f"closed {self._kind}", flush=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/park":
            await self._draining.wait()
            await self._respond(send, 503, b"come back")
        elif scope["path"] == "/hang":
            await asyncio.sleep(3600)
        else:
            await self._respond(send, 200, f"{self._kind} {os.getpid()}".encode())

    async def _respond(self, send: Any, status: int, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main() -> int:
    from gateway.log import setup
    from gateway.serving import supervisor
    from gateway.serving.application import Applications
    from gateway.serving.reloading import ReloadableContext
    from gateway.serving.sockets import bind

    options = json.loads(sys.argv[1])
    if options.get("impatient"):
        supervisor.BACK_OFF_S = (0.0, 0.02)
    settings = config(options)

    def prepare(_: Config) -> None:
        if options.get("fail") == "prepare":
            raise RuntimeError("no database")

    def factory(kind: str) -> Any:
        return lambda _: App(kind, options)

    setup(settings.log)
    sockets = bind(settings.listen)
    ports = {name: getattr(sockets, name)[0].getsockname()[1] for name in ("plain", "redirect", "admin")}
    if sockets.clients:
        ports["clients"] = sockets.clients[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    tls = None
    if settings.tls.certificate and settings.tls.key:
        now = datetime.fromtimestamp(time.time(), UTC)
        tls = ReloadableContext(settings.tls, forced=True, now=now)
    applications = Applications(factory("clients"), factory("redirect"), factory("admin"), prepare)
    return supervisor.Supervisor(
        settings, applications, sockets, tls, lambda: print("ready", flush=True)
    ).run()


class Service:
    """The process, seen from its test."""

    def __init__(self, process: subprocess.Popen[str], ports: dict[str, int]) -> None:
        self.process = process
        self.ports = ports

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self, number: int = signal.SIGTERM, patience: float = 20) -> int:
        self.process.send_signal(number)
        return self.process.wait(patience)


@contextlib.contextmanager
def service(*, ready: bool = True, **options: Any) -> Iterator[Service]:
    """Start it, wait until it serves, and end it whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    assert process.stdout is not None
    try:
        running = Service(process, json.loads(process.stdout.readline()))
        if ready:
            assert process.stdout.readline() == "ready\n"
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
