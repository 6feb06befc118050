"""The password policy of product 1: each rule from just below to just above."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services.password_policy import FOREIGN, TOO_LONG, TOO_PLAIN, TOO_SHORT, fault_of, require_good


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Abcdef1", TOO_SHORT),
        ("Abcdef12", ""),
        ("Ab1" + "x" * 60, ""),
        ("Ab1" + "x" * 61, TOO_LONG),
        ("abcdefgh1", TOO_PLAIN),
        ("abcdefg1!", ""),
        ("ABCDEFG1!", ""),
        ("abcdefgé1", ""),
        ("ABCDEFGÉ", TOO_PLAIN),
        ("Abc def 1", ""),
        ("Abcdef1€", FOREIGN),
        ("Abcdef1\x00", FOREIGN),
        ("Abcdef1\x9f", FOREIGN),
        ("Abcdef1\xa0", FOREIGN),
        ("Abcdef1\x7f", FOREIGN),
        ("Abcdef1\xff", ""),
        ("", TOO_SHORT),
    ],
)
def test_the_rule_that_is_broken_is_named(password: str, fault: str) -> None:
    assert fault_of(password) == fault


def test_a_refusal_never_repeats_the_password() -> None:
    with pytest.raises(GatewayError) as caught:
        require_good("secretpassword")
    assert caught.value.kind is Kind.MALFORMED
    assert caught.value.faults == {"password": TOO_PLAIN}
    assert "secretpassword" not in str(caught.value)
