"""Rows of sealed recovery passwords; what is in them only ``gateway.services.recovery`` can read."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from gateway.store.device_keys import columns_of, has_key
from gateway.store.tables_inventory import device_passwords
from mdm.device import DeviceKey


class DevicePasswordRows:
    """``device_ports.DevicePasswords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: DeviceKey) -> tuple[bytes, datetime] | None:
        columns = (device_passwords.c.sealed, device_passwords.c.stored_at)
        row = self._connection.execute(select(*columns).where(has_key(device_passwords, key))).one_or_none()
        return None if row is None else (row[0], row[1])

    def put(self, key: DeviceKey, sealed: bytes, at: datetime) -> None:
        self.remove(key)
        row = {**columns_of(key), "sealed": sealed, "stored_at": at}
        self._connection.execute(insert(device_passwords), row)

    def remove(self, key: DeviceKey) -> bool:
        statement = delete(device_passwords).where(has_key(device_passwords, key))
        return self._connection.execute(statement).rowcount > 0
