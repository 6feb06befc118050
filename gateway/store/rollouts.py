"""Rows of policy changes on their way to the devices, and the devices that wait for them (product 4.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from gateway.records import Rollout, RolloutState
from gateway.store.device_keys import bound_key, has_bound_key
from gateway.store.tables import Instant, devices
from gateway.store.tables_policies import rollouts
from mdm.device import Device, DeviceKey

_PLAIN = tuple(field.name for field in fields(Rollout) if field.name != "place")
_UNDER_WAY = (RolloutState.PLANNING, RolloutState.RUNNING, RolloutState.CANCELLING)


class RolloutRows:
    """``ports.Rollouts`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rollout: Rollout) -> None:
        self._connection.execute(insert(rollouts), _row(rollout))

    def save(self, rollout: Rollout) -> None:
        wanted = (rollouts.c.organisation == rollout.organisation) & (rollouts.c.number == rollout.number)
        self._connection.execute(update(rollouts).where(wanted), _row(rollout))

    def last(self, organisation: str) -> Rollout | None:
        found = self.list(organisation, limit=1)
        return found[0] if found else None

    def list(self, organisation: str, *, limit: int = 100) -> Sequence[Rollout]:
        statement = select(rollouts).where(rollouts.c.organisation == organisation)
        return self._rollouts(statement.order_by(rollouts.c.number.desc()).limit(limit))

    def under_way(self) -> Sequence[Rollout]:
        statement = select(rollouts).where(rollouts.c.state.in_(_UNDER_WAY))
        return self._rollouts(statement.order_by(rollouts.c.organisation, rollouts.c.number))

    def waiting(self, organisation: str, until: datetime) -> int:
        statement = select(func.count()).select_from(devices).where(_waits(organisation, until))
        return self._connection.execute(statement).scalar_one()

    def due(self, organisation: str, until: datetime, limit: int) -> Sequence[DeviceKey]:
        columns = (devices.c.organisation, devices.c.user_id, devices.c.device_id)
        statement = select(*columns).where(_waits(organisation, until)).order_by(devices.c.reprovision_at)
        return [DeviceKey(*row) for row in self._connection.execute(statement.limit(limit))]

    def set_moments(self, changed: Iterable[Device]) -> None:
        rows = [_moment_row(device) for device in changed]
        if rows:
            self._connection.execute(_MOMENT, rows)

    def _rollouts(self, statement: Select[Any]) -> Sequence[Rollout]:
        return [_rollout(row) for row in self._connection.execute(statement).mappings()]


# One column and not the whole record: this is written for a whole fleet.
_MOMENT = (
    update(devices)
    .where(has_bound_key(devices))
    .values(reprovision_at=bindparam("moment", type_=Instant), revision=devices.c.revision + 1)
)


def _moment_row(device: Device) -> dict[str, Any]:
    return {**bound_key(device.key), "moment": device.reprovision_at}


def _waits(organisation: str, until: datetime) -> ColumnElement[bool]:
    due: ColumnElement[bool] = devices.c.reprovision_at <= until
    return and_(devices.c.organisation == organisation, due)


def _row(rollout: Rollout) -> dict[str, Any]:
    user, device = rollout.place
    plain = {name: getattr(rollout, name) for name in _PLAIN}
    return plain | {"place_user": user, "place_device": device}


def _rollout(row: RowMapping) -> Rollout:
    place = (row["place_user"], row["place_device"])
    return Rollout(place=place, **{name: row[name] for name in _PLAIN})
