"""kill -9 between an act and its audit record, and at each step of an archive, on every database (T26).

An act without its record is undone, a record without its act as well; what is archived is in the file, in the
database or in both, and never in neither.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.chance import Secrets
from gateway.cli.audit_files import ArchiveFile
from gateway.errors import GatewayError
from gateway.records import ARCHIVE, AuditTag
from gateway.services.audit_archiving import AuditArchiving
from gateway.services.audit_files import FileInspection
from gateway.store import DatabaseStore, open_store
from gateway.store import audit as audit_store
from gateway.store.audit_chain import ChainRows
from mdm.device import DeviceKey, DeviceState, WipeKind
from tests.support.stores import NOON, store, store_url
from tests.support.trails import WHO, Trail, signer
from tests.support.world import ADMIN, World

__all__ = ["store", "store_url"]
FORK = multiprocessing.get_context("fork")
SIZE = 6
BEFORE = NOON + timedelta(seconds=4.5)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(owner: Any, name: str, when: str) -> None:
    """Let a method be the last thing that this process does."""
    real = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            die()
        outcome = real(*arguments, **named)
        if when == "after":
            die()
        return outcome

    setattr(owner, name, call)


def killed(target: Any, *arguments: Any) -> None:
    process = FORK.Process(target=target, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, "it did not die where it should"


def _order(url: str, key: DeviceKey, when: str) -> None:
    deadly(audit_store.AuditRows, "append_all", when)
    World(open_store(url), keys=Secrets()).devices.require_wipe(ADMIN, key, WipeKind.DEVICE)  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_act_and_its_record_are_one(store_url: str, store: DatabaseStore, when: str) -> None:
    """Before: the device is changed and the record not written yet; after: both, and neither committed."""
    world = World(store, keys=Secrets())  # type: ignore[arg-type]
    world.organisation()
    key = world.phone(world.user()).key
    before = world.trail()
    killed(_order, store_url, key, when)
    device = world.devices.get(key)
    assert device is not None and device.state is not DeviceState.WIPE_REQUIRED
    assert world.trail() == before
    world.devices.require_wipe(ADMIN, key, WipeKind.DEVICE)
    world.devices.cancel_wipe(ADMIN, key)
    tags = [record.tag for record in world.trail()]
    assert tags[-2:] == [AuditTag.WIPE_REQUIRED, AuditTag.WIPE_CANCELLED], "cancelling leaves its record"
    assert Trail(store).verified().sound


class DeadlyPaper(ArchiveFile):
    """Dies while it is written, when it is on the disk, or while it is read back."""

    def __init__(self, path: Path, when: str) -> None:
        super().__init__(path)
        self._when = when

    def write(self, lines: Iterable[str]) -> None:
        super().write(self._interrupted(lines) if self._when == "writing" else lines)
        if self._when == "written":
            die()

    def read(self) -> Iterator[str]:
        for line in super().read():
            if self._when == "reading":
                die()
            yield line

    def _interrupted(self, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines):
            if number == 2:
                die()
            yield line


def _archive(url: str, path: Path, when: str) -> None:
    store = open_store(url)
    if when in ("marking", "marked"):
        deadly(ChainRows, "add_seal", "before" if when == "marking" else "after")
    if when in ("removing", "removed"):
        deadly(ChainRows, "remove", "before" if when == "removing" else "after")
    AuditArchiving(store, Trail(store).clock, signer).archive(WHO, BEFORE, DeadlyPaper(path, when))


@pytest.mark.parametrize(
    "when", ["writing", "written", "reading", "marking", "marked", "removing", "removed"]
)
def test_an_archive_that_was_cut_off_loses_nothing(
    store_url: str, store: DatabaseStore, tmp_path: Path, when: str
) -> None:
    signer()
    trail, path = Trail(store), tmp_path / "old.jsonl"
    trail.write(SIZE)
    trail.checkpoint()
    killed(_archive, store_url, path, when)
    archived = when in ("removing", "removed")
    with store.read() as transaction:
        there = [each.sequence for each in transaction.audit.query()]
        assert bool(transaction.audit_chain.seals(ARCHIVE)) is archived
    assert there[:SIZE] == list(range(1, SIZE + 1)), "removed, and not committed"
    assert trail.verified().sound
    if archived:
        report = FileInspection(signer()).report(ArchiveFile(path).read())
        assert report.sound and report.sealed == 4
    _go_on(trail, tmp_path)


def _go_on(trail: Trail, folder: Path) -> None:
    """The next one finishes what was begun, or does it all."""
    made, path = AuditArchiving(trail.store, trail.clock, signer), folder / "next.jsonl"
    try:
        made.archive(WHO, BEFORE, ArchiveFile(path))
    except GatewayError:
        assert not path.exists()
    with trail.store.read() as transaction:
        assert [each.sequence for each in transaction.audit.query()] == [5, 6, 7]
        assert transaction.audit.query(tag=AuditTag.AUDIT_ARCHIVED)[0].sequence == 7
    assert trail.verified().sound
