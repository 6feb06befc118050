"""Rows of one-time links to configuration profiles (spec/autodiscover.md 11)."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from gateway.store.tables import profile_links


class ProfileLinkRows:
    """``ports.ProfileLinks`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digest: str, user: str, expires_at: datetime) -> None:
        row = {"digest": digest, "user_id": user, "expires_at": expires_at}
        self._connection.execute(insert(profile_links), row)

    def find(self, digest: str, now: datetime) -> str | None:
        statement = select(profile_links.c.user_id).where(*_good(digest, now))
        return self._connection.execute(statement).scalar_one_or_none()

    def take(self, digest: str, now: datetime) -> str | None:
        # One statement: of two who come together, one finds used_at still empty.
        statement = (
            update(profile_links)
            .where(*_good(digest, now))
            .values(used_at=now)
            .returning(profile_links.c.user_id)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def prune(self, before: datetime) -> int:
        return self._connection.execute(
            delete(profile_links).where(profile_links.c.expires_at < before)
        ).rowcount


def _good(digest: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Neither used nor expired."""
    return (
        profile_links.c.digest == digest,
        profile_links.c.used_at.is_(None),
        profile_links.c.expires_at > now,
    )
