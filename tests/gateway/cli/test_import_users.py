"""``usher import users`` on a real store: what is made, what is there already, what is refused and why."""

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.records import UserSource
from gateway.services.tenants import Settings
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD

HEAD = "address;display name;password;first_name;last_name;aliases;groups;city\n"


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, head: str = HEAD, coding: str = "utf-8-sig") -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes((head + "".join(f"{line}\r\n" for line in lines)).encode(coding))
        return path

    return write


@pytest.fixture
def external(desk: Desk, acme: str) -> str:
    """An organisation whose passwords are the mail server's: nothing is hashed, so many users are quick."""
    desk.services.tenants.create_organisation(ADMIN, "globex", Settings(user_source=UserSource.BACKEND))
    desk.services.tenants.add_domain(ADMIN, "globex", "globex.example")
    return "globex"


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(encoding="utf-8", newline="")))


def test_people_are_made_with_all_that_the_table_says(
    usher: Usher, desk: Desk, acme: str, table: Callable[..., Path]
) -> None:
    desk.services.groups.create(ADMIN, acme, "Staff, all")
    file = table(
        f'Ann@acme.example;"Ann; Miller";{PASSWORD};Ann;Miller;a@acme.example|am@acme.example;Staff, all;Ulm',
        f"bob@acme.example;;{PASSWORD}",
    )
    done = usher("import", "users", str(file), acme)
    assert done.stdout == "2 made, 0 there already, 0 refused\n"
    ann = desk.services.users.get("am@acme.example")
    assert (ann.address, ann.display_name, ann.last_name) == ("ann@acme.example", "Ann; Miller", "Miller")
    assert (ann.details["city"], len(ann.aliases)) == ("Ulm", 2)
    members = desk.services.groups.members(acme, "Staff, all")
    assert [member.address for member in members] == ["ann@acme.example"]


def test_every_refused_line_is_told_with_its_number_and_reason(
    usher: Usher, acme: str, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = table(
        f"ann@acme.example;;{PASSWORD}",
        "",
        f'bob@acme.example;"two\nlines";{PASSWORD}',
        "carl@acme.example;;short",
        f"=cmd|'/c calc'!A1;;{PASSWORD}",
        f"dora@other.example;;{PASSWORD}",
        f"ANN@acme.example;;{PASSWORD}",
        f"emil@acme.example;;{PASSWORD};;;;nowhere",
        f"fred@acme.example;;{PASSWORD};1;2;;;4;5",
    )
    report = tmp_path / "report.csv"
    done = usher("import", "users", str(file), acme, "--report", str(report), code=1)
    assert done.stdout == "1 made, 0 there already, 7 refused\n"
    told = rows(report)
    assert told[0] == ["line", "address", "outcome", "reason"]
    assert [row[0] for row in sorted(told[1:], key=lambda row: int(row[0]))] == [
        "2", "4", "6", "7", "8", "9", "10", "11",
    ]  # fmt: skip
    reasons = {row[0]: row[3] for row in told[1:]}
    assert "display_name" in reasons["4"]
    assert "at least 8" in reasons["6"]
    assert "line 2" in reasons["9"]
    assert "9 fields" in reasons["11"]
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in told for cell in row)
    assert PASSWORD not in report.read_text() + done.output
    assert "line 6: carl@acme.example" in done.stderr


def test_it_may_be_run_again(usher: Usher, desk: Desk, acme: str, table: Callable[..., Path]) -> None:
    desk.services.users.create(ADMIN, acme, "x@acme.example", password=PASSWORD)
    desk.services.users.set_aliases(ADMIN, "x@acme.example", ["taken@acme.example"])
    file = table(f"ann@acme.example;;{PASSWORD}", f"bob@acme.example;;{PASSWORD}")
    usher("import", "users", str(file), acme)
    more = table(
        f"ann@acme.example;;{PASSWORD}", f"new@acme.example;;{PASSWORD}", f"taken@acme.example;;{PASSWORD}"
    )
    done = usher("import", "users", str(more), acme, code=1)
    assert done.stdout == "1 made, 1 there already, 1 refused\n"


def test_a_dry_run_changes_nothing(
    usher: Usher, desk: Desk, acme: str, ann: str, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = table(
        f"{ann};;{PASSWORD}",
        f"bob@acme.example;;{PASSWORD}",
        f"carl@acme.example;;{PASSWORD};;;;nowhere",
        "dora;;x",
    )
    new = tmp_path / "new.csv"
    arguments = ("import", "users", str(file), acme, "--dry-run", "--new-passwords", str(new))
    done = usher(*arguments, code=1)
    assert done.stdout == "1 would be made, 1 there already, 2 refused\n"
    assert [user.address for user in desk.services.users.list(acme)] == [ann]
    assert not new.exists()


def test_passwords_are_made_and_kept_for_the_owner_of_the_file(
    usher: Usher, desk: Desk, acme: str, ann: str, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = table(f"bob@acme.example;;{PASSWORD}", "carl@acme.example", f"{ann};;", "dora@acme.example")
    new = tmp_path / "new.csv"
    done = usher("import", "users", str(file), acme, "--new-passwords", str(new))
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    kept = dict(rows(new))
    assert set(kept) == {"carl@acme.example", "dora@acme.example"}, "who was there keeps the old password"
    assert len(set(kept.values())) == 2
    assert all(password not in done.output for password in kept.values())


def test_a_long_table_goes_in_batches(
    usher: Usher, asked: Callable[..., Any], desk: Desk, external: str, table: Callable[..., Path]
) -> None:
    file = table(
        *(f"u{number}@globex.example,User {number}" for number in range(250)), head="address,display_name\n"
    )
    told = asked("import", "users", str(file), external)
    assert told == {"made": 250, "there already": 0, "refused": 0, "dry_run": False}
    assert len(desk.services.users.list(external, limit=1000)) == 250


def test_ten_thousand_lines_are_looked_at(
    usher: Usher, external: str, table: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamed: what is in memory at a time is a batch."""
    from gateway.cli import import_users

    most = 0
    sent = import_users._Trip.send

    def send(trip: import_users._Trip, batch: Any) -> None:
        nonlocal most
        most = max(most, len(batch))
        sent(trip, batch)

    monkeypatch.setattr(import_users._Trip, "send", send)
    lines = (f"nobody{number}\tx" for number in range(10_000))
    file = table(*lines, head="address\tdisplay_name\n", coding="utf-8")
    done = usher("import", "users", str(file), external, code=1)
    assert done.stdout == "0 made, 0 there already, 10000 refused\n"
    assert done.stderr.splitlines()[-1] == "and 9900 more: --report has them all"
    assert most == 100


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"address;colour\na@acme.example;red\n", "colour"),
        (b"name\nx\n", "not known"),
        (b"password\nx\n", "no column address"),
        (b"address;address\n", "twice: address"),
        (b"address\n\xff\xfe@acme.example\n", "not in UTF-8"),
        (b'address\n"never closed', "no CSV"),
        (b"", "no column address"),
    ],
)
def test_what_is_no_such_table(usher: Usher, acme: str, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    assert words in usher("import", "users", str(file), acme, code=2).stderr


def test_an_organisation_that_is_not_there(usher: Usher, acme: str, table: Callable[..., Path]) -> None:
    file = table(f"ann@acme.example;;{PASSWORD}")
    done = usher("import", "users", str(file), "nowhere", code=1)
    assert "no such organisation" in done.stderr.lower()
