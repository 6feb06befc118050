"""``usher admin`` on the machine's own store (product 7.6)."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from gateway.records import AuditTag
from gateway.services.password_policy import fault_of
from tests.support.accounts import PASSWORD, stranger
from tests.support.desk import Desk, Usher

Asked = Callable[..., Any]


@pytest.fixture
def bob(usher: Usher, acme: str) -> str:
    usher("admin", "create", "bob", "--as", "owner", typed=PASSWORD + "\n")
    return "bob"


def test_one_is_made_shown_listed_and_removed(usher: Usher, asked: Asked, acme: str) -> None:
    made = usher(
        "admin", "create", "Ann@acme.example", "--as", "help desk@acme/domain:acme.example",
        "--as", "operator@acme+full-wipe", "--password-file", "-", "--display-name", "Ann",
        typed=PASSWORD + "\n",
    )  # fmt: skip
    assert PASSWORD not in made.output
    home = asked("org", "show", "acme")["id"]
    assert f"operator@{home}+full-wipe" in made.stdout
    shown = asked("admin", "show", "ann@acme.example")
    assert (shown["display_name"], shown["second_factor"], shown["vouched_by"]) == ("Ann", False, "")
    assert [each["name"] for each in asked("admin", "list")["items"]] == ["ann@acme.example"]
    assert "ann@acme.example" in usher("admin", "list").stdout
    usher("admin", "remove", "ann@acme.example", typed="n\n", code=1)
    usher("admin", "remove", "ann@acme.example", typed="y\n")
    usher("admin", "show", "ann@acme.example", code=3)


def test_the_machine_stands_in_the_trail_by_its_user(desk: Desk, usher: Usher, bob: str) -> None:
    with desk.services.store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.ADMINISTRATOR_CREATED)
    assert record.actor.name.startswith("cli:")


def test_settings_roles_and_state(usher: Usher, asked: Asked, bob: str) -> None:
    usher("admin", "create", "root", "--as", "owner", "--no-password")
    assert asked("admin", "set", bob, "--display-name", "Bob")["display_name"] == "Bob"
    assert asked("admin", "set", bob, "--issuer", "https://idp", "--subject", "7")["subject"] == "7"
    assert len(asked("admin", "appoint", bob, "--as", "auditor@acme")["appointments"]) == 2
    assert len(asked("admin", "dismiss", bob, "--as", "auditor@acme")["appointments"]) == 1
    assert asked("admin", "disable", bob)["state"] == "disabled"
    assert asked("admin", "enable", bob)["state"] == "enabled"
    assert asked("admin", "reset-second-factor", bob)["second_factor"] is False


def test_a_password_is_set_unseen(desk: Desk, usher: Usher, bob: str) -> None:
    result = usher("admin", "password", bob, typed="Another-Horse-2\n")
    assert "Another-Horse-2" not in result.output
    assert desk.services.signing_in.sign_in(stranger(), bob, "Another-Horse-2")
    usher("admin", "password", bob, typed="weak\n", code=2)


def test_accounts_of_one_person(usher: Usher, asked: Asked, bob: str) -> None:
    usher("admin", "create", "second", "--as", "viewer", "--no-password")
    person = asked("admin", "show", bob)["person"]
    assert asked("admin", "link", "second", bob)["person"] == person
    apart = asked("admin", "link", "second", "--apart")
    assert apart["person"] == apart["id"]
    for wrong in (("second",), ("second", bob, "--apart")):
        usher("admin", "link", *wrong, code=2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "x y", "--as", "owner", "--no-password"), 2),
        (("create", "x", "--no-password"), 2),
        (("create", "x", "--as", "king", "--no-password"), 2),
        (("create", "bob", "--as", "owner", "--no-password"), 4),
        (("create", "x", "--as", "viewer@nowhere", "--no-password"), 3),
        (("disable", "bob"), 4),
        (("remove", "bob", "--yes"), 4),
        (("show", "nobody"), 3),
        (("recover", "nobody"), 3),
    ],
)
def test_what_is_refused(usher: Usher, bob: str, arguments: tuple[str, ...], code: int) -> None:
    usher("admin", *arguments, code=code)


def test_recovering_prints_a_password_for_one_sign_in(
    desk: Desk, usher: Usher, asked: Asked, bob: str
) -> None:
    told = usher("admin", "recover", bob).stdout
    found = re.search(r"password +(\S+)", told)
    assert found and fault_of(found[1]) == ""
    password = asked("admin", "recover", bob)["password"]
    assert desk.services.signing_in.sign_in(stranger(), bob, password)
    with desk.services.store.read() as transaction:
        records = transaction.audit.query(tag=AuditTag.ADMINISTRATOR_RECOVERED)
    assert [each.actor.name[:4] for each in records] == ["cli:", "cli:"]


def test_nobody_recovers_from_afar(usher: Usher, desk: Desk, bob: str) -> None:
    where = ("--server", "https://localhost:1", "--token-file", str(desk.config.token_file))
    refused = usher("admin", "recover", bob, *where, code=4)
    assert "on the machine" in refused.stderr
