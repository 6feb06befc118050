"""What an import tells, and the passwords that it makes."""

import stat
from pathlib import Path

import pytest

from gateway.cli.import_reports import LISTED, Outcome, Passwords, Report
from gateway.endpoints.people_tables import Line
from gateway.services.password_policy import fault_of


def test_counts_and_the_first_refused_lines() -> None:
    with Report(None) as report:
        report.add(Line(2, {"address": "a"}), Outcome.MADE)
        for number in range(LISTED + 5):
            report.add(Line(number, {}), Outcome.REFUSED, "no")
    assert report.summary(dry_run=True) == "1 would be made, 0 there already, 105 refused"
    assert (len(report.refused), report.unlisted, report.total) == (LISTED, 5, 106)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1"])
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.csv"
    with Report(path) as report:
        report.add(Line(2, {"address": text}), Outcome.REFUSED, text)
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("2,'")


def test_a_password_that_is_drawn_is_good_and_never_the_same() -> None:
    drawn = {Passwords.draw() for _ in range(200)}
    assert len(drawn) == 200
    assert not any(fault_of(password) for password in drawn)


def test_the_file_is_added_to_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.touch(mode=0o644)
    for name in ("a", "b"):
        with Passwords(path) as kept:
            kept.add(name, "x")
    assert path.read_text() == "a,x\nb,x\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
