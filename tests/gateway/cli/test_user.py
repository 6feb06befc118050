"""``usher user`` (product 1, 7.4; T28)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import api
from tests.support.desk import Desk, Usher
from tests.support.world import PASSWORD


def test_from_beginning_to_end(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    usher("user", "create", acme, "Bob@acme.example", "--name", "Bob", typed=f"{PASSWORD}\n{PASSWORD}\n")
    usher("user", "aliases", "bob@acme.example", "robert@acme.example", "b@acme.example")
    usher("user", "rename", "robert@acme.example", "Robert")
    usher("user", "disable", "bob@acme.example")
    shown = asked("user", "show", "b@acme.example")
    assert (shown["address"], shown["display_name"], shown["state"]) == (
        "bob@acme.example",
        "Robert",
        "disabled",
    )
    usher("user", "enable", "bob@acme.example")
    usher("user", "aliases", "bob@acme.example")
    assert asked("user", "list", acme)["items"][0] | {"aliases": [], "state": "enabled"} == asked(
        "user", "show", "bob@acme.example"
    )
    usher("user", "remove", "bob@acme.example")
    assert asked("user", "list", acme)["items"] == []


def test_a_password_is_typed_or_in_a_file_and_never_shown(
    usher: Usher, acme: str, desk: Desk, tmp_path: Path
) -> None:
    kept = tmp_path / "password"
    kept.write_text(PASSWORD + "\nmore\n")
    told = [
        usher("user", "create", acme, "bob@acme.example", "--password-file", str(kept)),
        usher("user", "password", "bob@acme.example", typed="Another-Horse-2\nAnother-Horse-2\n"),
        usher("user", "password", "bob@acme.example", "--password-file", "-", typed="Third-Horse-3\n"),
    ]
    for result in told:
        for secret in (PASSWORD, "Another-Horse", "Third-Horse", "argon2"):
            assert secret not in result.output
    assert len({record.sequence for record in desk.services.audit.query(target=None)}) >= 5


def test_a_password_typed_differently_the_second_time_is_asked_again(usher: Usher, acme: str) -> None:
    typed = f"{PASSWORD}\nother\n{PASSWORD}\n{PASSWORD}\n"
    usher("user", "create", acme, "bob@acme.example", typed=typed)


def test_users_of_the_mail_server_have_no_password_here(usher: Usher, acme: str, tmp_path: Path) -> None:
    usher("org", "set", acme, "--user-source", "backend")
    usher("user", "create", acme, "bob@acme.example")
    kept = tmp_path / "password"
    kept.write_text(PASSWORD)
    refused = usher("user", "password", "bob@acme.example", "--password-file", str(kept), code=4)
    assert "mail server" in refused.stderr
    usher("user", "create", acme, "eve@acme.example", "--password-file", str(kept), code=4)


def test_exit_codes(usher: Usher, ann: str, acme: str) -> None:
    good = f"{PASSWORD}\n{PASSWORD}\n"
    usher("user", "create", acme, ann, typed=good, code=4)
    usher("user", "create", acme, "x@elsewhere.example", typed=good, code=2)
    usher("user", "create", "nobody", "x@acme.example", typed=good, code=3)
    usher("user", "create", acme, "x@acme.example", typed="short\nshort\n", code=2)
    usher("user", "show", "nobody@acme.example", code=3)
    usher("user", "remove", "nobody@acme.example", code=3)


def test_lists_go_on_beyond_a_page(
    usher: Usher, asked: Callable[..., Any], acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usher("org", "set", acme, "--user-source", "backend")
    for number in range(5):
        usher("user", "create", acme, f"u{number}@acme.example")
    monkeypatch.setattr(api, "PAGE", 2)
    assert len(asked("user", "list", acme)["items"]) == 5
    assert len(usher("user", "list", acme).stdout.splitlines()) == 6


def test_addresses_details_and_place(usher: Usher, asked: Callable[..., Any], ann: str) -> None:
    usher("user", "alias", "add", ann, "anne@acme.example")
    usher("user", "alias", "add", ann, "a@acme.example")
    usher("user", "alias", "remove", ann, "a@acme.example")
    usher("user", "primary", ann, "anne@acme.example")
    usher("user", "details", ann, "--first-name", "Ann", "--set", "phone=+44=1", "--set", "city=Köln")
    usher("user", "details", ann, "--set", "city=")
    usher("user", "route", ann, "other")
    usher("user", "move", ann, "ann@elsewhere.example")
    shown = asked("user", "show", ann)
    assert (shown["address"], shown["aliases"]) == ("anne@acme.example", [ann])
    assert (shown["first_name"], shown["details"]) == ("Ann", {"phone": "+44=1"})
    assert (shown["backend"], shown["moved_to"]) == ("other", "ann@elsewhere.example")
    told = usher("user", "show", ann).stdout
    assert "phone" in told
    assert "served by     other" in told
    usher("user", "route", ann)
    usher("user", "move", ann)
    assert (asked("user", "show", ann)["backend"], asked("user", "show", ann)["moved_to"]) == ("", "")


def test_exit_codes_of_addresses_and_place(usher: Usher, ann: str) -> None:
    usher("user", "alias", "remove", ann, "a@acme.example", code=3)
    usher("user", "alias", "add", ann, "a@nowhere.example", code=2)
    usher("user", "primary", ann, "a@acme.example", code=3)
    usher("user", "route", ann, "nowhere", code=2)
    usher("user", "move", ann, "bob@acme.example", code=2)
    usher("user", "details", ann, "--set", "fax=1", code=2)


def test_details_of_users_of_the_mail_server_are_changed_there(usher: Usher, acme: str) -> None:
    usher("org", "set", acme, "--user-source", "backend")
    usher("user", "create", acme, "bob@acme.example")
    refused = usher("user", "details", "bob@acme.example", "--set", "phone=1", code=4)
    assert "mail server" in refused.stderr


def test_only_listed_devices_of_a_user(usher: Usher, asked: Callable[..., Any], ann: str) -> None:
    assert asked("user", "only-listed", ann, "on")["only_listed"] is True
    assert "only_listed" in usher("user", "show", ann).stdout
    assert asked("user", "only-listed", ann, "off")["only_listed"] is False
