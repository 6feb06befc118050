"""``usher user app-passwords``."""

from collections.abc import Callable
from typing import Any

from gateway.records.app_passwords import AppPassword
from tests.support.desk import Desk, Usher
from tests.support.stores import NOON
from tests.support.world import ADMIN, PASSWORD


def test_they_are_listed_and_revoked(desk: Desk, usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    bob = desk.services.users.create(ADMIN, acme, "bob@acme.example", password=PASSWORD)
    with desk.services.store.write() as transaction:
        made = AppPassword("k-1", bob.organisation, bob.id, "Bob's phone", "d" * 64, NOON)
        transaction.app_passwords.add(made)
    assert "Bob's phone" in usher("user", "app-passwords", "list", "bob@acme.example").output
    shown = asked("user", "app-passwords", "list", "bob@acme.example")
    assert [each["id"] for each in shown["items"]] == ["k-1"]
    said = usher("user", "app-passwords", "revoke", "bob@acme.example", "k-1", "--reason", "lost").output
    assert said == "revoked k-1\n"
    assert desk.services.app_passwords.list(bob.id) == []
    usher("user", "app-passwords", "revoke", "bob@acme.example", "k-1", code=3)


def test_nobody_has_none(usher: Usher, acme: str) -> None:
    usher("user", "app-passwords", "list", "nobody@acme.example", code=3)
