"""Rows of mailbox permissions, and the mailboxes that they open (product 1).

A grant names its two sides by id; the prefix tells which foreign key stands behind it, so that a permission
goes with whoever gave or got it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, delete, insert, literal, select, tuple_

from gateway.records import EntityState, Grant, OpenMailbox, Right, UserState
from gateway.store.groups import GroupRows
from gateway.store.tables import grants, resources, users

_SIDES = {
    "mailbox": {"u-": "mailbox_user", "r-": "mailbox_resource"},
    "grantee": {"u-": "grantee_user", "g-": "grantee_group"},
}


class GrantRows(GroupRows):
    """The mailbox permissions of ``directory_ports.Directory``."""

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
        # Step by step and not in one join: what a user may open is little, and each step finds it by index.
        grantees = (user, *self._ids_around(user))
        opened = select(grants.c.mailbox).where(grants.c.grantee.in_(grantees), grants.c.full_access)
        mailboxes = set(self._connection.scalars(opened)) - {user}
        if not mailboxes:
            return []
        found = [*self._connection.execute(_people(mailboxes)), *self._connection.execute(_things(mailboxes))]
        return sorted((OpenMailbox(row[0], row[1], bool(row[2])) for row in found), key=_address)


def _people(mailboxes: Collection[str]) -> Select[Any]:
    wanted = users.c.id.in_(mailboxes) & (users.c.state != UserState.DISABLED)
    return select(users.c.address, users.c.display_name, literal(0)).where(wanted)


def _things(mailboxes: Collection[str]) -> Select[Any]:
    wanted = resources.c.id.in_(mailboxes) & (resources.c.state == EntityState.ENABLED)
    return select(resources.c.address, resources.c.name, literal(1)).where(wanted)


def _address(mailbox: OpenMailbox) -> str:
    return mailbox.address


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
