"""Sprays and brute force are slowed down, phones and those who share an address are not (T1, T2)."""

import itertools
from dataclasses import replace

import pytest

from gateway.config import SHARED_NETWORKS
from gateway.services.throttle import (
    KNOWN_S,
    MAXIMUM_FAILED,
    PER_ACCOUNT,
    PER_KNOWN,
    PER_NETWORK,
    PER_RANGE,
    PER_SHARED,
    SPREAD,
    SPREAD_S,
    Attempt,
    Place,
    Throttle,
)
from gateway.services.throttle_windows import MAXIMUM_BUCKETS

HOME, AWAY = "192.0.2.7", "203.0.113.9"
CLOUD = "52.125.140.1"


@pytest.fixture
def throttle() -> Throttle:
    return Throttle()


def attempt(throttle: Throttle, name: str, source: str = HOME, device: str = "") -> Attempt:
    return replace(throttle.attempt(name, source, device), account=f"u-{name}")


def guess(throttle: Throttle, name: str, source: str = HOME, now: float = 0, device: str = "") -> bool:
    """Whether a wrong credential would have been verified."""
    made = attempt(throttle, name, source, device)
    if not throttle.may_ask(made, now):
        return False
    grant = throttle.may_try(made, now)
    if grant is not None:
        throttle.failed(grant, now)
    return grant is not None


def sign_in(throttle: Throttle, name: str, source: str = HOME, now: float = 0, device: str = "") -> bool:
    """Whether a right credential that nobody knows here yet would have been verified."""
    made = attempt(throttle, name, source, device)
    grant = throttle.may_try(made, now) if throttle.may_ask(made, now) else None
    if grant is not None:
        throttle.succeeded(grant, now, first=True)
    return grant is not None


def test_an_account_is_guessed_at_a_few_times_from_the_whole_world(throttle: Throttle) -> None:
    tried = sum(guess(throttle, "ann", f"198.{number % 250}.{number // 250}.1") for number in range(1000))
    assert tried == PER_ACCOUNT.burst
    assert not guess(throttle, "ann", AWAY, PER_ACCOUNT.refill_s - 1)
    assert guess(throttle, "ann", AWAY, PER_ACCOUNT.refill_s)


def test_the_directory_sees_fewer_failures_than_lock_an_account(throttle: Throttle) -> None:
    """T2: ten in ten minutes is a directory's usual threshold; the guesser sits where the user is known."""
    assert sign_in(throttle, "ann")
    seen = sum(guess(throttle, "ann", now=second) for second in range(600))
    assert seen <= PER_ACCOUNT.burst + 1 + PER_KNOWN.burst < 10


def test_one_address_is_slowed_down_and_so_is_its_range(throttle: Throttle) -> None:
    names = map(str, range(10))
    assert sum(guess(throttle, name) for name in itertools.islice(itertools.cycle(names), 500)) <= 50
    hosts = [f"198.51.100.{number}" for number in range(256)]
    names = (f"n{number % 25}" for number in range(10_000))
    tried = sum(guess(throttle, name, host) for name, host in zip(names, itertools.cycle(hosts)))
    assert tried <= min(PER_RANGE.burst, 25 * PER_ACCOUNT.burst)


def test_a_spray_over_many_accounts_ends_at_its_spread(throttle: Throttle) -> None:
    tried = sum(guess(throttle, f"n{number}", f"198.51.100.{number % 256}") for number in range(1000))
    assert tried == SPREAD
    assert not guess(throttle, "fresh", "198.51.100.1", SPREAD_S - 1)
    assert guess(throttle, "n0", "198.51.100.1", 1)
    assert guess(throttle, "fresh", "198.51.101.1", 1)
    assert guess(throttle, "fresh", "198.51.100.1", SPREAD_S)


def test_a_spray_is_told_of_once(throttle: Throttle) -> None:
    told = []
    for number in range(SPREAD * 2):
        grant = throttle.may_try(attempt(throttle, f"n{number % (SPREAD + 5)}"), number / 10)
        told.append(grant is not None and throttle.failed(grant, number / 10))
    assert [number for number, each in enumerate(told) if each] == [SPREAD - 1]


def test_an_ipv6_guesser_with_a_prefix_is_one_place(throttle: Throttle) -> None:
    tried = sum(guess(throttle, f"n{number}", f"2001:db8:1:{number:x}::1") for number in range(256))
    assert tried == SPREAD


@pytest.mark.parametrize("home", [{"source": HOME}, {"source": "192.0.2.200"}, {"device": "PHONE1"}])
def test_the_owner_comes_in_while_the_account_is_hammered_from_elsewhere(
    throttle: Throttle, home: dict[str, str]
) -> None:
    assert sign_in(throttle, "ann", HOME, device="PHONE1")
    for number in range(100):
        guess(throttle, "ann", f"198.51.{number}.1", 1)
    place = {"source": "203.0.113.77", **home}
    assert not sign_in(throttle, "ann", "203.0.113.77", 2)
    assert sign_in(throttle, "ann", now=2, **place)


def test_and_while_her_own_office_is_the_source_of_a_spray(throttle: Throttle) -> None:
    assert sign_in(throttle, "ann")
    for number in range(500):
        guess(throttle, f"n{number}", HOME, 1)
    assert not sign_in(throttle, "newcomer", HOME, 2)
    assert sign_in(throttle, "ann", HOME, 2)


def test_being_known_buys_two_guesses(throttle: Throttle) -> None:
    assert sign_in(throttle, "ann", device="PHONE1")
    for number in range(100):
        guess(throttle, "ann", f"198.51.{number}.1", 1)
    assert [guess(throttle, "ann", AWAY, 2, "PHONE1") for _ in range(3)] == [True, True, False]
    assert sign_in(throttle, "ann", HOME, 2)
    assert not guess(throttle, "ann", "198.18.0.1", 2, "PHONE2")


def test_known_is_forgotten_after_a_month(throttle: Throttle) -> None:
    assert sign_in(throttle, "ann")
    for number in range(100):
        guess(throttle, "ann", f"198.51.{number}.1", KNOWN_S)
    assert not sign_in(throttle, "ann", HOME, KNOWN_S)


def test_a_full_office_where_everybody_has_a_stale_password_is_no_spray(throttle: Throttle) -> None:
    """The morning after a forced change; their phones were known there."""
    people = [f"n{number}" for number in range(400)]
    assert all(sign_in(throttle, name) for name in people)
    tried = [guess(throttle, name, HOME, 60 + number) for number, name in enumerate(people)]
    assert all(tried)
    assert all(sign_in(throttle, name, HOME, 2000) for name in people)


def test_the_cloud_of_a_mobile_client_shares_addresses_unpunished(throttle: Throttle) -> None:
    """Outlook's cloud signs in for everybody; accounts are protected all the same."""
    stale = sum(guess(throttle, f"n{number}", CLOUD) for number in range(900))
    assert stale == 900
    assert sign_in(throttle, "ann", "52.127.97.1")
    assert sign_in(throttle, "bob", CLOUD)
    assert sum(guess(throttle, "eve", CLOUD) for _ in range(100)) == PER_ACCOUNT.burst
    assert sum(guess(throttle, f"m{number}", CLOUD) for number in range(9000)) < PER_SHARED.burst


def test_what_is_shared_is_a_setting() -> None:
    throttle = Throttle(shared=())
    assert not throttle.attempt("ann", CLOUD).place.shared
    assert Throttle().attempt("ann", "::ffff:52.125.140.1").place == Place(
        *[str(SHARED_NETWORKS[0])] * 2, shared=True
    )


def test_a_success_forgives_its_own_name_and_nobody_else(throttle: Throttle) -> None:
    for number in range(SPREAD):
        assert guess(throttle, f"n{number}")
    assert not guess(throttle, "fresh")
    assert sign_in(throttle, "n0")
    assert guess(throttle, "fresh")
    left = sum(guess(throttle, "n1") for _ in range(10))
    assert left == PER_ACCOUNT.burst - 1


def test_an_outage_costs_nothing(throttle: Throttle) -> None:
    for _ in range(PER_NETWORK.burst * 3):
        grant = throttle.may_try(attempt(throttle, "ann"), 0)
        assert grant
        throttle.given_up(grant, 0)
    assert throttle._under_way == {}
    assert throttle._failed.count("192.0.2.0/24", 0) == 0


def test_a_crowd_is_told_to_come_again_and_a_guesser_is_not(throttle: Throttle) -> None:
    grants = [throttle.may_try(attempt(throttle, f"n{number}"), 0) for number in range(PER_NETWORK.burst)]
    late = attempt(throttle, "late")
    assert throttle.may_try(late, 0) is None
    assert throttle.crowded(late, 0)
    for grant in grants:
        assert grant
        throttle.failed(grant, 0)
    assert not throttle.crowded(late, 0)
    assert not throttle.crowded(attempt(throttle, "ann", AWAY), 0)


def test_a_spent_account_is_no_crowd(throttle: Throttle) -> None:
    throttle.may_try(attempt(throttle, "bob"), 0)
    while guess(throttle, "ann"):
        pass
    assert not throttle.crowded(attempt(throttle, "ann"), 0)


def test_a_spray_over_a_million_addresses_does_not_grow_memory() -> None:
    """Beyond the bound nothing grows; it is reached with fewer."""
    throttle = Throttle()
    for number in range(MAXIMUM_BUCKETS + MAXIMUM_BUCKETS // 5):
        guess(throttle, f"n{number}", f"2001:db8:{number >> 8:x}:{(number & 255) << 8:x}::1")
    sizes = [len(buckets) for _, buckets in throttle._budgets]
    assert max(sizes) <= MAXIMUM_BUCKETS
    assert len(throttle._failed) == MAXIMUM_FAILED == len(throttle._failed._seen)
    assert len(throttle._failed._counts) <= MAXIMUM_FAILED
    assert throttle._under_way == {}
    assert len(throttle._lanes) == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", Place("192.0.2.7/32", "192.0.2.0/24")),
        ("::ffff:192.0.2.7", Place("192.0.2.7/32", "192.0.2.0/24")),
        ("2001:db8:1:2ff::9", Place("2001:db8:1:2ff::/64", "2001:db8:1:200::/56")),
        ("unix", Place("unix", "unix")),
    ],
)
def test_what_counts_as_one_place(throttle: Throttle, address: str, place: Place) -> None:
    assert throttle.attempt("ann", address).place == place


def test_a_name_is_kept_as_a_digest_and_spelled_in_one_way(throttle: Throttle) -> None:
    assert throttle.attempt("ANN", HOME) == throttle.attempt("ann ", HOME)
    assert throttle.attempt("ann", HOME).name != Throttle().attempt("ann", HOME).name
    assert guess(throttle, "canary-name")
    assert "canary-name" not in repr((throttle._failed._seen, throttle._known._seen))
