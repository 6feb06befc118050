"""Rows of mailbox permissions, and the mailboxes that they open (product 1).

A grant names its two sides by id; the prefix tells which foreign key stands behind it, so that a permission
goes with whoever gave or got it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, delete, insert, literal, or_, select, tuple_, union

from gateway.records import EntityState, Grant, OpenMailbox, Right, UserState
from gateway.store.addresses import AddressRows
from gateway.store.groups import groups_around
from gateway.store.tables import grants, resources, users

_SIDES = {
    "mailbox": {"u-": "mailbox_user", "r-": "mailbox_resource"},
    "grantee": {"u-": "grantee_user", "g-": "grantee_group"},
}


class GrantRows(AddressRows):
    """The mailbox permissions of ``ports.Directory``."""

    def save_grant(self, grant: Grant) -> None:
        self.remove_grant(grant.mailbox, grant.grantee)
        self._connection.execute(insert(grants), _row(grant))

    def remove_grant(self, mailbox: str, grantee: str) -> None:
        wanted = (grants.c.mailbox == mailbox) & (grants.c.grantee == grantee)
        self._connection.execute(delete(grants).where(wanted))

    def grant(self, mailbox: str, grantee: str) -> Grant | None:
        wanted = (grants.c.mailbox == mailbox) & (grants.c.grantee == grantee)
        row = self._connection.execute(select(grants).where(wanted)).mappings().one_or_none()
        return None if row is None else _grant(row)

    def grants(
        self,
        organisation: str,
        *,
        mailbox: str | None = None,
        grantee: str | None = None,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Grant]:
        order = (grants.c.mailbox, grants.c.grantee)
        wanted = (grants.c.organisation == organisation) & (tuple_(*order) > after)
        if mailbox is not None:
            wanted &= grants.c.mailbox == mailbox
        if grantee is not None:
            wanted &= grants.c.grantee == grantee
        rows = self._connection.execute(select(grants).where(wanted).order_by(*order).limit(limit))
        return [_grant(row) for row in rows.mappings()]

    def mailboxes_open_to(self, user: str) -> Sequence[OpenMailbox]:
        statement = open_to(user)
        return [
            OpenMailbox(row.address, row.display_name, bool(row.resource))
            for row in self._connection.execute(statement)
        ]


def open_to(user: str) -> Select[Any]:
    """The statement behind ``mailboxes_open_to``; a UNION, because one mailbox may be opened twice."""
    around = groups_around(user)
    mine = or_(grants.c.grantee == user, grants.c.grantee.in_(select(around.c.id)))
    allowed = grants.c.full_access & mine
    people = (
        select(users.c.address, users.c.display_name, literal(0).label("resource"))
        .join(grants, grants.c.mailbox_user == users.c.id)
        .where(allowed, users.c.state != UserState.DISABLED, users.c.id != user)
    )
    things = (
        select(resources.c.address, resources.c.name, literal(1))
        .join(grants, grants.c.mailbox_resource == resources.c.id)
        .where(allowed, resources.c.state == EntityState.ENABLED)
    )
    both = union(people, things).subquery()
    return select(both).order_by(both.c.address)


def _row(grant: Grant) -> dict[str, Any]:
    sides = {column: None for side in _SIDES.values() for column in side.values()}
    named = {
        _SIDES["mailbox"][grant.mailbox[:2]]: grant.mailbox,
        _SIDES["grantee"][grant.grantee[:2]]: grant.grantee,
    }
    rights = {right.value: right in grant.rights for right in Right}
    both = {"mailbox": grant.mailbox, "grantee": grant.grantee, "organisation": grant.organisation}
    return both | sides | named | rights


def _grant(row: RowMapping) -> Grant:
    rights = frozenset(right for right in Right if row[right.value])
    return Grant(row["organisation"], row["mailbox"], row["grantee"], rights)
