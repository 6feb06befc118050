"""What the commands print, to the letter (product 7.4): ``tests/corpus/cli``, text, JSON, refusals, --help.

A difference that is meant is written by ``python -m tests.support.cli_corpus``.
"""

from pathlib import Path

import pytest

from tests.support import cli_corpus
from tests.support.cli_corpus import HELP, Case, normaliser, read, stories, told, write


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_a_story_is_told_as_ever(path: Path) -> None:
    for expected, present in zip(read(path), told(path), strict=True):
        assert present == expected


def test_every_command_explains_itself_as_ever() -> None:
    present = cli_corpus.helps()
    assert {path.stem for path in HELP.glob("*.txt")} == set(present)
    for name, cases in present.items():
        assert read(HELP / f"{name}.txt") == cases


def test_every_command_has_words_for_itself() -> None:
    for cases in cli_corpus.helps().values():
        for case in cases:
            usage, _, rest = case.expected.partition("\n\n")
            assert usage.startswith("Usage: usher") and not rest.startswith("Options:"), case.commands


def test_the_stories_touch_every_group_about_state() -> None:
    begun = {command.split()[0] for path in stories() for case in read(path) for command in case.commands}
    asked = {"org", "domain", "user", "group", "resource", "permission", "policy", "rule", "quarantine"}
    assert begun >= asked | {"device", "conduct", "wipe", "offboard", "job", "archive"}


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    cases = [Case(("a --b", "c"), "x\n\n  y"), Case(("d",), ""), Case(("",), "$ z\n-----\nw")]
    write(tmp_path / "x.txt", cases)
    assert read(tmp_path / "x.txt") == cases


def test_ids_are_numbered_and_times_are_one() -> None:
    plain = normaliser()
    some, other = "m-" + "ab" * 16, "c0" * 32
    assert plain(f"{some} {other} {some}") == f"m-{1:032d} {2:064d} m-{1:032d}"
    assert (
        plain("2026-11-21 18:24:57Z|2026-11-21T18:24:57.123456Z")
        == "2000-01-01 00:00:00Z|2000-01-01T00:00:00Z"
    )
    assert plain("2030-01-31T12:00:00Z") == "2030-01-31T12:00:00Z"
