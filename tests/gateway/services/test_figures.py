"""The database is asked seldom, and its absence is no failure."""

from gateway.services.figures import KEPT_S, StoreFigures
from gateway.store import DatabaseStore, open_store
from tests.support.world import World


def test_an_answer_holds_for_a_while(store: DatabaseStore) -> None:
    time = [100.0]
    figures = StoreFigures(store, lambda: time[0])
    assert figures.counts() is not None
    World(store).organisation()
    held = figures.counts()
    assert held is not None
    assert held["organisations"] == {}
    time[0] += KEPT_S
    counts = figures.counts()
    assert counts is not None
    assert counts["organisations"] == {"Active": 1}


def test_without_a_database_there_is_none(tmp_path: object) -> None:
    store = open_store(f"sqlite:///{tmp_path}/none.db")
    assert StoreFigures(store, lambda: 0.0).counts() is None
    store.close()
