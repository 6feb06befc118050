"""A partnership's key in the tables that keep something of one: three columns, everywhere of one name."""

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam

from mdm.device import DeviceKey

_BOUND = {"organisation": "key_organisation", "user_id": "key_user", "device_id": "key_device"}
"""Column to its parameter in statements for many rows: SQLAlchemy wants the columns' own names for values."""


def columns_of(key: DeviceKey) -> dict[str, Any]:
    """The columns' values, for a row."""
    return {"organisation": key.organisation, "user_id": key.user, "device_id": key.device_id}


def key_in(row: RowMapping) -> DeviceKey:
    """The key of a row."""
    return DeviceKey(row["organisation"], row["user_id"], row["device_id"])


def has_key(table: Table, key: DeviceKey) -> ColumnElement[bool]:
    """The rows of a partnership."""
    return and_(*(table.c[name] == value for name, value in columns_of(key).items()))


def has_bound_key(table: Table) -> ColumnElement[bool]:
    """The same for whichever ``bound_key`` a statement is run with."""
    return and_(*(table.c[name] == bindparam(parameter) for name, parameter in _BOUND.items()))


def bound_key(key: DeviceKey) -> dict[str, Any]:
    """What a statement with ``has_bound_key`` takes."""
    return {_BOUND[name]: value for name, value in columns_of(key).items()}
