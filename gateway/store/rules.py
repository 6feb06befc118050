"""Rows of access rule sets and of overrides for devices that are yet to come (product 6.1, 6.2)."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select
from sqlalchemy import tuple_ as row_value

from gateway.records import ExpectedDevice, RuleSetVersion
from gateway.store.device_keys import columns_of, has_key, key_in
from gateway.store.tables_rules import expected_devices, rule_sets
from mdm.device import DeviceKey


class RuleRows:
    """``ports.Rules`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self, organisation: str) -> int:
        statement = select(func.max(rule_sets.c.version)).where(rule_sets.c.organisation == organisation)
        return self._connection.scalar(statement) or 0

    def current(self, organisation: str) -> RuleSetVersion | None:
        found = self._sets(_of(organisation).order_by(rule_sets.c.version.desc()).limit(1))
        return found[0] if found else None

    def get(self, organisation: str, version: int) -> RuleSetVersion | None:
        found = self._sets(_of(organisation).where(rule_sets.c.version == version))
        return found[0] if found else None

    def versions(self, organisation: str) -> Sequence[RuleSetVersion]:
        return self._sets(_of(organisation).order_by(rule_sets.c.version))

    def add(self, rules: RuleSetVersion) -> None:
        self._connection.execute(
            insert(rule_sets),
            {
                "organisation": rules.organisation,
                "version": rules.version,
                "document": [dict(document) for document in rules.documents],
                "created_at": rules.created_at,
                "created_by": rules.created_by,
            },
        )

    def forget(self, organisation: str, before: int) -> None:
        wanted = (rule_sets.c.organisation == organisation) & (rule_sets.c.version < before)
        self._connection.execute(delete(rule_sets).where(wanted))

    def expect(self, expected: ExpectedDevice) -> None:
        self.expect_no_more(expected.key)
        self._connection.execute(insert(expected_devices), _expected_row(expected))

    def expect_no_more(self, key: DeviceKey) -> bool:
        statement = delete(expected_devices).where(has_key(expected_devices, key))
        return self._connection.execute(statement).rowcount > 0

    def expected(self, key: DeviceKey) -> ExpectedDevice | None:
        statement = select(expected_devices).where(has_key(expected_devices, key))
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _expected(row)

    def all_expected(
        self, organisation: str, *, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> Sequence[ExpectedDevice]:
        columns = (expected_devices.c.user_id, expected_devices.c.device_id)
        wanted = (expected_devices.c.organisation == organisation) & (row_value(*columns) > row_value(*after))
        statement = select(expected_devices).where(wanted).order_by(*columns).limit(limit)
        return [_expected(row) for row in self._connection.execute(statement).mappings()]

    def _sets(self, statement: Select[Any]) -> Sequence[RuleSetVersion]:
        return [_version(row) for row in self._connection.execute(statement).mappings()]


def _of(organisation: str) -> Select[Any]:
    return select(rule_sets).where(rule_sets.c.organisation == organisation)


def _version(row: RowMapping) -> RuleSetVersion:
    return RuleSetVersion(
        organisation=row["organisation"],
        version=row["version"],
        documents=tuple(MappingProxyType(document) for document in row["document"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
    )


def _expected_row(expected: ExpectedDevice) -> dict[str, Any]:
    return {
        **columns_of(expected.key),
        "level": expected.level,
        "reason": expected.reason,
        "until": expected.until,
        "created_at": expected.created_at,
        "created_by": expected.created_by,
    }


def _expected(row: RowMapping) -> ExpectedDevice:
    return ExpectedDevice(
        key_in(row),
        row["level"],
        row["reason"],
        row["until"],
        row["created_at"],
        row["created_by"],
    )
