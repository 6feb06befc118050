"""Second factors as values: sealed for one account, spent when they are taken."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certs.sealing import Sealer
from gateway.chance import Secrets
from gateway.directory.second_factor import TimedCodes
from gateway.errors import GatewayError, Kind
from gateway.records.administrators import Administrator
from gateway.services.second_factors import SecondFactors, without
from tests.support.stores import NOON
from tests.support.timed_codes import code_at

ANN = Administrator("a-1", "ann", "Ann", NOON, "cli:root", "a-1")
SEALER = Sealer(b"x" * 32)


@pytest.fixture
def factors() -> SecondFactors:
    return SecondFactors(TimedCodes(), Secrets(), lambda: SEALER)


def enrolled(factors: SecondFactors) -> tuple[Administrator, str]:
    offered, offer = factors.offered(ANN)
    account = factors.enrolled(offered, code_at(offer.secret, NOON), NOON)
    assert account is not None
    return account, offer.secret


def test_what_was_offered_counts_once_a_code_was_shown(factors: SecondFactors) -> None:
    offered, offer = factors.offered(ANN)
    assert not offered.enrolled
    assert offer.secret in offer.uri and "ann" in offer.uri
    assert offer.secret.encode() not in (offered.totp_offered or b"")
    assert factors.enrolled(offered, "000000", NOON) is None
    assert factors.enrolled(ANN, code_at(offer.secret, NOON), NOON) is None
    account, _ = enrolled(factors)
    assert account.enrolled and account.totp_offered is None


def test_no_code_is_taken_twice_not_even_the_one_that_enrolled(factors: SecondFactors) -> None:
    account, secret = enrolled(factors)
    assert factors.shown(account, code_at(secret, NOON), NOON) is None
    later = NOON + timedelta(minutes=1)
    after = factors.shown(account, code_at(secret, later), later)
    assert after is not None
    assert factors.shown(after, code_at(secret, later), later) is None


def test_a_secret_opens_for_its_own_account_only(factors: SecondFactors) -> None:
    account, secret = enrolled(factors)
    moved = replace(ANN, id="a-2", totp=account.totp)
    with pytest.raises(GatewayError) as refused:
        factors.shown(moved, code_at(secret, NOON), NOON)
    assert refused.value.kind is Kind.UNAVAILABLE


def test_another_sealing_secret_is_an_accident_and_no_wrong_code(factors: SecondFactors) -> None:
    account, secret = enrolled(factors)
    others = SecondFactors(TimedCodes(), Secrets(), lambda: Sealer(b"y" * 32))
    with pytest.raises(GatewayError, match="sealing_key_file"):
        others.shown(account, code_at(secret, NOON), NOON)


def test_without_a_sealing_secret_nothing_is_offered() -> None:
    def missing() -> Sealer:
        raise FileNotFoundError

    with pytest.raises(GatewayError) as refused:
        SecondFactors(TimedCodes(), Secrets(), missing).offered(ANN)
    assert refused.value.kind is Kind.UNAVAILABLE


def test_a_recovery_code_is_taken_once(factors: SecondFactors) -> None:
    account, codes = factors.with_new_codes(ANN)
    after = factors.recovered(account, codes[3])
    assert after is not None and len(after.recovery) == 9
    assert factors.recovered(after, codes[3]) is None
    assert factors.recovered(after, codes[4]) is not None
    assert factors.recovered(ANN, codes[4]) is None


def test_new_codes_take_the_place_of_the_old(factors: SecondFactors) -> None:
    account, old = factors.with_new_codes(ANN)
    account, _ = factors.with_new_codes(account)
    assert all(factors.recovered(account, code) is None for code in old)


def test_without_a_factor_an_old_code_stays_used(factors: SecondFactors) -> None:
    account, _ = enrolled(factors)
    bare = without(replace(account, recovery=("d",), totp_offered=b"x"))
    assert (bare.totp, bare.totp_offered, bare.recovery) == (None, None, ())
    assert bare.totp_counter == account.totp_counter
