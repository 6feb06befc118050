"""Secrets that are drawn: enough of chance, told apart by their prefix, kept as digests."""

import base64

import pytest

from gateway.chance import Secrets
from gateway.services import drawn_secrets
from gateway.services.drawn_secrets import RECOVERY_CODES, SESSION, TOKEN
from gateway.services.password_policy import fault_of


@pytest.mark.parametrize("prefix", [TOKEN, SESSION])
def test_a_token_is_its_prefix_and_32_octets(prefix: str) -> None:
    drawn = [drawn_secrets.draw_token(Secrets(), prefix) for _ in range(20)]
    assert len(set(drawn)) == 20
    for secret in drawn:
        assert secret.startswith(prefix)
        assert len(base64.urlsafe_b64decode(secret.removeprefix(prefix) + "=")) == 32


def test_a_digest_is_not_the_secret_and_of_one_secret_only() -> None:
    assert len(drawn_secrets.digest_of("x")) == 64
    assert drawn_secrets.digest_of("x") != drawn_secrets.digest_of("X")
    assert drawn_secrets.digest_of("\ud800")


def test_recovery_codes_are_ten_different_ones_however_they_are_typed() -> None:
    codes = drawn_secrets.draw_recovery_codes(Secrets())
    assert len(set(codes)) == RECOVERY_CODES == 10
    for code in codes:
        digest = drawn_secrets.recovery_digest(code)
        assert digest and code not in digest
        assert drawn_secrets.recovery_digest(f" {code.lower().replace('-', ' ')} ") == digest
    assert len({drawn_secrets.recovery_digest(each) for each in codes}) == 10


@pytest.mark.parametrize("typed", ["", "123456", "ABCD-EFGH-IJKL", "ABCD-EFGH-IJKL-MNOPQ"])
def test_what_cannot_be_a_recovery_code_has_no_digest(typed: str) -> None:
    assert drawn_secrets.recovery_digest(typed) == ""


def test_the_factor_is_160_bits_in_base32() -> None:
    assert len(base64.b32decode(drawn_secrets.draw_factor(Secrets()))) == 20


def test_a_drawn_password_is_a_good_one() -> None:
    drawn = {drawn_secrets.draw_password(Secrets()) for _ in range(50)}
    assert len(drawn) == 50
    assert {fault_of(each) for each in drawn} == {""}


@pytest.mark.parametrize(("credential", "person"), [("s-1", True), ("t-1", False), ("", False)])
def test_only_behind_a_session_there_is_a_person(credential: str, person: bool) -> None:
    assert drawn_secrets.is_session(credential) is person
