"""Verified and rejected credentials, and how guessing is slowed down (T1, T2, T28, T29)."""

import timeit
from dataclasses import replace

import pytest

from gateway.records import Change, Scope
from gateway.services.login import MAXIMUM_REJECTED, MEMORY_S, Login, Look, Principal
from gateway.services.throttle import PER_ACCOUNT, PER_NETWORK, Grant

ANN = Principal("m-1", "u-ann")
BOB = Principal("m-2", "u-bob")
GOOD = b"ann@acme.example:Correct-Horse-1"
HOME = "192.0.2.7"


@pytest.fixture
def login() -> Login:
    return Login()


def tried(login: Login, account: str, now: float, source: str = HOME, **known: bool) -> Grant | None:
    attempt = replace(login.throttle.attempt(account, source), account=account)
    return login.throttle.may_try(attempt, now, **known)


def accept(login: Login, octets: bytes = GOOD, who: Principal = ANN, now: float = 0) -> None:
    grant = tried(login, who.user, now, was_right=login.was_right(octets))
    assert grant
    login.accept(octets, who, grant, now)


def test_a_verified_credential_is_known_for_five_minutes(login: Login) -> None:
    assert login.look(GOOD, 0) is Look.UNKNOWN
    accept(login)
    assert login.look(GOOD, MEMORY_S - 0.001) == ANN
    assert login.look(GOOD, MEMORY_S) is Look.UNKNOWN
    assert login.look(GOOD + b"x", 1) is Look.UNKNOWN


def test_a_rejected_credential_is_remembered_so_the_directory_sees_it_once(login: Login) -> None:
    failures = 0
    for number in range(500):
        if login.look(b"ann:stale", number / 10) is Look.UNKNOWN:
            failures += 1
            login.reject(b"ann:stale", number / 10, tried(login, "u-ann", number / 10))
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
    granted = 0
    for number in range(50):
        grant = tried(login, "u-ann", 1, f"198.51.{number}.1")
        if grant:
            granted += 1
            login.reject(b"ann:guess%d" % number, 1, grant)
    assert granted == PER_ACCOUNT.burst
    assert login.look(GOOD, 2) == ANN
    assert tried(login, "u-bob", 2)
    assert tried(login, "u-ann", 1 + PER_ACCOUNT.refill_s, "203.0.113.1")


def test_success_costs_nothing_and_only_a_new_credential_starts_the_account_anew(login: Login) -> None:
    for number in range(PER_NETWORK.burst * 3):
        accept(login, now=number / 1000)
    for number in range(PER_ACCOUNT.burst - 1):
        login.reject(b"guess%d" % number, 1, tried(login, "u-ann", 1))
    accept(login, now=1)
    assert login.throttle.may_try(replace(login.throttle.attempt("x", HOME), account="u-ann"), 1)
    assert login.throttle.may_try(replace(login.throttle.attempt("x", HOME), account="u-ann"), 1) is None
    login.throttle = Login().throttle
    for number in range(PER_ACCOUNT.burst - 1):
        login.reject(b"guess%d" % number, 1, tried(login, "u-ann", 1))
    accept(login, b"another:device", now=1)
    assert login.throttle.may_try(replace(login.throttle.attempt("x", HOME), account="u-ann"), 1)
    assert login.throttle.may_try(replace(login.throttle.attempt("x", HOME), account="u-ann"), 1)


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
    epoch, grant = login.epoch, tried(login, "u-ann", 0)
    assert grant
    login.drop([Change(Scope.USER, "m-1", "u-ann")])
    login.accept(GOOD, ANN, grant, 0, epoch)
    assert login.look(GOOD, 1) is Look.UNKNOWN
    accept(login)
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


def test_no_password_and_no_name_is_kept_in_memory(login: Login) -> None:
    accept(login)
    login.reject(b"ann:Canary-Password-9", 0)
    held = repr(vars(login))
    assert "Correct-Horse-1" not in held
    assert "Canary" not in held
    assert login.fingerprint(GOOD) != Login().fingerprint(GOOD)


def test_a_look_is_cheap(login: Login) -> None:
    accept(login)
    best = min(timeit.repeat(lambda: login.look(GOOD, 1), number=2000, repeat=5)) / 2000
    assert best < 5e-6
