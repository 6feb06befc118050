"""``usher notice`` (product 7.9)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.desk import Usher

DESK = "desk@acme.example"


@pytest.mark.parametrize("place", ((), ("--org", "acme")))
def test_an_address_is_told_something(
    usher: Usher, asked: Callable[..., Any], acme: str, place: tuple[str, ...]
) -> None:
    told = usher("notice", "set", DESK, "wipe progress", "backend impaired", *place).stdout
    assert told == f"{DESK} is told of: wipe progress, backend impaired\n"
    assert asked("notice", "list", *place)["items"][0]["kinds"] == ["wipe progress", "backend impaired"]
    assert len(asked("notice", "set", DESK, "--all", *place)["kinds"]) == 7
    assert DESK in usher("notice", "list", *place).stdout
    assert "on its way" in usher("notice", "test", DESK, *place).stdout
    assert "test" in usher("notice", "letters", *place).stdout
    usher("notice", "set", DESK, "--none", *place)
    usher("notice", "test", DESK, *place, code=3)


def test_what_is_unclear_is_refused(usher: Usher) -> None:
    usher("notice", "set", DESK, code=2)
    usher("notice", "set", DESK, "wipe progress", "--none", code=2)
    usher("notice", "set", DESK, "rumours", code=2)
    usher("notice", "set", "nobody", "wipe progress", code=2)
