"""What people ask of the device list, as conditions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.errors import Kind as Fault
from gateway.records.inventory import FIELDS, Check, Condition, Ordering
from gateway.services.device_questions import COMPARED, fold, read_conditions, read_ordering
from gateway.store import inventory_rows
from tests.support.stores import NOON

DAY = 24 * 3600 * 1_000_000
NOW = (NOON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def one(name: str, text: str) -> Condition:
    return read_conditions({name: text}, NOON)[0]


@pytest.mark.parametrize(
    ("name", "text", "condition"),
    [
        ("model", "iPhone", Condition("model", Check.BEGINS, ("iphone",))),
        ("model", "=iPhone 15", Condition("model", Check.IS, ("iphone 15",))),
        ("model", "=", Condition("model", Check.IS, ("",))),
        ("model", "!=", Condition("model", Check.IS, ("",), True)),
        ("os", "*18.", Condition("os", Check.CONTAINS, ("18.",))),
        ("device_id", "appl", Condition("device_id", Check.BEGINS, ("APPL",))),
        ("protocol", "14.1", Condition("protocol", Check.IS, (141,))),
        ("protocol", "<=12.1", Condition("protocol", Check.BELOW, (122,))),
        ("protocol", "!>=16.0", Condition("protocol", Check.AT_LEAST, (160,), True)),
        ("protocol", "> 14.0", Condition("protocol", Check.AT_LEAST, (141,))),
        ("state", "wipe required, Wipe Succeeded", Condition("state", Check.ONE_OF, (2, 3))),
        ("access", "rules", Condition("access", Check.ONE_OF, (0,))),
        ("held", "yes", Condition("held", Check.AT_LEAST, (1,))),
        ("held", "no", Condition("held", Check.AT_LEAST, (1,), True)),
        ("suspended", "!no", Condition("suspended", Check.AT_LEAST, (NOW,))),
        ("last_sync", "never", Condition("last_sync", Check.IS, (0,))),
        ("last_seen", "<30d", Condition("last_seen", Check.BETWEEN, (1, NOW - 30 * DAY - 1))),
        ("last_seen", ">=12h", Condition("last_seen", Check.AT_LEAST, (NOW - DAY // 2,))),
        ("last_seen", "20d..10d", Condition("last_seen", Check.BETWEEN, (NOW - 20 * DAY, NOW - 10 * DAY))),
        ("first_seen", "<1970-01-02", Condition("first_seen", Check.BETWEEN, (1, DAY - 1))),
        ("last_ip", "192.0.2.0/24", Condition("last_ip", Check.BETWEEN, ("4c0000200", "4c00002ff"))),
        ("last_ip", "192.0.2.7", Condition("last_ip", Check.BETWEEN, ("4c0000207", "4c0000207"))),
        ("last_ip", "::/0", Condition("last_ip", Check.BETWEEN, ("6" + "0" * 32, "6" + "f" * 32))),
    ],
)
def test_a_question_is_a_condition(name: str, text: str, condition: Condition) -> None:
    assert one(name, text) == condition


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("model", ""),
        ("model", "a\0"),
        ("model", "a" * (COMPARED + 1)),
        ("colour", "red"),
        ("protocol", "16"),
        ("protocol", "x"),
        ("state", "Broken"),
        ("state", ""),
        ("held", "perhaps"),
        ("last_seen", "yesterday"),
        ("last_seen", "2026-01-01"),
        ("last_seen", "<"),
        ("last_seen", "99999d..1d"),
        ("last_ip", "example.org"),
        ("last_ip", "192.0.2.0/33"),
    ],
)
def test_what_is_no_question_is_a_fault_of_its_field(name: str, text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        one(name, text)
    assert (refused.value.kind, list(refused.value.faults)) == (Fault.MALFORMED, [name])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(GatewayError) as refused:
        read_conditions({"protocol": "x", "model": "ok", "held": "y"}, NOON)
    assert set(refused.value.faults) == {"protocol", "held"}


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=40))
def test_whatever_is_asked_is_a_condition_or_a_fault(name: str, text: str) -> None:
    try:
        assert one(name, text).values
    except GatewayError as error:
        assert error.kind is Fault.MALFORMED


@pytest.mark.parametrize(
    ("text", "ordering"),
    [
        ("", Ordering()),
        ("os", Ordering("os")),
        ("-last_seen", Ordering("last_seen", True)),
        ("last-ip", Ordering("last_ip")),
    ],
)
def test_a_sort_is_a_field(text: str, ordering: Ordering) -> None:
    assert read_ordering(text) == ordering


@pytest.mark.parametrize("text", ["colour", "-", "--os", "information"])
def test_nothing_else_is_sorted_by(text: str) -> None:
    if text == "-":
        assert read_ordering(text) == Ordering("", True)
        return
    with pytest.raises(GatewayError) as refused:
        read_ordering(text)
    assert "sort" in refused.value.faults


@given(st.text(max_size=300))
def test_questions_and_rows_fold_alike(text: str) -> None:
    assert fold(text) == inventory_rows.folded(text)
