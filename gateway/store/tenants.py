"""Rows of organisations and domains, and the whole directory on one connection (product 1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, delete, func, insert, or_, select, update

from gateway.records import Domain, Group, Organisation, Resource, User
from gateway.store.addresses import AddressRows
from gateway.store.permissions import GrantRows
from gateway.store.resources import ResourceRows
from gateway.store.tables import addresses, domain_checks, domains, organisations
from gateway.store.users import UserRows
from gateway.store.within import everybody


class TenantRows(AddressRows):
    """The organisations and domains of ``directory_ports.Directory``."""

    def add_organisation(self, organisation: Organisation) -> None:
        self._connection.execute(insert(organisations), _organisation_row(organisation))

    def save_organisation(self, organisation: Organisation) -> None:
        statement = update(organisations).where(organisations.c.id == organisation.id)
        self._connection.execute(statement, _organisation_row(organisation))

    def remove_organisation(self, organisation: str) -> None:
        self._connection.execute(delete(organisations).where(organisations.c.id == organisation))

    def organisation(self, id_or_alias: str) -> Organisation | None:
        row = self._connection.execute(_NAMED, {"named": id_or_alias}).mappings().first()
        return None if row is None else Organisation(**row)

    def organisations(self) -> Sequence[Organisation]:
        rows = self._connection.execute(select(organisations).order_by(organisations.c.alias)).mappings()
        return [Organisation(**row) for row in rows]

    def add_domain(self, domain: Domain) -> None:
        self._connection.execute(insert(domains), _domain_row(domain))

    def save_domain(self, domain: Domain) -> None:
        self._connection.execute(update(domains).where(domains.c.name == domain.name), _domain_row(domain))

    def remove_domain(self, name: str) -> None:
        self._connection.execute(delete(domains).where(domains.c.name == name))

    def domain(self, name: str) -> Domain | None:
        return self._one_domain(_named(name))

    def any_domain(self, name: str) -> Domain | None:
        return self._one_domain(everybody(_named(name)))

    def domains(self, organisation: str | None = None) -> Sequence[Domain]:
        statement = select(domains).order_by(domains.c.name)
        if organisation is not None:
            statement = statement.where(domains.c.organisation == organisation)
        return [_domain(row) for row in self._connection.execute(statement).mappings()]

    def _one_domain(self, statement: Select[Any]) -> Domain | None:
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _domain(row)

    def domain_check(self, domain: str) -> tuple[datetime, Mapping[str, Any]] | None:
        statement = select(domain_checks).where(domain_checks.c.domain == domain)
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else (row["checked_at"], MappingProxyType(row["document"]))

    def save_domain_check(self, domain: str, at: datetime, document: Mapping[str, Any]) -> None:
        row = {"domain": domain, "checked_at": at, "document": dict(document)}
        self._connection.execute(delete(domain_checks).where(domain_checks.c.domain == domain))
        self._connection.execute(insert(domain_checks), row)


class DirectoryRows(TenantRows, UserRows, ResourceRows, GrantRows):
    """``directory_ports.Directory`` on one connection."""

    def entity_by_address(self, address: str) -> User | Group | Resource | None:
        statement = select(addresses).where(addresses.c.address == address.lower())
        row = self._connection.execute(statement).mappings().one_or_none()
        if row is None:
            return None
        if row["user_id"] is not None:
            return self.user(row["user_id"])
        if row["group_id"] is not None:
            return self.group(row["group_id"])
        return self.resource(row["resource_id"])

    def holder(self, address: str) -> str | None:
        columns = (addresses.c.user_id, addresses.c.group_id, addresses.c.resource_id)
        statement = select(func.coalesce(*columns)).where(addresses.c.address == address.lower())
        found: str | None = self._connection.scalar(everybody(statement))
        return found


def _organisation_row(organisation: Organisation) -> dict[str, Any]:
    return {column.name: getattr(organisation, column.name) for column in organisations.columns}


_NAMED = (
    select(organisations)
    .where(or_(organisations.c.id == bindparam("named"), organisations.c.alias == bindparam("named")))
    .order_by(organisations.c.id != bindparam("named"))
)
"""By id or alias, made once: nothing is asked for as often. An alias may look like an id ("m-..." is a legal
one): the id comes first."""


def _named(name: str) -> Select[Any]:
    return select(domains).where(domains.c.name == name)


def _domain_row(domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "organisation": domain.organisation,
        "is_default": domain.default,
        "backend": domain.backend,
        "proof": domain.proof,
    }


def _domain(row: RowMapping) -> Domain:
    return Domain(row["name"], row["organisation"], row["is_default"], row["backend"], row["proof"])
