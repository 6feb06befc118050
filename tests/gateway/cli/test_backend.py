"""``usher backend`` (product 7.4)."""

from collections.abc import Callable
from typing import Any

from tests.support.desk import Usher


def test_the_mail_servers_are_listed(asked: Callable[..., Any], acme: str) -> None:
    found = asked("backend", "list")["items"]
    assert [(each["name"], each["organisations"]) for each in found] == [("default", [acme]), ("other", [])]


def test_one_that_does_not_answer_fails_the_command(usher: Usher) -> None:
    assert "default does not answer" in usher("backend", "test", "default", code=1).output
    assert "no such backend" in usher("backend", "test", "nowhere", code=3).output
