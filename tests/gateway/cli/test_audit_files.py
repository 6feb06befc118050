"""Trails in files at a terminal; the commands themselves are in test_audit."""

from pathlib import Path

import pytest

from gateway.cli.audit_files import ArchiveFile
from tests.support.desk import Usher


def test_an_archive_is_read_as_it_was_written(tmp_path: Path) -> None:
    paper = ArchiveFile(tmp_path / "a.jsonl")
    paper.write(iter(["one", "zwei é"]))
    assert [each.rstrip("\n") for each in paper.read()] == ["one", "zwei é"]
    assert paper.name == "a.jsonl"
    with pytest.raises(FileExistsError):
        paper.write(["other"])


def test_a_key_that_is_none(usher: Usher, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    usher("audit", "verify-file", str(path), "--key", str(path), code=2)
