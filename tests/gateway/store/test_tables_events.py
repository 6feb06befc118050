"""Tables of events: that the migration makes exactly them is shown in test_schema."""

from gateway.store import tables_events
from gateway.store.tables import metadata


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    for name in ("webhooks", "webhook_deliveries", "notice_subscriptions", "letters", "event_places"):
        assert metadata.tables[name] is getattr(tables_events, name)
