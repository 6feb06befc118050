"""Rows of saved views (product 7.2): each is found with the account that it belongs to, never without."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select, update

from gateway.records.administrators import SavedView
from gateway.store.tables_administrators import saved_views


class SavedViewRows:
    """``ports.SavedViewRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, view: SavedView) -> None:
        self._connection.execute(insert(saved_views), _row(view))

    def of(self, administrator: str) -> Sequence[SavedView]:
        theirs = select(saved_views).where(saved_views.c.administrator == administrator)
        rows = self._connection.execute(theirs.order_by(saved_views.c.name)).mappings()
        return [SavedView(**row) for row in rows]

    def save(self, view: SavedView) -> None:
        same = (saved_views.c.administrator == view.administrator) & (saved_views.c.id == view.id)
        self._connection.execute(update(saved_views).where(same).values(_row(view)))

    def remove(self, administrator: str, identity: str) -> bool:
        theirs = (saved_views.c.administrator == administrator) & (saved_views.c.id == identity)
        return self._connection.execute(delete(saved_views).where(theirs)).rowcount > 0


def _row(view: SavedView) -> dict[str, object]:
    return {**asdict(view), "question": dict(view.question)}
