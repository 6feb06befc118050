"""Tables of administrators: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_administrators import (
    administrators,
    api_tokens,
    appointments,
    passkeys,
    saved_views,
    sessions,
    sign_in_questions,
    token_appointments,
)


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    mine = (administrators, api_tokens, sessions, appointments, token_appointments, passkeys)
    for table in (*mine, sign_in_questions, saved_views):
        assert metadata.tables[table.name] is table
