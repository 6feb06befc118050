"""The built-in directory."""

import time
from dataclasses import replace

import pytest

from gateway.directory.local import LocalPasswords
from gateway.records import User, UserSource
from tests.support.stores import user


@pytest.fixture(scope="module")
def ann() -> User:
    return replace(user(), password_hash=LocalPasswords().hash("Correct-Horse-1"))


def test_a_local_user_signs_in(ann: User) -> None:
    assert LocalPasswords().verify(ann, "Correct-Horse-1")
    assert not LocalPasswords().verify(ann, "Correct-Horse-2")


def test_nobody_and_users_of_other_sources_never_do(ann: User) -> None:
    assert not LocalPasswords().verify(None, "Correct-Horse-1")
    assert not LocalPasswords().verify(replace(ann, source=UserSource.BACKEND), "Correct-Horse-1")
    assert not LocalPasswords().verify(replace(ann, password_hash=None), "Correct-Horse-1")


def test_nobody_takes_as_long_as_somebody(ann: User) -> None:
    def cost(who: User | None) -> float:
        best = 9.0
        for _ in range(5):
            started = time.thread_time()
            LocalPasswords().verify(who, "wrong")
            best = min(best, time.thread_time() - started)
        return best

    known, unknown = cost(ann), cost(None)
    assert 0.5 < known / unknown < 2


def test_a_hash_of_anybody_is_checked_likewise(ann: User) -> None:
    assert LocalPasswords().matches("Correct-Horse-1", ann.password_hash)
    assert not LocalPasswords().matches("Correct-Horse-2", ann.password_hash)
    assert not LocalPasswords().matches("Correct-Horse-1", None)
