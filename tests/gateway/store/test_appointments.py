"""Rows of appointments: in the order given, and each table its own."""

from gateway.records.authority import Appointment, Role
from gateway.store import DatabaseStore
from gateway.store.appointments import AppointmentRows
from gateway.store.engine import connect
from gateway.store.tables_administrators import appointments
from tests.gateway.store.test_administrators import account
from tests.support.stores import ACME

MANY = (Appointment(Role.VIEWER, ACME.id), Appointment(Role.OWNER), Appointment(Role.APPROVER))


def test_they_are_kept_in_their_order_and_replaced_as_a_whole(store: DatabaseStore, store_url: str) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.administrators.add(account())
    engine = connect(store_url)
    with engine.begin() as connection:
        rows = AppointmentRows(connection, appointments)
        rows.put("a-ann", MANY)
        assert rows.of(["a-ann", "a-nobody"])["a-ann"] == MANY
        rows.put("a-ann", MANY[:1])
        assert rows.of(["a-ann"])["a-ann"] == MANY[:1]
        rows.put("a-ann", ())
        assert rows.of(["a-ann"])["a-ann"] == ()
    engine.dispose()
