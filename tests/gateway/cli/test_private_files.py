"""New files of a command."""

from pathlib import Path

import pytest

from gateway.cli.private_files import new_file


def test_a_new_file_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with new_file(path) as file:
        file.write(b"text")
    assert path.read_bytes() == b"text"
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_is_there_is_left(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    with pytest.raises(FileExistsError), new_file(path):
        pass
    assert path.read_text() == "old"


def test_one_that_failed_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with pytest.raises(RuntimeError), new_file(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert not path.exists()
