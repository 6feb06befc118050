"""Rows of partnerships and of the tombstones that go on delivering a wipe (product 5.1, 5.3)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy import tuple_ as row_value

from gateway.errors import LostRace
from gateway.records import Contact
from gateway.records.inventory import Counts, Found, Listing
from gateway.records.notices import Notice
from gateway.store.device_keys import bound_key, columns_of, has_bound_key, has_key, key_in
from gateway.store.inventory import InventoryQueries
from gateway.store.inventory_rows import InventoryRows
from gateway.store.tables import Instant, devices, tombstones
from gateway.store.within import everybody
from mdm.device import Device, DeviceInformation, DeviceKey, DeviceState, Wipe

_KEY = (devices.c.organisation, devices.c.user_id, devices.c.device_id)
_OPEN_WIPE = (DeviceState.WIPE_REQUIRED, DeviceState.WIPE_SUCCEEDED)
_NESTED = frozenset(("key", "wipe", "information"))
_PLAIN = tuple(field.name for field in fields(Device) if field.name not in _NESTED)
_WIPE = tuple(field.name for field in fields(Wipe))
_EMPTY: ColumnElement[str] = literal_column("''")
"""Spelled out, or no database would see that ``ix_devices_noted`` has every row that is asked for."""

_INFORMATION = frozenset(field.name for field in fields(DeviceInformation))


class DeviceRows:
    """``device_ports.Devices`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._inventory = InventoryRows(connection)

    def get(self, key: DeviceKey) -> Device | None:
        return self._one(devices, key)

    def get_all(self, keys: Collection[DeviceKey]) -> Mapping[DeviceKey, Device]:
        if not keys:
            return {}
        wanted = row_value(*_KEY).in_([(key.organisation, key.user, key.device_id) for key in keys])
        found = map(_device, self._connection.execute(select(devices).where(wanted)).mappings())
        return {device.key: device for device in found}

    def add(self, device: Device) -> None:
        self._connection.execute(insert(devices), _row(device))
        self._inventory.keep([device])

    def save(self, device: Device) -> Device:
        saved = self._save(devices, device)
        self._inventory.keep([saved])
        return saved

    def save_all(self, changed: Iterable[Device]) -> None:
        batch = list(changed)
        rows = [_save_row(device) for device in batch]
        if rows:
            result = self._connection.execute(_saving(devices), rows)
            _require_written(result.rowcount, len(rows))
            self._inventory.keep(batch)

    def remove(self, key: DeviceKey) -> None:
        self._connection.execute(delete(devices).where(has_key(devices, key)))

    def count(self, organisation: str, user: str) -> int:
        wanted = (devices.c.organisation == organisation) & (devices.c.user_id == user)
        return self._connection.execute(select(func.count()).select_from(devices).where(wanted)).scalar_one()

    def list(
        self,
        organisation: str | None = None,
        *,
        user: str | None = None,
        state: DeviceState | None = None,
        after: tuple[str, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Device]:
        columns = _KEY
        statement = select(devices).order_by(*columns).limit(limit)
        if organisation is not None:
            statement = statement.where(devices.c.organisation == organisation)
        if user is not None:
            statement = statement.where(devices.c.user_id == user)
        if state is not None:
            statement = statement.where(devices.c.state == state)
        if after is not None:
            statement = statement.where(row_value(*columns) > row_value(*after))
        return [_device(row) for row in self._connection.execute(statement).mappings()]

    def noted(
        self,
        organisation: str,
        notice: Notice,
        moment: datetime,
        *,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Device]:
        order = (devices.c.user_id, devices.c.device_id)
        wanted = {
            Notice.CONFLICT: devices.c.conflict != _EMPTY,
            Notice.SUSPENDED: devices.c.suspended_until > moment,
            Notice.LOOPING: devices.c.diagnosis != _EMPTY,
            Notice.SILENT: devices.c.last_seen < moment,
        }[notice]
        statement = select(devices).where(devices.c.organisation == organisation, wanted)
        statement = statement.where(row_value(*order) > row_value(*after)).order_by(*order).limit(limit)
        return [_device(row) for row in self._connection.execute(statement).mappings()]

    def sharing(self, organisation: str, device_id: str) -> Sequence[Device]:
        found: list[Device] = []
        for table in (devices, tombstones):
            wanted = (table.c.organisation == organisation) & (table.c.device_id == device_id)
            statement = select(table).where(wanted).order_by(table.c.user_id)
            found += [_device(row) for row in self._connection.execute(everybody(statement)).mappings()]
        return found

    def find(self, listing: Listing) -> Found:
        places = InventoryQueries(self._connection).places(listing)
        page = [place for place, _ in places[: listing.limit]]
        keys = [DeviceKey(place.organisation, place.user, place.device_id) for place in page]
        known = self.get_all(keys)
        return Found(
            devices=tuple(known[key] for key in keys),
            addresses={place.user: address for place, address in places},
            next=page[-1] if len(places) > len(page) else None,
        )

    def counts(self, listing: Listing) -> Counts:
        return InventoryQueries(self._connection).counts(listing)

    def with_open_wipe(self) -> Sequence[DeviceKey]:
        found = [_open_wipes(table) for table in (devices, tombstones)]
        return [DeviceKey(*row) for statement in found for row in self._connection.execute(statement)]

    def touch(self, contacts: Iterable[Contact]) -> None:
        dialect = self._connection.dialect
        statement = _TOUCH.compile(dialect=dialect)
        rows = [_contact_row(contact, text=dialect.name == "sqlite") for contact in contacts]
        order = statement.positiontup
        if rows and order:
            values = itemgetter(*order)
            self._connection.exec_driver_sql(str(statement), [values(row) for row in rows])
        elif rows:
            self._connection.exec_driver_sql(str(statement), rows)

    def list_contacts(self, contacts: Iterable[Contact]) -> None:
        self._inventory.touch(contacts)

    def bury(self, device: Device) -> None:
        self.remove(device.key)
        self.remove_tombstone(device.key)
        self._connection.execute(insert(tombstones), _row(device))

    def tombstone(self, key: DeviceKey) -> Device | None:
        return self._one(tombstones, key)

    def save_tombstone(self, device: Device) -> Device:
        return self._save(tombstones, device)

    def remove_tombstone(self, key: DeviceKey) -> None:
        self._connection.execute(delete(tombstones).where(has_key(tombstones, key)))

    def _one(self, table: Table, key: DeviceKey) -> Device | None:
        row = self._connection.execute(select(table).where(has_key(table, key))).mappings().one_or_none()
        return None if row is None else _device(row)

    def _save(self, table: Table, device: Device) -> Device:
        result = self._connection.execute(_saving(table), _save_row(device))
        _require_written(result.rowcount, 1)
        return replace(device, revision=device.revision + 1)


def _require_written(written: int, expected: int) -> None:
    if written != expected:
        raise LostRace("The device was changed by somebody else at the same time.")


def _saving(table: Table) -> Any:
    columns: dict[str, Any] = {
        column.name: bindparam(column.name) for column in table.columns if not column.primary_key
    }
    wanted = has_bound_key(table) & (table.c.revision == bindparam("read_revision"))
    return update(table).where(wanted).values(columns)


def _save_row(device: Device) -> dict[str, Any]:
    row = _row(replace(device, revision=device.revision + 1))
    for name in columns_of(device.key):
        del row[name]
    return row | bound_key(device.key) | {"read_revision": device.revision}


def _open_wipes(table: Table) -> Any:
    columns = (table.c.organisation, table.c.user_id, table.c.device_id)
    return select(*columns).where(table.c.state.in_(_OPEN_WIPE)).order_by(*columns)


# A batch may arrive late or twice: contact never goes back in time.
_TOUCH = (
    update(devices)
    .where(has_bound_key(devices) & (devices.c.last_seen <= bindparam("seen_at")))
    .values(
        last_seen=bindparam("seen_at"),
        last_ip=bindparam("ip"),
        user_agent=bindparam("agent"),
        protocol_version=bindparam("spoken"),
        last_sync=func.coalesce(bindparam("synced_at", type_=Instant), devices.c.last_sync),
    )
)


def _contact_row(contact: Contact, *, text: bool) -> dict[str, Any]:
    """A row for the driver itself: SQLAlchemy's binding took most of the time that a fleet's last contacts
    cost. ``text``: a time as SQLAlchemy writes it on SQLite.
    """
    utc = contact.at.astimezone(UTC)
    at = utc.isoformat(" ", "microseconds")[:26] if text else utc
    return {
        "key_organisation": contact.organisation,
        "key_user": contact.user,
        "key_device": contact.device_id,
        "seen_at": at,
        "ip": contact.ip,
        "agent": contact.user_agent,
        "spoken": contact.protocol_version,
        "synced_at": at if contact.synced else None,
    }


def _row(device: Device) -> dict[str, Any]:
    wipe = device.wipe
    return {
        **columns_of(device.key),
        "information": {
            name: value for name, value in asdict(device.information).items() if value is not None
        },
        **{name: getattr(device, name) for name in _PLAIN},
        **{f"wipe_{name}": None if wipe is None else getattr(wipe, name) for name in _WIPE},
    }


def _device(row: RowMapping) -> Device:
    return Device(
        key=key_in(row),
        wipe=None if row["wipe_kind"] is None else Wipe(**{name: row[f"wipe_{name}"] for name in _WIPE}),
        information=_information(row["information"]),
        **{name: row[name] for name in _PLAIN},
    )


def _information(document: dict[str, str]) -> DeviceInformation:
    # A newer release beside this one may have stored facts that this one has no field for.
    return DeviceInformation(**{name: value for name, value in document.items() if name in _INFORMATION})
