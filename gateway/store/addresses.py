"""Rows of addresses: of users, groups and resources in one primary key, so that none can mean two things
(product 1)."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from gateway.store.tables import addresses


class AddressRows:
    """What every kind of addressable row shares: a connection and the addresses of a holder."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def addresses_in(self, domain: str) -> int:
        counting = select(func.count()).select_from(addresses).where(addresses.c.domain == domain)
        return self._connection.execute(counting).scalar_one()

    def some_addresses_in(self, domain: str, limit: int = 5) -> Sequence[str]:
        statement = select(addresses.c.address).where(addresses.c.domain == domain)
        return self._connection.scalars(statement.order_by(addresses.c.address).limit(limit)).all()

    def _hold(self, column: str, holder: str, wanted: Sequence[str]) -> None:
        """Give ``holder`` exactly the addresses ``wanted``, the primary one first."""
        self._connection.execute(delete(addresses).where(addresses.c[column] == holder))
        rows = [
            {"address": address, "domain": address.rpartition("@")[2], column: holder, "position": position}
            for position, address in enumerate(wanted)
        ]
        if rows:
            self._connection.execute(insert(addresses), rows)
