"""The only code that speaks SQL (house.md 1): SQLAlchemy Core on SQLite and PostgreSQL."""

from gateway.store.changes import ChangeFeed, FeedGap
from gateway.store.transaction import DatabaseStore

__all__ = ["ChangeFeed", "DatabaseStore", "FeedGap", "migrate", "open_store"]


def migrate(url: str) -> None:
    """``schema.migrate``: bring the database at ``url`` to this release's schema."""
    # Alembic takes 7 MiB, and is needed by the one process that runs before all others.
    from gateway.store import schema  # noqa: PLC0415

    schema.migrate(url)


def open_store(url: str) -> DatabaseStore:
    """Open the store of one process: ``sqlite:///FILE`` or ``postgresql://USER@HOST/DATABASE``.

    The schema must be there (``migrate``). Nothing is connected before the first transaction.
    """
    return DatabaseStore(url)
