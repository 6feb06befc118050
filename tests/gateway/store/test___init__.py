"""gateway.store: what a process needs to begin."""

from pathlib import Path

import pytest

from gateway.store import migrate, open_store


def test_a_migrated_database_is_opened_and_empty(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    with store.read() as transaction:
        assert list(transaction.directory.organisations()) == []
    store.close()


def test_nothing_is_connected_before_the_first_transaction() -> None:
    open_store("postgresql://nobody@127.0.0.1:9/nothing").close()


def test_a_url_of_another_kind() -> None:
    with pytest.raises(ValueError, match="sqlite:///FILE or postgresql://"):
        open_store("mysql://root@localhost/usher")
