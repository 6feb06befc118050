"""Rows of organisations, domains and users (product 1)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select, update

from gateway.records import Domain, Organisation, User
from gateway.store.tables import addresses, domains, organisations, users


class DirectoryRows:
    """``ports.Directory`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_organisation(self, organisation: Organisation) -> None:
        self._connection.execute(insert(organisations), _organisation_row(organisation))

    def save_organisation(self, organisation: Organisation) -> None:
        statement = update(organisations).where(organisations.c.id == organisation.id)
        self._connection.execute(statement, _organisation_row(organisation))

    def remove_organisation(self, organisation: str) -> None:
        self._connection.execute(delete(organisations).where(organisations.c.id == organisation))

    def organisation(self, id_or_alias: str) -> Organisation | None:
        wanted = or_(organisations.c.id == id_or_alias, organisations.c.alias == id_or_alias)
        # An alias may look like an id ("m-..." is a legal alias): the id wins.
        statement = select(organisations).where(wanted).order_by(organisations.c.id != id_or_alias)
        row = self._connection.execute(statement).mappings().first()
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
        row = self._connection.execute(select(domains).where(domains.c.name == name)).mappings().one_or_none()
        return None if row is None else _domain(row)

    def domains(self, organisation: str | None = None) -> Sequence[Domain]:
        statement = select(domains).order_by(domains.c.name)
        if organisation is not None:
            statement = statement.where(domains.c.organisation == organisation)
        return [_domain(row) for row in self._connection.execute(statement).mappings()]

    def addresses_in(self, domain: str) -> int:
        counting = select(func.count()).select_from(addresses).where(addresses.c.domain == domain)
        return self._connection.execute(counting).scalar_one()

    def add_user(self, user: User) -> None:
        self._connection.execute(insert(users), _user_row(user))
        self._connection.execute(insert(addresses), _address_rows(user))

    def save_user(self, user: User) -> None:
        self._connection.execute(update(users).where(users.c.id == user.id), _user_row(user))
        self._connection.execute(delete(addresses).where(addresses.c.user_id == user.id))
        self._connection.execute(insert(addresses), _address_rows(user))

    def remove_user(self, user: str) -> None:
        self._connection.execute(delete(users).where(users.c.id == user))

    def user(self, user: str) -> User | None:
        found = self._users(users.c.id == user, limit=1)
        return found[0] if found else None

    def user_by_address(self, address: str) -> User | None:
        owner = select(addresses.c.user_id).where(addresses.c.address == address.lower()).scalar_subquery()
        found = self._users(users.c.id == owner, limit=1)
        return found[0] if found else None

    def users_by_login(self, login: str, *, limit: int = 2) -> Sequence[User]:
        return self._users(users.c.login == login.lower(), limit=limit)

    def users(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[User]:
        wanted = (users.c.organisation == organisation) & (users.c.address > after)
        return self._users(wanted, limit=limit)

    def _users(self, wanted: ColumnElement[bool], *, limit: int) -> Sequence[User]:
        statement = select(users).where(wanted).order_by(users.c.address).limit(limit)
        rows = self._connection.execute(statement).mappings().all()
        aliases = self._aliases([row["id"] for row in rows])
        return [User(**row, aliases=aliases.get(row["id"], ())) for row in rows]

    def _aliases(self, identities: Sequence[str]) -> dict[str, tuple[str, ...]]:
        wanted = addresses.c.user_id.in_(identities) & (addresses.c.position > 0)
        statement = (
            select(addresses.c.user_id, addresses.c.address).where(wanted).order_by(addresses.c.position)
        )
        found: dict[str, tuple[str, ...]] = {}
        for user, address in self._connection.execute(statement):
            found[user] = (*found.get(user, ()), address)
        return found


def _organisation_row(organisation: Organisation) -> dict[str, Any]:
    return {column.name: getattr(organisation, column.name) for column in organisations.columns}


def _domain_row(domain: Domain) -> dict[str, Any]:
    return {"name": domain.name, "organisation": domain.organisation, "is_default": domain.default}


def _domain(row: RowMapping) -> Domain:
    return Domain(row["name"], row["organisation"], row["is_default"])


def _user_row(user: User) -> dict[str, Any]:
    return {column.name: getattr(user, column.name) for column in users.columns}


def _address_rows(user: User) -> list[dict[str, Any]]:
    return [
        {"address": address, "domain": address.rpartition("@")[2], "user_id": user.id, "position": position}
        for position, address in enumerate((user.address, *user.aliases))
    ]
