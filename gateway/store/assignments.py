"""Rows of policy assignments, and where users stand for them (product 4.2).

A policy change looks at every device of an organisation, so what concerns a page of users is asked in one
statement each and never user by user.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, RowMapping, Select, delete, insert, select

from gateway.records import Assignment, EntityState
from gateway.store.tables import group_groups, group_users, groups, users
from gateway.store.tables_policies import policy_assignments as table
from gateway.store.within import everybody
from mdm.layers import Reach

_KEY = ("organisation", "reach", "target", "device_id", "policy")


class AssignmentRows:
    """``ports.Assignments`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, assignment: Assignment) -> None:
        self.remove(assignment)
        self._connection.execute(insert(table), _row(assignment))

    def remove(self, assignment: Assignment) -> bool:
        return self._connection.execute(delete(table).where(_is(assignment))).rowcount > 0

    def all(self, organisation: str, *, policy: str | None = None) -> Sequence[Assignment]:
        statement = select(table).where(table.c.organisation == organisation)
        if policy is not None:
            statement = statement.where(table.c.policy == policy)
        return self._assignments(statement)

    def wide(self, organisation: str) -> Sequence[Assignment]:
        wanted = (table.c.organisation == organisation) & table.c.user_id.is_(None)
        return self._assignments(select(table).where(wanted))

    def personal(self, users: Collection[str]) -> Sequence[Assignment]:
        return self._assignments(select(table).where(table.c.user_id.in_(users)))

    def places(self, users: Collection[str]) -> Mapping[str, tuple[str, frozenset[str]]]:
        around = _groups_around(users)
        member_of: defaultdict[str, set[str]] = defaultdict(set)
        for user, group in self._connection.execute(everybody(select(around.c.user_id, around.c.id))):
            member_of[user].add(group)
        return {
            user: (address.rpartition("@")[2], frozenset(member_of[user]))
            for user, address in self._connection.execute(_addresses(users))
        }

    def _assignments(self, statement: Select[Any]) -> Sequence[Assignment]:
        ordered = statement.order_by(*(table.c[name] for name in _KEY))
        return [_assignment(row) for row in self._connection.execute(ordered).mappings()]


def _addresses(chosen: Collection[str]) -> Select[Any]:
    return select(users.c.id, users.c.address).where(users.c.id.in_(chosen))


def _groups_around(chosen: Collection[str]) -> CTE:
    """Pairs of user and enabled group, through enabled groups only; ``UNION`` ends any loop."""
    enabled = groups.c.state == EntityState.ENABLED
    around = (
        select(group_users.c.user_id, groups.c.id)
        .join(groups, group_users.c.group_id == groups.c.id)
        .where(group_users.c.user_id.in_(chosen), enabled)
        .cte("around", recursive=True)
    )
    wider = (
        select(around.c.user_id, groups.c.id)
        .join(group_groups, group_groups.c.member_id == around.c.id)
        .join(groups, groups.c.id == group_groups.c.group_id)
        .where(enabled)
    )
    return around.union(wider)


def _is(assignment: Assignment) -> ColumnElement[bool]:
    return (
        (table.c.organisation == assignment.organisation)
        & (table.c.reach == int(assignment.reach))
        & (table.c.target == assignment.target)
        & (table.c.device_id == assignment.device_id)
        & (table.c.policy == assignment.policy)
    )


def _row(assignment: Assignment) -> dict[str, Any]:
    named = {Reach.DOMAIN: "domain", Reach.GROUP: "group_id", Reach.USER: "user_id", Reach.DEVICE: "user_id"}
    keys: dict[str, str | None] = {"domain": None, "group_id": None, "user_id": None}
    if assignment.reach in named:
        keys[named[assignment.reach]] = assignment.target
    return {
        "organisation": assignment.organisation,
        "reach": int(assignment.reach),
        "target": assignment.target,
        "device_id": assignment.device_id,
        "policy": assignment.policy,
        "priority": assignment.priority,
        **keys,
    }


def _assignment(row: RowMapping) -> Assignment:
    return Assignment(
        organisation=row["organisation"],
        reach=Reach(row["reach"]),
        target=row["target"],
        policy=row["policy"],
        device_id=row["device_id"],
        priority=row["priority"],
    )
