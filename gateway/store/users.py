"""Rows of users (product 1)."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from gateway.records import User
from gateway.store.addresses import AddressRows
from gateway.store.inventory_rows import InventoryRows
from gateway.store.tables import addresses, users
from gateway.store.within import is_narrowed, out_of_reach


class UserRows(AddressRows):
    """The users of ``directory_ports.Directory``."""

    def add_user(self, user: User) -> None:
        self._connection.execute(insert(users), _row(user))
        self._hold("user_id", user.id, (user.address, *user.aliases))
        self._require_reached(user)

    def save_user(self, user: User) -> None:
        self._connection.execute(update(users).where(users.c.id == user.id), _row(user))
        self._hold("user_id", user.id, (user.address, *user.aliases))
        InventoryRows(self._connection).rename(user)
        self._require_reached(user)

    def remove_user(self, user: str) -> None:
        self._connection.execute(delete(users).where(users.c.id == user))

    def user(self, user: str) -> User | None:
        found = self._users(users.c.id == user, limit=1)
        return found[0] if found else None

    def users_by_id(self, identities: Collection[str]) -> Mapping[str, User]:
        found = self._users(users.c.id.in_(identities), limit=len(identities)) if identities else ()
        return {user.id: user for user in found}

    def user_by_address(self, address: str) -> User | None:
        owner = select(addresses.c.user_id).where(addresses.c.address == address.lower()).scalar_subquery()
        found = self._users(users.c.id == owner, limit=1)
        return found[0] if found else None

    def users_by_login(self, login: str, *, limit: int = 2) -> Sequence[User]:
        return self._users(users.c.login == login.lower(), limit=limit)

    def users(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[User]:
        wanted = (users.c.organisation == organisation) & (users.c.address > after)
        return self._users(wanted, limit=limit)

    def _require_reached(self, user: User) -> None:
        """Nobody puts a user where their reach ends, a new one as little as one whose address changes."""
        if is_narrowed(self._connection) and self.user(user.id) is None:
            raise out_of_reach()

    def _users(self, wanted: ColumnElement[bool], *, limit: int) -> Sequence[User]:
        statement = select(users).where(wanted).order_by(users.c.address).limit(limit)
        rows = self._connection.execute(statement).mappings().all()
        aliases = self._aliases([row["id"] for row in rows])
        return [_user(dict(row), aliases.get(row["id"], ())) for row in rows]

    def _aliases(self, identities: Sequence[str]) -> dict[str, tuple[str, ...]]:
        wanted = addresses.c.user_id.in_(identities) & (addresses.c.position > 0)
        statement = (
            select(addresses.c.user_id, addresses.c.address).where(wanted).order_by(addresses.c.position)
        )
        found: dict[str, tuple[str, ...]] = {}
        for user, address in self._connection.execute(statement):
            found[user] = (*found.get(user, ()), address)
        return found


def _user(row: dict[str, Any], aliases: tuple[str, ...]) -> User:
    return User(**row | {"details": MappingProxyType(row["details"])}, aliases=aliases)


def _row(user: User) -> dict[str, Any]:
    row = {column.name: getattr(user, column.name) for column in users.columns}
    return row | {"details": dict(user.details)}
