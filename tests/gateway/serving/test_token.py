"""The bootstrap token is drawn once and read by its owner alone."""

import stat
from pathlib import Path

import pytest

from gateway.serving.token import ensure_token


def test_it_is_made_with_its_directory_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "admin.token"
    ensure_token(path)
    first = path.read_text()
    ensure_token(path)
    assert path.read_text() == first
    assert len(first.strip()) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_gateways_have_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        ensure_token(tmp_path / name)
    assert (tmp_path / "a").read_text() != (tmp_path / "b").read_text()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r".+"):
        ensure_token(tmp_path / "file" / "admin.token")
