"""``usher domain`` (product 1, 7.4)."""

from collections.abc import Callable
from typing import Any

from tests.support.desk import Usher


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    assert usher("domain", "add", acme, "ACME.test").stdout == "added acme.test\n"
    assert usher("domain", "default", acme, "acme.test").stdout == "acme.test is the default\n"
    assert usher("domain", "list", acme).stdout.splitlines() == [
        "DOMAIN        DEFAULT  BACKEND",
        "acme.example  no",
        "acme.test     yes",
    ]
    usher("domain", "remove", acme, "acme.example")
    assert usher("domain", "route", acme, "acme.test", "other").stdout == "acme.test goes to other\n"
    (shown,) = asked("domain", "list", acme)["items"]
    assert (shown["name"], shown["default"], shown["backend"]) == ("acme.test", True, "other")
    assert "of its organisation" in usher("domain", "route", acme, "acme.test").stdout
    usher("domain", "route", acme, "acme.test", "nowhere", code=2)


def test_exit_codes(usher: Usher, ann: str, acme: str) -> None:
    usher("domain", "remove", acme, "acme.example", code=4)
    usher("domain", "remove", acme, "nowhere.example", code=3)
    usher("domain", "add", acme, "no domain", code=2)
    usher("domain", "add", acme, "acme.example", code=4)
    usher("domain", "list", "nobody", code=3)
