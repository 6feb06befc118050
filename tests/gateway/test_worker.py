"""The background life of a process: hearing, silence, recovery, and contacts written behind (house.md 4a)."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Change, Contact, Scope
from gateway.services.snapshots import Known, OrganisationView, Snapshots
from gateway.worker import Bell, Rounds, Watch, Woken, WriteBehind
from mdm.ashttp import Version
from mdm.policy import DEFAULT
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.inhabited import outage
from tests.support.stores import ACME, device, user

CHANGE = Change(Scope.DEVICE, ACME.id, user().id, "PHONE1")


class Gap(Exception):
    """Rows are missing."""


class Scripted:
    """A feed that says what it is told to; each step is changes, an error, or None for silence."""

    def __init__(self, *steps: Sequence[Change] | Exception | None) -> None:
        self.steps = list(steps)
        self.closed = threading.Event()
        self.over = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        if not self.steps:
            self.over.set()
            self.closed.wait(0.02)
            return False
        return self.steps[0] is not None or self.steps.pop(0) is not None

    def read(self) -> Sequence[Change]:
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        assert step is not None
        return step

    def close(self) -> None:
        self.closed.set()


class Heard:
    """What the loop was told, and by which thread."""

    def __init__(self, *feeds: Scripted | Exception) -> None:
        self.told: list[object] = []
        self.threads: set[int] = set()
        self.snapshots = Snapshots()
        self._feeds: Iterator[Scripted | Exception] = iter(feeds)
        self.watch = Watch(self._open, self.snapshots, self._changed, self._lost, Gap)

    def _open(self) -> Scripted:
        feed = next(self._feeds)
        if isinstance(feed, Exception):
            raise feed
        return feed

    def _changed(self, changes: Sequence[Change]) -> None:
        self.threads.add(threading.get_ident())
        self.told.append(list(changes))

    def _lost(self) -> None:
        self.threads.add(threading.get_ident())
        self.told.append("lost")


async def listen(heard: Heard, done: Callable[[], bool]) -> None:
    heard.watch.start()
    try:
        await until(done)
    finally:
        heard.watch.stop()


async def test_changes_reach_the_loop_after_the_snapshots_dropped_them() -> None:
    heard = Heard(Scripted([CHANGE], None, [CHANGE, CHANGE]))
    known = Known(device(), user(), OrganisationView(ACME, DEFAULT))
    heard.watch._gone = lambda: heard.told.append("opened")  # type: ignore[method-assign]
    heard.snapshots.put(known, heard.snapshots.mark())
    await listen(heard, lambda: len(heard.told) == 3)
    assert heard.told == ["opened", [CHANGE], [CHANGE, CHANGE]]
    assert heard.threads == {threading.get_ident()}
    assert len(heard.snapshots) == 0


async def test_opening_means_that_everything_is_read_anew() -> None:
    heard = Heard(Scripted())
    heard.snapshots.put(Known(device(), user(), OrganisationView(ACME, DEFAULT)), 0)
    await listen(heard, lambda: heard.told == ["lost"])
    assert len(heard.snapshots) == 0
    assert heard.snapshots.trusted(time.monotonic())


async def test_silence_keeps_the_snapshots_trusted() -> None:
    feed = Scripted()
    heard = Heard(feed)
    await listen(heard, lambda: feed.over.is_set() and heard.snapshots.trusted(time.monotonic()))
    assert heard.told in ([], ["lost"])


async def test_a_gap_means_that_everything_is_read_anew_and_the_feed_goes_on() -> None:
    heard = Heard(Scripted([CHANGE], Gap(), [CHANGE]))
    await listen(heard, lambda: len(heard.told) == 4)
    assert heard.told == ["lost", [CHANGE], "lost", [CHANGE]]


async def test_a_database_that_does_not_answer_is_asked_again_and_says_nothing_meanwhile() -> None:
    feed = Scripted(GatewayError(Kind.UNAVAILABLE), GatewayError(Kind.UNAVAILABLE), [CHANGE])
    heard = Heard(GatewayError(Kind.UNAVAILABLE), feed)
    began = time.monotonic()
    await listen(heard, lambda: len(heard.told) == 2)
    assert heard.told == ["lost", [CHANGE]]
    assert time.monotonic() - began > 0.5


async def test_a_feed_that_fails_is_opened_anew(caplog: pytest.LogCaptureFixture) -> None:
    broken = Scripted(RuntimeError("what nobody thought of"))
    heard = Heard(broken, Scripted([CHANGE]))
    with caplog.at_level(logging.ERROR):
        await listen(heard, lambda: len(heard.told) == 3)
    assert heard.told == ["lost", "lost", [CHANGE]]
    assert "opened anew" in caplog.text
    assert broken.closed.is_set()


async def test_a_feed_that_cannot_even_be_closed_is_opened_anew() -> None:
    class Stuck(Scripted):
        def close(self) -> None:
            raise RuntimeError("gone already")

    heard = Heard(Stuck(RuntimeError("broken")), Scripted([CHANGE]))
    await listen(heard, lambda: len(heard.told) == 3)
    assert heard.told == ["lost", "lost", [CHANGE]]


async def test_stopping_closes_the_feed_and_tells_nobody_any_more() -> None:
    feed = Scripted()
    heard = Heard(feed)
    await listen(heard, lambda: heard.told == ["lost"])
    await asyncio.to_thread(feed.closed.wait, 2)
    assert feed.closed.is_set()
    feed.steps.append([CHANGE])
    await asyncio.sleep(0.1)
    assert heard.told == ["lost"]


class Written:
    """Takes batches; may refuse."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Contact]] = []
        self.refuses = False

    async def __call__(self, contacts: Sequence[Contact]) -> None:
        if self.refuses:
            raise GatewayError(Kind.UNAVAILABLE)
        self.batches.append(contacts)


def note(snapshots: Snapshots, name: str = "PHONE1") -> None:
    known = Known(device(name), user(), OrganisationView(ACME, DEFAULT))
    snapshots.note(known, 1000.0, "192.0.2.1", "phone", Version.V16_1, True)


async def test_contacts_are_written_in_batches_and_at_the_end() -> None:
    snapshots, written = Snapshots(), Written()
    behind = WriteBehind(snapshots, written, every_s=0.05)
    behind.start()
    note(snapshots)
    note(snapshots, "PHONE2")
    await until(lambda: len(written.batches) == 1)
    assert len(written.batches[0]) == 2
    await asyncio.sleep(0.15)
    assert len(written.batches) == 1
    note(snapshots)
    await behind.stop()
    assert len(written.batches) == 2
    note(snapshots)
    await asyncio.sleep(0.1)
    assert len(written.batches) == 2


async def test_what_the_database_refuses_is_lost_and_said(caplog: pytest.LogCaptureFixture) -> None:
    snapshots, written = Snapshots(), Written()
    written.refuses = True
    behind = WriteBehind(snapshots, written, every_s=0.02)
    behind.start()
    note(snapshots)
    await until(lambda: "1 last contacts were not written" in caplog.text)
    written.refuses = False
    note(snapshots)
    await until(lambda: len(written.batches) == 1)
    await behind.stop()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GatewayError(Kind.UNAVAILABLE, "away"), "chore: "),
        (ValueError("ours"), "chore failed"),
        (ExceptionGroup("several", [OSError("theirs")]), "chore failed"),
    ],
    ids=["expected", "ours", "several"],
)
async def test_no_accident_ends_the_rounds(
    caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done < 3:
            raise error

    rounds = Rounds(work, every_s=0.01, name="chore")
    rounds.start()
    await until(lambda: done > 3)
    rounds.stop()
    assert caplog.text.count(said) == 2


async def test_a_real_feed_falls_silent_with_its_database_and_recovers(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    phone = await gateway.enrolled()
    await phone.folder_sync()
    trusted = gateway.app.snapshots.trusted
    with outage(gateway.config.store.directory):
        await until(lambda: not trusted(time.monotonic()), 5)
        assert (await phone.folder_sync()).status == 1
    await until(lambda: trusted(time.monotonic()))
    async with gateway.hears():
        gateway.wipe()
    assert (await phone.folder_sync()).status == 140


async def test_a_bell_rings_for_everything_that_is_committed_and_for_nothing_else() -> None:
    feed = Scripted()
    bell = Bell(lambda: feed, Gap)
    rung, left = bell.listen(), bell.listen()
    bell.leave(left)
    bell.start()
    try:
        await until(rung.is_set)
        rung.clear()
        await until(feed.over.is_set)
        assert not rung.is_set()
        for step in ([], [CHANGE], Gap()):
            feed.steps.append(step)
            await until(rung.is_set)
            rung.clear()
    finally:
        bell.stop()
    assert not left.is_set()


async def test_woken_rounds_come_at_once_at_each_ring_and_in_between() -> None:
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise RuntimeError("the next one comes all the same")

    bell = Bell(Scripted, Gap)
    woken = Woken(work, 3600, bell, name="test")
    woken.start()
    await until(lambda: rounds == 1)
    for expected in (2, 3):
        bell._gone()
        await until(lambda: rounds == expected)  # noqa: B023 - awaited before it changes
    woken.stop()
    often = Woken(work, 0.01, bell, name="test")
    often.start()
    await until(lambda: rounds > 6)
    often.stop()
