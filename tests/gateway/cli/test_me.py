"""``usher me`` on the machine itself, which has no account; with one: ``test_login`` (product 7.7)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.desk import Usher


def test_the_machine_is_told_what_it_is(asked: Callable[..., Any], usher: Usher) -> None:
    found = asked("me", "show")
    assert (found["name"][:4], found["account"]) == ("cli:", None)
    assert "wipe:full" in usher("me", "show").stdout
    assert asked("me", "sessions") == {"items": []}
    assert usher("me", "sessions").stdout.startswith("SESSION")


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (("second-factor",), ""),
        (("recovery-codes",), ""),
        (("password",), "x\nAnother-Horse-2\nAnother-Horse-2\n"),
    ],
)
def test_and_has_nothing_to_change(usher: Usher, command: tuple[str, ...], typed: str) -> None:
    assert "Sign in" in usher("me", *command, typed=typed, code=4).stderr


def test_nor_a_session_to_end(usher: Usher) -> None:
    usher("me", "end-session", "s-none", code=3)
    assert "Sign in" in usher("confirm", typed="123456\n", code=4).stderr
