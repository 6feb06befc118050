"""research/perf.md 8.6 and 8.7: a killed worker and a stop with requests parked, bare and ours."""

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import service
from tests.support.serving import exchange, heard, listening, post

BARE = """
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/park":
        await asyncio.sleep(3600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""


async def pid(port: int) -> int:
    """Which worker answers on ``port``; 0 when none does."""
    try:
        answer = await exchange(port, post(b"/pid"), patience=10)
    except ConnectionError:
        return 0
    return int(answer.rsplit(b" ", 1)[-1]) if answer.startswith(b"HTTP/1.1 200") else 0


async def pids(port: int, count: int) -> set[int]:
    """The workers behind ``port``; asks until it has met ``count`` of them."""
    seen: set[int] = set()
    for _ in range(400):
        seen |= {number for number in await asyncio.gather(*(pid(port) for _ in range(4))) if number}
        if len(seen) >= count:
            break
    return seen


async def parked(port: int, path: bytes = b"/park") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(path))
    await asyncio.sleep(0.2)
    return reader, writer


@contextlib.contextmanager
def bare_hypercorn(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (tmp_path / "bare.py").write_text(BARE)
    sock = listening()
    port = sock.getsockname()[1]
    sock.close()
    command = [
        sys.executable,
        "-m",
        "hypercorn",
        "-w",
        "2",
        "-k",
        "uvloop",
        "-b",
        f"127.0.0.1:{port}",
        "bare:app",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def bare_worker(port: int) -> int:
    """The pid of a worker of bare Hypercorn, once it has started."""
    for _ in range(100):
        with contextlib.suppress(ConnectionError):
            answer = await exchange(port, post(b"/pid"), patience=2)
            if answer.startswith(b"HTTP/1.1 200"):
                return int(answer.partition(b"\r\n\r\n")[2].split(b"\r\n")[1])
        await asyncio.sleep(0.1)
    raise AssertionError("Hypercorn did not start")


async def test_bare_hypercorn_stops_for_one_killed_worker_and_calls_it_success(tmp_path: Path) -> None:
    with bare_hypercorn(tmp_path) as (process, port):
        os.kill(await bare_worker(port), signal.SIGKILL)
        assert await asyncio.to_thread(process.wait, 15) == 0


async def test_bare_hypercorn_cuts_parked_requests(tmp_path: Path) -> None:
    with bare_hypercorn(tmp_path) as (process, port):
        await bare_worker(port)
        reader, writer = await parked(port)
        process.send_signal(signal.SIGTERM)
        answer = await heard(reader, patience=8)
        writer.close()
    assert not answer.startswith(b"HTTP/1.1 503")


async def test_a_killed_worker_is_replaced_and_the_others_serve_on() -> None:
    with service() as running:
        before = await pids(running.ports["plain"], 2)
        reader, writer = await parked(running.ports["plain"])
        assert len(before) == 2
        victim = idle_of(before)
        os.kill(victim, signal.SIGKILL)
        assert await pid(running.ports["plain"])
        after = await pids(running.ports["plain"], 2)
        assert len(after) == 2 and victim not in after
        assert running.process.poll() is None
        assert running.stop() == 0
        assert b"503" in await heard(reader)
        writer.close()


def idle_of(workers: set[int]) -> int:
    """The worker that does not hold the parked connection."""
    counts = {number: len(list(Path(f"/proc/{number}/fd").iterdir())) for number in workers}
    return min(counts, key=lambda number: counts[number])


def any_lives(workers: list[int]) -> bool:
    return any(Path(f"/proc/{number}").exists() for number in workers)


async def test_the_admin_worker_is_a_process_of_its_own() -> None:
    with service(workers=1) as running:
        admin = await pid(running.ports["admin"])
        client = await pid(running.ports["plain"])
        assert admin != client
        assert await pid(running.ports["redirect"]) == client
        os.kill(admin, signal.SIGKILL)
        assert await pid(running.ports["plain"]) == client
        assert (await pids(running.ports["admin"], 1)) - {admin}


async def test_a_stop_ends_parked_requests_in_their_own_way_and_at_once() -> None:
    with service(grace=30) as running:
        waiting = [await parked(running.ports["plain"]) for _ in range(3)]
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", running.ports["plain"])
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 15  # half of the grace
        for reader, writer in waiting:
            answer = await heard(reader)
            assert answer.startswith(b"HTTP/1.1 503") and answer.endswith(b"come back")
            writer.close()
        assert await heard(idle_reader) == b""
        idle_writer.close()


async def test_a_request_that_never_ends_is_cut_when_the_grace_is_over() -> None:
    with service(grace=1, workers=1) as running:
        _, writer = await parked(running.ports["plain"], b"/hang")
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began > 0.9
        writer.close()


async def test_a_second_signal_kills() -> None:
    with service(grace=60, workers=1) as running:
        _, writer = await parked(running.ports["plain"], b"/hang")
        began = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        assert running.process.poll() is None
        assert running.stop() == 0  # two of one kind may arrive as one
        assert time.monotonic() - began < 30  # half of the grace
        writer.close()


@pytest.mark.parametrize("when", ["prepare", "start"])
def test_a_start_that_fails_ends_with_an_error(when: str) -> None:
    with service(ready=False, fail=when) as running:
        assert running.process.wait(15) == 1


async def test_a_service_whose_workers_cannot_be_started_again_ends_with_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with service(workers=1, broken=str(broken), impatient=True) as running:
        victim = await pid(running.ports["plain"])
        broken.touch()
        os.kill(victim, signal.SIGKILL)
        assert await asyncio.to_thread(running.process.wait, 30) == 1


async def test_a_service_waits_for_what_a_worker_lacks_to_come_back(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with service(workers=1, broken=str(broken)) as running:
        victim = await pid(running.ports["plain"])
        broken.touch()
        os.kill(victim, signal.SIGKILL)
        await asyncio.sleep(0.5)
        broken.unlink()
        assert await pids(running.ports["plain"], 1)
        assert running.stop() == 0


async def test_workers_do_not_outlive_their_supervisor() -> None:
    with service() as running:
        workers = running.children()
        assert len(workers) == 3
        running.process.kill()
        running.process.wait()
        for _ in range(300):
            if not any_lives(workers):
                break
            await asyncio.sleep(0.1)
        assert not any_lives(workers)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
async def test_workers_become_the_user_they_are_told_to_be() -> None:
    with service(workers=1, run_as="nobody") as running:
        for number in (running.process.pid, await pid(running.ports["plain"])):
            status = status_of(number)
            assert set(status["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}
            assert "0" not in status["Gid"].split() + status["Groups"].split()


async def test_workers_may_open_as_many_files_as_the_system_allows() -> None:
    with service(workers=1) as running:
        limits = Path(f"/proc/{await pid(running.ports['plain'])}/limits")
        soft, hard = next(line.split()[3:5] for line in lines_of(limits) if line.startswith("Max open files"))
        assert soft == hard


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def status_of(number: int) -> dict[str, str]:
    return dict(line.split(":", 1) for line in lines_of(Path(f"/proc/{number}/status")))


async def test_every_worker_gets_its_share() -> None:
    with service(workers=3) as running:
        assert len(await pids(running.ports["plain"], 3)) == 3


def test_nothing_is_bound_any_more_after_the_stop() -> None:
    with service(workers=1) as running:
        port = running.ports["plain"]
        assert running.stop() == 0

    async def connect() -> None:
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(connect())
