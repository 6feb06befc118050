"""Policy versions' rows (product 4.3): a version is written once and never changed; a policy that nothing
uses may go with all of them."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select

from gateway.records import PolicyVersion
from gateway.store.tables import policies
from gateway.store.within import everybody, within


class PolicyRows:
    """``ports.Policies`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self, organisation: str, name: str = "default") -> PolicyVersion | None:
        statement = _of(organisation, name).order_by(policies.c.version.desc()).limit(1)
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _version(row)

    def versions(self, organisation: str, name: str = "default") -> Sequence[PolicyVersion]:
        rows = self._connection.execute(_of(organisation, name).order_by(policies.c.version)).mappings()
        return [_version(row) for row in rows]

    def version(self, organisation: str, name: str, number: int) -> PolicyVersion | None:
        statement = _of(organisation, name).where(policies.c.version == number)
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _version(row)

    def all_current(self, organisation: str) -> Sequence[PolicyVersion]:
        newest = (
            select(policies.c.name, func.max(policies.c.version).label("version"))
            .where(policies.c.organisation == organisation)
            .group_by(policies.c.name)
            .subquery()
        )
        same = (policies.c.name == newest.c.name) & (policies.c.version == newest.c.version)
        found = select(policies).join(newest, same).where(policies.c.organisation == organisation)
        statement = everybody(within(self._connection, found.order_by(policies.c.name)))
        rows = self._connection.execute(statement).mappings()
        return [_version(row) for row in rows]

    def remove(self, organisation: str, name: str) -> None:
        wanted = (policies.c.organisation == organisation) & (policies.c.name == name)
        self._connection.execute(delete(policies).where(wanted))

    def add(self, policy: PolicyVersion) -> None:
        self._connection.execute(
            insert(policies),
            {
                "organisation": policy.organisation,
                "name": policy.name,
                "version": policy.version,
                "document": dict(policy.document),
                "created_at": policy.created_at,
                "created_by": policy.created_by,
            },
        )


def _of(organisation: str, name: str) -> Select[Any]:
    return select(policies).where(policies.c.organisation == organisation, policies.c.name == name)


def _version(row: RowMapping) -> PolicyVersion:
    return PolicyVersion(
        organisation=row["organisation"],
        name=row["name"],
        version=row["version"],
        document=MappingProxyType(row["document"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
