"""Sessions at the self-service page end by themselves, by time and with the account (T24)."""

from datetime import timedelta

import pytest

from gateway.chance import Secrets
from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, User, UserState
from gateway.services.self_sessions import FRESH, IDLE, LONGEST, SelfSessions, Signed
from tests.support.world import ADMIN, World


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


@pytest.fixture
def sessions(world: World) -> SelfSessions:
    return SelfSessions(world.store, world.clock, Secrets())


def begun(sessions: SelfSessions, user: User) -> str:
    secret = sessions.begin(user.id, "192.0.2.7", "a browser")
    assert secret is not None
    return secret


def signed(sessions: SelfSessions, secret: str) -> Signed:
    found = sessions.present(secret)
    assert found is not None
    return found


def test_a_session_is_its_users(world: World, sessions: SelfSessions, ann: User) -> None:
    secret = begun(sessions, ann)
    found = signed(sessions, secret)
    assert (found.user.id, found.home.id, found.proved) == (ann.id, ann.organisation, True)
    for wrong in ("", secret + "x", secret.upper(), found.session.digest):
        assert sessions.present(wrong) is None
    (record,) = [each for each in world.trail() if each.tag is AuditTag.SELF_SIGNED_IN]
    assert (record.actor.kind, record.actor.address) == ("user", "192.0.2.7")
    assert secret not in repr(world.trail())


def test_it_ends_when_nobody_uses_it(world: World, sessions: SelfSessions, ann: User) -> None:
    secret = begun(sessions, ann)
    for _ in range(2):
        world.clock.pass_by(minutes=10)
        signed(sessions, secret)
    world.clock.time += IDLE
    assert sessions.present(secret) is None


def test_it_ends_however_busy(world: World, sessions: SelfSessions, ann: User) -> None:
    secret = begun(sessions, ann)
    for _ in range(LONGEST // timedelta(minutes=10) - 1):
        world.clock.pass_by(minutes=10)
        signed(sessions, secret)
    world.clock.pass_by(minutes=10)
    assert sessions.present(secret) is None


def test_it_ends_with_a_new_password_and_sleeps_with_the_account(
    world: World, sessions: SelfSessions, ann: User
) -> None:
    secret = begun(sessions, ann)
    world.users.set_state(ADMIN, ann.id, UserState.DISABLED)
    assert sessions.present(secret) is None
    assert sessions.begin(ann.id, "", "") is None
    world.users.set_state(ADMIN, ann.id, UserState.ENABLED)
    signed(sessions, secret)
    world.users.set_password(ADMIN, ann.id, "Other-Horse-22")
    assert sessions.present(secret) is None


def test_a_password_that_was_changed_meanwhile_opens_nothing(
    world: World, sessions: SelfSessions, ann: User
) -> None:
    old = world.users.get(ann.id).password_hash
    assert old and sessions.begin(ann.id, "", "", old)
    world.users.set_password(ADMIN, ann.id, "Other-Horse-22")
    assert sessions.begin(ann.id, "", "", old) is None
    assert len([each for each in world.trail() if each.tag is AuditTag.SELF_SIGNED_IN]) == 1


def test_the_password_is_fresh_for_a_while(world: World, sessions: SelfSessions, ann: User) -> None:
    secret = begun(sessions, ann)
    world.clock.time += FRESH
    stale = signed(sessions, secret)
    assert not stale.proved
    sessions.prove(stale.session)
    assert signed(sessions, secret).proved


def test_signing_out_ends_it_and_what_is_over_is_pruned(
    world: World, sessions: SelfSessions, ann: User
) -> None:
    secret = begun(sessions, ann)
    session = signed(sessions, secret).session
    sessions.end(session)
    assert sessions.present(secret) is None
    with pytest.raises(GatewayError) as caught:
        sessions.end(session)
    assert caught.value.kind is Kind.NOT_FOUND
    assert sessions.begin("u-nobody", "", "") is None
