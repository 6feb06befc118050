"""The second factor: RFC 6238's own examples, a window of one step, and no code twice."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.directory.second_factor import TimedCodes
from tests.support.timed_codes import code_at

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The RFC's ``12345678901234567890`` in base32."""

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_rfc(at: int, code: str) -> None:
    assert code_at(SECRET, datetime.fromtimestamp(at, UTC)) == code
    assert TimedCodes().step(SECRET, code, datetime.fromtimestamp(at, UTC), 0) == at // 30


@pytest.mark.parametrize(("late", "step"), [(-60, None), (-30, -1), (0, 0), (30, 1), (60, None)])
def test_a_clock_may_differ_by_one_step(late: int, step: int | None) -> None:
    code = code_at(SECRET, NOW + timedelta(seconds=late))
    found = TimedCodes().step(SECRET, code, NOW, 0)
    assert found == (None if step is None else STEP + step)


def test_a_step_is_taken_once_and_none_before_it() -> None:
    present, before = code_at(SECRET, NOW), code_at(SECRET, NOW - timedelta(seconds=30))
    assert TimedCodes().step(SECRET, present, NOW, STEP - 1) == STEP
    for code in (present, before):
        assert TimedCodes().step(SECRET, code, NOW, STEP) is None


def test_spaces_are_how_people_type() -> None:
    code = code_at(SECRET, NOW)
    assert TimedCodes().step(SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) == STEP


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "0x1234", "\0" * 6]
)
def test_what_is_no_code(code: str) -> None:
    assert TimedCodes().step(SECRET, code, NOW, 0) is None


def test_the_uri_is_what_authenticators_read() -> None:
    uri = TimedCodes().uri(SECRET, "ann:b & c@acme.example")
    assert uri == f"otpauth://totp/Usher:ann%20b%20%26%20c@acme.example?secret={SECRET}&issuer=Usher"
