"""Rows of resources: rooms and equipment (product 1)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from gateway.records import Resource
from gateway.store.addresses import AddressRows
from gateway.store.tables import resources


class ResourceRows(AddressRows):
    """The resources of ``directory_ports.Directory``."""

    def add_resource(self, resource: Resource) -> None:
        self._connection.execute(insert(resources), _row(resource))
        self._hold("resource_id", resource.id, (resource.address,))

    def save_resource(self, resource: Resource) -> None:
        self._connection.execute(update(resources).where(resources.c.id == resource.id), _row(resource))
        self._hold("resource_id", resource.id, (resource.address,))

    def remove_resource(self, resource: str) -> None:
        self._connection.execute(delete(resources).where(resources.c.id == resource))

    def resource(self, resource: str) -> Resource | None:
        found = self._resources(resources.c.id == resource, limit=1)
        return found[0] if found else None

    def resources(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Resource]:
        wanted = (resources.c.organisation == organisation) & (resources.c.address > after)
        return self._resources(wanted, limit=limit)

    def _resources(self, wanted: ColumnElement[bool], *, limit: int) -> Sequence[Resource]:
        statement = select(resources).where(wanted).order_by(resources.c.address).limit(limit)
        return [Resource(**row) for row in self._connection.execute(statement).mappings()]


def _row(resource: Resource) -> dict[str, Any]:
    return {column.name: getattr(resource, column.name) for column in resources.columns}
