"""Failed attempts: counted, and in the trail without what was typed."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.credential_checks import UNKNOWN, Checks
from gateway.services.sign_in_delays import FREE, Delays
from gateway.store import DatabaseStore
from tests.support.accounts import House, house, stranger


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def checks(home: House) -> Checks:
    return Checks(home.store, home.clock, Delays(), lambda: home.clock.now().timestamp())


def fails(checks: Checks, kind: Kind) -> Kind:
    with pytest.raises(GatewayError) as refused, checks.attempt("ann", stranger()):
        raise GatewayError(kind)
    return refused.value.kind


def test_what_was_wrong_counts_and_what_nobody_could_tell_does_not(home: House) -> None:
    counted = checks(home)
    for _ in range(20):
        assert fails(counted, Kind.UNAVAILABLE) is Kind.UNAVAILABLE
    for _ in range(FREE):
        assert fails(counted, Kind.UNAUTHENTICATED) is Kind.UNAUTHENTICATED
    assert fails(counted, Kind.UNAUTHENTICATED) is Kind.THROTTLED


def test_what_was_right_begins_anew(home: House) -> None:
    counted = checks(home)
    for _ in range(10):
        fails(counted, Kind.UNAUTHENTICATED)
        with counted.attempt("ann", stranger()):
            pass


def test_a_failure_is_recorded_and_raised(home: House) -> None:
    ann = home.make("ann")
    for account, told in ((ann, ann.id), (None, UNKNOWN)):
        with pytest.raises(GatewayError, match="no") as refused:
            checks(home).failed(stranger(), account, "password", Kind.UNAUTHENTICATED, "no")
        assert refused.value.kind is Kind.UNAUTHENTICATED
        record = home.trail(AuditTag.SIGN_IN_FAILED)[-1]
        assert (record.target, record.outcome) == (told, "refused: password")
        assert record.actor.address == stranger().address


def test_a_right_code_uses_none_of_the_wrong_ones_up(home: House) -> None:
    ann, counted = home.make("ann"), checks(home)
    for _ in range(30):
        assert counted.code(ann, lambda: ann) is ann
    for _ in range(10):
        assert counted.code(ann, lambda: None) is None
    assert counted.code(ann, lambda: ann) is None
