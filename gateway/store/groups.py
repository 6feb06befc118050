"""Rows of groups and their members (product 1).

What a user is in is worked out by the database, in one recursive statement: nested groups cost no round trip
each, and ``UNION`` ends even a loop that a hand wrote past the gateway. What is known of them is asked in a
second one: joined to the recursion, whose size PostgreSQL takes to be large, it would read the whole table.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Select, delete, insert, literal, select, union_all, update

from gateway.records import EntityState, Group, Member
from gateway.store.addresses import AddressRows
from gateway.store.tables import group_groups, group_users, groups, users
from gateway.store.within import everybody, within


class GroupRows(AddressRows):
    """The groups of ``directory_ports.Directory``."""

    def add_group(self, group: Group) -> None:
        self._connection.execute(insert(groups), _row(group))
        self._hold("group_id", group.id, (group.address,) if group.address else ())

    def save_group(self, group: Group) -> None:
        self._connection.execute(update(groups).where(groups.c.id == group.id), _row(group))
        self._hold("group_id", group.id, (group.address,) if group.address else ())

    def remove_group(self, group: str) -> None:
        self._connection.execute(delete(groups).where(groups.c.id == group))

    def group(self, group: str) -> Group | None:
        found = self._groups(select(groups).where(groups.c.id == group))
        return found[0] if found else None

    def group_by_name(self, organisation: str, name: str) -> Group | None:
        wanted = (groups.c.organisation == organisation) & (groups.c.name == name)
        found = self._groups(select(groups).where(wanted))
        return found[0] if found else None

    def groups(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Group]:
        wanted = (groups.c.organisation == organisation) & (groups.c.name > after)
        return self._groups(select(groups).where(wanted).order_by(groups.c.name).limit(limit))

    def groups_of(self, user: str) -> Sequence[Group]:
        mine = self._ids_around(user)
        if not mine:
            return []
        return self._groups(everybody(select(groups).where(groups.c.id.in_(mine)).order_by(groups.c.name)))

    def groups_within(self, group: str) -> Sequence[str]:
        inside = (
            select(group_groups.c.member_id.label("id"))
            .where(group_groups.c.group_id == group)
            .cte("inside", recursive=True)
        )
        deeper = select(group_groups.c.member_id).join(inside, group_groups.c.group_id == inside.c.id)
        inside = inside.union(deeper)
        return self._connection.scalars(everybody(select(inside.c.id).order_by(inside.c.id))).all()

    def add_member(self, group: str, member: str, *, nested: bool) -> bool:
        table, column = (group_groups, "member_id") if nested else (group_users, "user_id")
        there = select(table).where(table.c.group_id == group, table.c[column] == member)
        if self._connection.execute(there).first() is not None:
            return False
        self._connection.execute(insert(table), {"group_id": group, column: member})
        return True

    def remove_member(self, group: str, member: str) -> bool:
        direct = delete(group_users).where(group_users.c.group_id == group, group_users.c.user_id == member)
        nested = delete(group_groups).where(
            group_groups.c.group_id == group, group_groups.c.member_id == member
        )
        return sum(self._connection.execute(each).rowcount for each in (direct, nested)) > 0

    def members(self, group: str, *, after: str = "", limit: int = 100) -> Sequence[Member]:
        each = (_direct_members(group), _nested_members(group))
        both = union_all(*(within(self._connection, members) for members in each)).subquery()
        statement = select(both).where(both.c.id > after).order_by(both.c.id).limit(limit)
        rows = self._connection.execute(everybody(statement)).mappings()
        return [Member(**dict(row) | {"nested": bool(row["nested"])}) for row in rows]

    def _ids_around(self, user: str) -> Sequence[str]:
        return self._connection.scalars(everybody(select(groups_around(user).c.id))).all()

    def _groups(self, statement: Select[Any]) -> Sequence[Group]:
        return [Group(**row) for row in self._connection.execute(statement).mappings()]


def groups_around(user: str) -> CTE:
    """Ids of the enabled groups that ``user`` is in, through enabled groups only."""
    enabled = groups.c.state == EntityState.ENABLED
    around = (
        select(groups.c.id)
        .join(group_users, group_users.c.group_id == groups.c.id)
        .where(group_users.c.user_id == user, enabled)
        .cte("around", recursive=True)
    )
    wider = (
        select(groups.c.id)
        .join(group_groups, group_groups.c.group_id == groups.c.id)
        .join(around, group_groups.c.member_id == around.c.id)
        .where(enabled)
    )
    return around.union(wider)


def _direct_members(group: str) -> Select[Any]:
    return (
        select(
            group_users.c.group_id.label("group"),
            users.c.id.label("id"),
            users.c.display_name.label("name"),
            users.c.address.label("address"),
            literal(0).label("nested"),
        )
        .join(users, users.c.id == group_users.c.user_id)
        .where(group_users.c.group_id == group)
    )


def _nested_members(group: str) -> Select[Any]:
    return (
        select(
            group_groups.c.group_id.label("group"),
            groups.c.id.label("id"),
            groups.c.name.label("name"),
            groups.c.address.label("address"),
            literal(1).label("nested"),
        )
        .join(groups, groups.c.id == group_groups.c.member_id)
        .where(group_groups.c.group_id == group)
    )


def _row(group: Group) -> dict[str, Any]:
    return {column.name: getattr(group, column.name) for column in groups.columns}
