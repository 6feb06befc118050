"""Verified and rejected credentials, and how guessing is slowed down (T1, T2, T28, T29)."""

import timeit

import pytest

from gateway.records import Change, Scope
from gateway.services.login import (
    MAXIMUM_REJECTED,
    MEMORY_S,
    PER_ACCOUNT,
    PER_NETWORK,
    Buckets,
    Login,
    Look,
    Principal,
    network_of,
)

ANN = Principal("m-1", "u-ann")
BOB = Principal("m-2", "u-bob")
GOOD = b"ann@acme.example:Correct-Horse-1"
HOME = "192.0.2.7"


@pytest.fixture
def login() -> Login:
    return Login()


def accept(login: Login, octets: bytes = GOOD, who: Principal = ANN, now: float = 0) -> None:
    assert login.may_try(who.user, HOME, now)
    login.accept(octets, who, who.user, HOME, now)


def test_a_verified_credential_is_known_for_five_minutes(login: Login) -> None:
    assert login.look(GOOD, 0) is Look.UNKNOWN
    accept(login)
    assert login.look(GOOD, MEMORY_S - 0.001) == ANN
    assert login.look(GOOD, MEMORY_S) is Look.UNKNOWN
    assert login.look(GOOD + b"x", 1) is Look.UNKNOWN


def test_a_rejected_credential_is_remembered_so_the_directory_sees_it_once(login: Login) -> None:
    failures = 0
    for number in range(500):
        if login.look(b"ann:stale", number / 10) is Look.UNKNOWN and login.may_try(
            "u-ann", HOME, number / 10
        ):
            failures += 1
            login.reject(b"ann:stale", number / 10)
    assert failures == 1
    assert login.look(b"ann:stale", MEMORY_S) is Look.UNKNOWN


def test_a_rejection_ends_an_earlier_acceptance(login: Login) -> None:
    accept(login)
    login.reject(GOOD, 1)
    assert login.look(GOOD, 2) is Look.REJECTED
    accept(login, now=3)
    assert login.look(GOOD, 4) == ANN


def test_wrong_passwords_lock_the_account_and_never_the_verified_phone(login: Login) -> None:
    accept(login)
    tried = 0
    for number in range(50):
        if login.may_try("u-ann", f"198.51.100.{number}", 1):
            tried += 1
            login.reject(b"ann:guess%d" % number, 1)
    assert tried == PER_ACCOUNT.burst
    assert login.look(GOOD, 2) == ANN
    assert login.may_try("u-bob", HOME, 2)
    assert login.may_try("u-ann", HOME, 1 + PER_ACCOUNT.refill_s)


def test_a_spray_over_many_accounts_is_slowed_by_its_source(login: Login) -> None:
    tried = sum(login.may_try(f"u-{number}", f"2001:db8:1:2::{number:x}", 0) for number in range(1000))
    assert tried == PER_NETWORK.burst
    assert login.may_try("u-x", "2001:db8:ffff::1", 0)
    assert login.may_try("u-x", "2001:db8:1:3::1", PER_NETWORK.refill_s)


def test_success_and_outage_cost_nothing(login: Login) -> None:
    for number in range(PER_NETWORK.burst * 3):
        assert login.may_try("u-ann", HOME, 0)
        if number % 2:
            login.accept(GOOD, ANN, "u-ann", HOME, 0)
        else:
            login.give_up("u-ann", HOME, 0)


def test_forgetting_a_user_keeps_the_others(login: Login) -> None:
    accept(login)
    accept(login, b"second:phone", ANN)
    accept(login, b"bob:x", BOB)
    login.reject(b"ann:new", 0)
    login.forget("u-ann")
    assert login.look(GOOD, 1) is Look.UNKNOWN
    assert login.look(b"second:phone", 1) is Look.UNKNOWN
    assert login.look(b"ann:new", 1) is Look.UNKNOWN
    assert login.look(b"bob:x", 1) == BOB


@pytest.mark.parametrize(
    ("change", "ann_stays"),
    [
        (Change(Scope.USER, "m-1", "u-ann"), False),
        (Change(Scope.USER, "m-1", "u-other"), True),
        (Change(Scope.ORGANISATION, "m-1"), False),
        (Change(Scope.ORGANISATION, "m-2"), True),
        (Change(Scope.DEVICE, "m-1", "u-ann", "PHONE1"), True),
        (Change(Scope.POLICY, "m-1"), True),
    ],
)
def test_the_change_feed_empties_what_it_concerns(login: Login, change: Change, ann_stays: bool) -> None:
    accept(login)
    login.drop([change])
    assert (login.look(GOOD, 1) == ANN) is ann_stays


def test_a_password_changed_while_it_was_verified_is_not_remembered(login: Login) -> None:
    epoch = login.epoch
    login.drop([Change(Scope.USER, "m-1", "u-ann")])
    login.accept(GOOD, ANN, "u-ann", HOME, 0, epoch)
    assert login.look(GOOD, 1) is Look.UNKNOWN
    login.accept(GOOD, ANN, "u-ann", HOME, 0, login.epoch)
    assert login.look(GOOD, 1) == ANN


def test_forgetting_all(login: Login) -> None:
    accept(login)
    login.forget_all()
    assert login.look(GOOD, 1) is Look.UNKNOWN


def test_memory_is_bounded_and_a_spray_does_not_push_out_the_verified() -> None:
    login = Login(maximum=3)
    for number in range(4):
        accept(login, b"u:%d" % number, Principal("m-1", f"u-{number}"))
    known = [login.look(b"u:%d" % number, 1) is not Look.UNKNOWN for number in range(4)]
    assert known == [False, True, True, True]
    for number in range(MAXIMUM_REJECTED + 1):
        login.reject(b"guess:%d" % number, 0)
    assert login.look(b"guess:0", 1) is Look.UNKNOWN
    assert login.look(b"guess:1", 1) is Look.REJECTED
    assert login.look(b"u:3", 1) == Principal("m-1", "u-3")


def test_buckets_are_bounded() -> None:
    buckets = Buckets(PER_ACCOUNT, maximum=2)
    for name in "abc":
        buckets.add(name, -1, 0)
    assert [buckets.level(name, 0) for name in "abc"] == [PER_ACCOUNT.burst, 4, 4]


def test_no_password_and_no_name_is_kept_in_memory(login: Login) -> None:
    accept(login)
    login.reject(b"ann:Canary-Password-9", 0)
    held = repr(vars(login))
    assert "Correct-Horse-1" not in held
    assert "Canary" not in held
    assert login.fingerprint(GOOD) != Login().fingerprint(GOOD)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2ff::9", "2001:db8:1:200::/56"),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_source(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_look_is_cheap(login: Login) -> None:
    accept(login)
    best = min(timeit.repeat(lambda: login.look(GOOD, 1), number=2000, repeat=5)) / 2000
    assert best < 5e-6
