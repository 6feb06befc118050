"""``.ci/again`` (docs/decisions/0022): few failures are asked once more and named, lasting ones stay."""

import subprocess
import sys
from pathlib import Path

import pytest

AGAIN = Path(__file__).resolve().parents[1] / ".ci" / "again"
PYTEST = (sys.executable, "-m", "pytest", "-q", "--rootdir=.")
LATE_ONCE = """
import pathlib
def test_late():
    ran = pathlib.Path("ran")
    first = not ran.exists()
    ran.touch()
    assert not first
"""
FAULTY = """
import pytest
@pytest.mark.parametrize("n", range({count}))
def test_faulty(n):
    assert n < 0
"""


def run(folder: Path, *tests: str) -> tuple[int, str]:
    """The suite once, then ``.ci/again`` as the Makefile calls it."""
    for number, text in enumerate(tests):
        (folder / f"test_{number}.py").write_text(text)
    first = subprocess.run(PYTEST, cwd=folder, capture_output=True, check=False)
    command = ("sh", AGAIN, str(first.returncode), *PYTEST)
    second = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return second.returncode, second.stdout + second.stderr


def test_what_was_late_once_passes_and_is_named(tmp_path: Path) -> None:
    result, said = run(tmp_path, LATE_ONCE, "def test_sound():\n    pass\n")
    assert result == 0
    assert "PASSED ONLY WHEN ALONE" in said
    assert "\ntest_0.py::test_late" in said


@pytest.mark.parametrize(("count", "asked"), [(1, True), (3, True), (4, False)])
def test_a_fault_stays_a_fault_and_many_are_not_asked_again(tmp_path: Path, count: int, asked: bool) -> None:
    result, said = run(tmp_path, FAULTY.format(count=count))
    assert result == 1
    assert ("once more, alone" in said) is asked
    assert "PASSED" not in said


def test_a_run_that_did_not_end_is_no_late_test(tmp_path: Path) -> None:
    result, said = run(tmp_path, "import nothing_of_that_name\n")
    assert result == 2
    assert said == ""
