"""``usher token`` on the machine's own store (product 7.6)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.desk import Desk, Usher

Asked = Callable[..., Any]
READ = ("--permission", "user:read")


@pytest.fixture
def bob(usher: Usher, acme: str) -> str:
    usher("admin", "create", "bob", "--as", "owner", "--no-password")
    return "bob"


def test_a_token_is_made_listed_used_and_revoked(desk: Desk, usher: Usher, asked: Asked, bob: str) -> None:
    made = asked("token", "create", "CI", "--for", bob, *READ, "--network", "192.0.2.0/24", "--destructive")
    assert made["token"].startswith("usht_")
    assert desk.services.recognition.of(made["token"], "192.0.2.1")
    listed = usher("token", "list", "--everybody").stdout
    assert made["id"] in listed and made["token"] not in listed
    assert asked("token", "list")["items"] == []
    assert asked("token", "show", made["id"])["networks"] == ["192.0.2.0/24"]
    usher("token", "revoke", made["id"])
    assert asked("token", "show", made["id"])["revoked"] is True
    assert desk.services.recognition.of(made["token"], "192.0.2.1") is None


def test_for_people_the_secret_stands_first(usher: Usher, bob: str) -> None:
    told = usher("token", "create", "CI", "--for", bob, "--as", "viewer@acme", "--days", "366").stdout
    assert told.startswith("token ") and "usht_" in told.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "x", *READ), 3),
        (("create", "x", "--for", "bob"), 2),
        (("create", "x", "--for", "bob", *READ, "--days", "367"), 2),
        (("create", "x", "--for", "bob", *READ, "--destructive"), 2),
        (("create", "x", "--for", "bob", "--permission", "fly"), 2),
        (("create", "x", "--for", "bob", "--permission", "wipe:full", "--network", "::/0"), 4),
        (("show", "t-none"), 3),
        (("revoke", "t-none"), 3),
    ],
)
def test_what_is_refused(usher: Usher, bob: str, arguments: tuple[str, ...], code: int) -> None:
    usher("token", *arguments, code=code)
