"""App passwords: shown once, one device's, gone when revoked (product 7.8)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.chance import Secrets
from gateway.errors import Kind
from gateway.records import Actor, AuditTag, Scope, User
from gateway.services.app_passwords import LABEL_LIMIT, LONGEST, MAXIMUM, AppPasswords
from gateway.services.drawn_secrets import app_password_digest
from gateway.services.user_changes import UserChanges
from tests.support.refusals import refused
from tests.support.world import ADMIN, World

ANN = Actor("user", "ann@acme.example", "192.0.2.7")


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


@pytest.fixture
def made(world: World) -> AppPasswords:
    return AppPasswords(world.store, world.clock, Secrets(), {"default"})


def test_the_secret_is_shown_once_and_kept_nowhere(world: World, made: AppPasswords, ann: User) -> None:
    fresh = made.make(ANN, ann.id, "  My phone ")
    groups = fresh.secret.split("-")
    assert [len(group) for group in groups] == [5, 5, 5, 5]
    assert made.list(ann.id) == [fresh.made]
    assert fresh.made.label == "My phone"
    assert fresh.secret not in repr((made.list(ann.id), world.trail()))
    assert fresh.made.digest not in repr(world.trail())
    assert made.make(ANN, ann.id, "another").secret != fresh.secret


@pytest.mark.parametrize("typed", [str.upper, lambda s: s.replace("-", ""), lambda s: s.replace("-", " ")])
def test_it_is_right_however_its_groups_are_typed(
    made: AppPasswords, ann: User, typed: Callable[[str], str]
) -> None:
    fresh = made.make(ANN, ann.id, "phone")
    assert made.verify(ann, "default", typed(fresh.secret)) == fresh.made


@pytest.mark.parametrize("typed", ["", "Correct-Horse-1", "a" * 19, "a" * 21, "1" * 20, "ä" * 20])
def test_what_cannot_be_one_has_no_digest(typed: str) -> None:
    assert app_password_digest(typed) == ""


def test_it_is_the_first_devices(world: World, made: AppPasswords, ann: User) -> None:
    secret = made.make(ANN, ann.id, "phone").secret
    before = made.verify(ann, "default", secret)
    assert before is not None
    assert before.device_id == ""
    for device_id in ("PHONE1", "PHONE2", ""):
        found = made.verify(ann, "default", secret, device_id, "192.0.2.9")
        assert found is not None
        assert found.device_id == "PHONE1"
    (bound,) = [each for each in world.trail() if each.tag is AuditTag.APP_PASSWORD_BOUND]
    assert (bound.after["device_id"], bound.actor.address) == ("PHONE1", "192.0.2.9")


def test_it_is_one_users_and_only_where_the_backend_trusts(
    world: World, made: AppPasswords, ann: User
) -> None:
    secret = made.make(ANN, ann.id, "phone").secret
    bob = world.user("bob@acme.example")
    assert made.verify(bob, "default", secret) is None
    assert made.verify(None, "default", secret) is None
    assert made.verify(ann, "other", secret) is None


def test_where_the_real_password_is_forwarded_there_are_none(
    world: World, made: AppPasswords, ann: User
) -> None:
    assert made.obstacle(ann.id) == ""
    world.users.change(ADMIN, ann.id, UserChanges(backend="other"))
    assert "real password" in made.obstacle(ann.id)
    refused(Kind.CONFLICT, lambda: made.make(ANN, ann.id, "phone"))


def test_it_ends_when_it_says(world: World, made: AppPasswords, ann: User) -> None:
    now = world.clock.now()
    fresh = made.make(ANN, ann.id, "phone", now + timedelta(days=1))
    assert made.verify(ann, "default", fresh.secret) is not None
    assert made.alive({fresh.made.id}) == {fresh.made.id}
    world.clock.pass_by(days=1)
    assert made.verify(ann, "default", fresh.secret) is None
    assert made.alive({fresh.made.id}) == frozenset()


def test_what_cannot_be_made(world: World, made: AppPasswords, ann: User) -> None:
    now = world.clock.now()
    for label in ("", "  ", "x" * (LABEL_LIMIT + 1), "a\x07"):
        refused(Kind.MALFORMED, lambda label=label: made.make(ANN, ann.id, label))
    for ends in (now, now - timedelta(days=1), now + LONGEST + timedelta(seconds=1)):
        fault = refused(Kind.MALFORMED, lambda ends=ends: made.make(ANN, ann.id, "phone", ends))
        assert "expires_at" in fault.faults
    for number in range(MAXIMUM):
        made.make(ANN, ann.id, f"phone {number}")
    refused(Kind.CONFLICT, lambda: made.make(ANN, ann.id, "one more"))


def test_one_that_is_revoked_is_gone_and_everybody_hears_of_it(
    world: World, made: AppPasswords, ann: User
) -> None:
    fresh, bob = made.make(ANN, ann.id, "phone"), world.user("bob@acme.example")
    refused(Kind.NOT_FOUND, lambda: made.revoke(ANN, bob.id, fresh.made.id))
    with world.store.read() as transaction:
        last = transaction.changes.last()
    made.revoke(ADMIN, ann.id, fresh.made.id, "lost")
    with world.store.read() as transaction:
        (change,) = transaction.changes.since(last)
    assert (change.scope, change.user) == (Scope.USER, ann.id)
    assert made.verify(ann, "default", fresh.secret) is None
    told = world.trail()[-1]
    assert (told.tag, told.before["label"], told.reason) == (AuditTag.APP_PASSWORD_REVOKED, "phone", "lost")
    refused(Kind.NOT_FOUND, lambda: made.revoke(ADMIN, ann.id, fresh.made.id))


def test_all_of_them_end_with_a_new_password(world: World, made: AppPasswords, ann: User) -> None:
    made.make(ANN, ann.id, "phone")
    world.users.set_display_name(ADMIN, ann.id, "Ann A.")
    assert len(made.list(ann.id)) == 1
    world.users.set_password(ADMIN, ann.id, "Other-Horse-22")
    assert made.list(ann.id) == []


def test_its_last_use_is_noted(world: World, made: AppPasswords, ann: User) -> None:
    fresh = made.make(ANN, ann.id, "phone")
    made.used(fresh.made.id)
    (noted,) = made.list(ann.id)
    assert noted.last_used_at == world.clock.now()
