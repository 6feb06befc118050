"""What is hashed is made of values, and the same whatever a database made of their text."""

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.chain import COLUMNS, GENESIS, Link, canonical, intact, link, moment, signed_text
from tests.support.stores import NOON

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def values(**told: Any) -> tuple[Any, ...]:
    document = {name: f"a {name}" for name in COLUMNS}
    document |= {"sequence": 7, "at": moment(NOON), "before": "{}", "after": '{"b": 1, "a": [2.0]}', **told}
    return tuple(document[name] for name in COLUMNS)


def test_the_hash_is_sha_256_over_the_one_before_and_the_canonical_form() -> None:
    document = dict(zip(COLUMNS, values(), strict=True)) | {"before": {}, "after": {"a": [2], "b": 1}}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert link(values(), GENESIS) == hashlib.sha256((GENESIS + text).encode()).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"b":1,"a":2}', '{ "a": 2, "b": 1 }'),
        ("1e22", "10000000000000000000000"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("1e-07", "0.0000001"),
        ('"\\u00e9"', '"é"'),
        ('{"a":1,"a":2}', '{"a":2}'),
    ],
)
def test_the_same_value_in_another_spelling_has_the_same_hash(one: str, other: str) -> None:
    assert link(values(before=one), GENESIS) == link(values(before=other), GENESIS)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_a_document_survives_being_spelled_anew(document: dict[str, Any]) -> None:
    try:
        text = canonical(document)
    except ValueError:
        return
    assert canonical(json.loads(text)) == text
    assert canonical(json.loads(json.dumps(document, indent=3))) == text


def test_what_no_database_keeps_is_refused() -> None:
    for wrong in (float("nan"), float("inf"), -float("inf"), "\ud800", 10**5000):
        with pytest.raises(ValueError, match=r".*"):
            canonical({"a": wrong})


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_is_hashed(name: str) -> None:
    other: Any = 8 if name == "sequence" else '{"other": 1}' if name in ("before", "after") else "other"
    assert link(values(**{name: other}), GENESIS) != link(values(), GENESIS)
    assert link(values(), "f" * 64) != link(values(), GENESIS)


def test_a_row_that_was_tampered_with_is_not_intact_and_no_accident() -> None:
    good = Link(values(), GENESIS, link(values(), GENESIS))
    assert intact(good)
    for wrong in ("", "no json", "NaN", "[" * 100_000, "1e999", b"\xff", None, 3):
        assert not intact(Link(values(before=wrong), GENESIS, good.hash))
    assert not intact(Link(values(reason=b"bytes"), GENESIS, good.hash))
    assert not intact(good._replace(previous=None))  # type: ignore[arg-type]


def test_a_record_knows_its_number() -> None:
    good = Link(values(), GENESIS, link(values(), GENESIS))
    moved = good._replace(values=values(sequence=9))
    assert not intact(moved)
    assert intact(moved, 7)
    assert moved.sequence == 9


def test_a_line_of_an_archive_is_the_same_record() -> None:
    good = Link(values(), GENESIS, link(values(), GENESIS))
    document = json.loads(json.dumps(good.as_document()))
    assert intact(Link.of_document(document))
    del document["reason"]
    with pytest.raises(KeyError):
        Link.of_document(document)


def test_a_moment_is_utc_with_microseconds() -> None:
    east = datetime(2026, 3, 1, 15, tzinfo=timezone(timedelta(hours=3)))
    assert moment(east) == "2026-03-01T12:00:00.000000Z"
    assert moment(NOON) == "2026-03-01T12:30:15.123456Z"


def test_a_seal_of_another_kind_is_another_text() -> None:
    assert signed_text("checkpoint", 1, "h", NOON, 1) != signed_text("archive", 1, "h", NOON, 1)
