"""What columns keep and refuse."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from gateway.records import AuditTag
from gateway.store.tables import Instant, devices, metadata, named, tombstones

EAST = datetime(2026, 3, 1, 15, tzinfo=timezone(timedelta(hours=3)))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_a_time_is_kept_in_utc(dialect: sqlite.dialect) -> None:
    bound = Instant().process_bind_param(EAST, dialect)
    assert Instant().process_result_value(bound, dialect) == NOON
    assert Instant().process_bind_param(None, dialect) is None
    assert Instant().process_result_value(None, dialect) is None


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Instant().process_bind_param(datetime(2026, 3, 1), sqlite.dialect())  # noqa: DTZ001


def test_an_enum_is_kept_by_its_value() -> None:
    assert "device:wipe:confirmed" in named(AuditTag).enums
    assert max(len(tag.value) for tag in AuditTag) <= 64


def test_a_tombstone_has_every_column_of_a_partnership() -> None:
    assert [column.name for column in devices.columns] == [column.name for column in tombstones.columns]


def test_every_row_but_the_trail_and_the_feed_belongs_to_an_organisation() -> None:
    loose = {name for name, table in metadata.tables.items() if not table.foreign_keys}
    whole_gateway = {
        "administrators",
        "kept_requests",
        "event_places",
        "sign_in_questions",
        "traffic_history",
    }
    assert loose == {"organisations", "audit", "audit_seals", "changes"} | whole_gateway
