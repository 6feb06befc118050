"""``usher org`` (product 1, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli.local import os_actor
from tests.support.desk import Desk, Usher


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], desk: Desk) -> None:
    assert "http449" in usher("org", "create", "acme", "--provisioning-signal", "http449").stdout
    usher("org", "set", "acme", "--name", "Acme Ltd", "--device-limit", "3", "--legacy-versions")
    shown = asked("org", "show", "acme")
    assert (shown["name"], shown["device_limit"], shown["legacy_versions"]) == ("Acme Ltd", 3, True)
    assert shown["provisioning_signal"] == "http449"
    assert [each["alias"] for each in asked("org", "list")["items"]] == ["acme"]
    assert usher("org", "list").stdout.splitlines()[1].split() == [
        "acme",
        "Acme",
        "Ltd",
        "Active",
        "local",
        "default",
    ]
    usher("org", "remove", "acme", "--alias", "acme")
    assert asked("org", "list") == {"items": [], "next": None}
    assert {record.actor for record in desk.services.audit.query()} == {os_actor()}


def test_removing_asks_for_the_alias(usher: Usher, acme: str) -> None:
    usher("org", "remove", acme, typed="other\n", code=2)
    assert "removed acme" in usher("org", "remove", acme, typed="acme\n").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nobody"), 3),
        (("set", "nobody", "--name", "x"), 3),
        (("create", "acme"), 4),
        (("create", "A B"), 2),
        (("create", "new", "--state", "active"), 2),
        (("set", "acme", "--backend", "nowhere"), 2),
        (("create",), 2),
    ],
)
def test_exit_codes(usher: Usher, acme: str, arguments: tuple[str, ...], code: int) -> None:
    assert usher("org", *arguments, code=code).stdout == ""


def test_only_the_states_that_the_table_allows(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    usher("org", "state", acme, "Inactive")
    assert asked("org", "show", acme)["state"] == "Inactive"
    usher("org", "state", acme, "Failed", code=4)
    usher("org", "state", acme, "Active")
    refused = usher("org", "state", acme, "Impaired", code=4)
    assert "health checks" in refused.stderr
    usher("org", "state", acme, "Gone", code=2)
