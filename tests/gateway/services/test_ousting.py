"""A token that was left in an account does not outlive what others do about it (T2, T9)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.records import AuditTag
from gateway.records.authority import Permission
from gateway.services.tokens import Wanted
from gateway.store import DatabaseStore
from tests.support.accounts import HOME, PASSWORD, ROOT, ROOT_ACTOR, House, house

ACTS: dict[str, Callable[[House], object]] = {
    "recovered": lambda home: home.door.recovering.recover(ROOT_ACTOR, "bob"),
    "password": lambda home: home.accounts.set_password(ROOT_ACTOR, ROOT, "bob", "Another-Horse-2"),
    "second factor": lambda home: home.accounts.reset_second_factor(ROOT_ACTOR, ROOT, "bob"),
}


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    made = house(store)
    for name in ("ann", "bob"):
        made.enrolled(name)
    return made


def left_behind(home: House, name: str) -> str:
    """A token of an account, made by whoever was in it."""
    secret = home.enter(name)
    ends = home.clock.now() + timedelta(days=30)
    wanted = Wanted("left behind", ends, limits=frozenset({Permission.USER_READ}))
    return home.tokens.mint(
        home.actor(secret), home.authority(secret), home.accounts.get(name).id, wanted
    ).secret


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_others_do_about_an_account_ends_its_tokens(home: House, act: Callable[[House], object]) -> None:
    old, left, other = (left_behind(home, name) for name in ("bob", "bob", "ann"))
    bob = home.accounts.get("bob").id
    home.tokens.revoke(ROOT_ACTOR, home.tokens.of(bob)[0])
    act(home)
    assert [home.door.recognition.of(each, HOME) for each in (old, left)] == [None, None]
    assert home.door.recognition.of(other, HOME) is not None
    records = home.trail(AuditTag.TOKEN_REVOKED)
    assert {each.target for each in records} == {each.id for each in home.tokens.of(bob)}
    assert len(records) == 2


def test_ones_own_new_password_ends_other_sessions_and_no_token(home: House) -> None:
    token, other, own = left_behind(home, "bob"), home.enter("bob"), home.enter("bob")
    bob = home.accounts.get("bob").id
    home.door.own_account.change_password(home.actor(own), bob, PASSWORD, "Another-Horse-2")
    assert home.door.recognition.of(other, HOME) is None
    assert home.door.recognition.of(own, HOME) is not None
    assert home.door.recognition.of(token, HOME) is not None
