"""The file of a backup on the disk: whole or not there, and nobody else's to read."""

import os
from pathlib import Path

import pytest

from gateway.cli.backup_file import becoming, digest_of, put_secret
from gateway.errors import GatewayError, Kind


def test_it_is_there_at_the_end_and_private(tmp_path: Path) -> None:
    path = tmp_path / "usher.backup"
    with becoming(path, overwrite=False) as stream:
        stream.write(b"whole")
        stream.flush()
        assert not path.exists()
        (unfinished,) = tmp_path.iterdir()
        assert unfinished.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_fails_leaves_nothing(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "usher.backup"
    with pytest.raises(KeyboardInterrupt), becoming(path, overwrite=overwrite) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "usher.backup"
    path.write_bytes(b"old")
    with pytest.raises(GatewayError) as refused, becoming(path, overwrite=False):
        raise AssertionError("not reached")
    assert refused.value.kind is Kind.CONFLICT
    with becoming(path, overwrite=True) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["usher.backup"]


def test_what_comes_meanwhile_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "usher.backup"
    with pytest.raises(GatewayError), becoming(path, overwrite=False) as stream:
        path.write_bytes(b"somebody else's")
        stream.write(b"ours")
    assert path.read_bytes() == b"somebody else's"
    assert os.listdir(tmp_path) == ["usher.backup"]


def test_a_key_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    put_secret(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


def test_the_digest_is_sha_256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert digest_of(path).startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9c")
