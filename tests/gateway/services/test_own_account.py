"""What administrators do with their own account (product 7.7; T9)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.store import DatabaseStore
from tests.support.accounts import HOME, PASSWORD, ROOT, ROOT_ACTOR, House, house, stranger

NEW = "Another-Horse-2"


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def test_a_new_password_takes_the_present_one_and_ends_other_sessions(home: House) -> None:
    ann = home.enrolled("ann")
    other, mine = home.enter("ann"), home.enter("ann")
    home.door.own_account.change_password(home.actor(mine), ann.id, PASSWORD, NEW)
    assert home.door.recognition.of(other, HOME) is None
    assert home.authority(mine)
    assert home.door.signing_in.sign_in(stranger(), "ann", NEW, home.code("ann"))
    (record,) = home.trail(AuditTag.PASSWORD_SET)
    assert (record.actor.name, record.target) == ("ann", ann.id)
    assert NEW not in str(record)


@pytest.mark.parametrize(
    ("present", "new", "kind"),
    [
        ("Wrong-Horse-1", NEW, Kind.FORBIDDEN),
        (PASSWORD, "short", Kind.MALFORMED),
        (PASSWORD, PASSWORD, Kind.MALFORMED),
    ],
)
def test_what_changes_no_password(home: House, present: str, new: str, kind: Kind) -> None:
    ann = home.enrolled("ann")
    secret = home.enter("ann")
    with pytest.raises(GatewayError) as refused:
        home.door.own_account.change_password(home.actor(secret), ann.id, present, new)
    assert refused.value.kind is kind
    assert home.enter("ann")


def test_guessing_the_present_password_is_slowed_down(home: House) -> None:
    ann = home.enrolled("ann")
    secret = home.enter("ann")
    kinds = []
    for _ in range(4):
        with pytest.raises(GatewayError) as refused:
            home.door.own_account.change_password(home.actor(secret), ann.id, "Wrong-Horse-1", NEW)
        kinds.append(refused.value.kind)
    assert kinds == [Kind.FORBIDDEN] * 3 + [Kind.THROTTLED]


def test_ones_own_changes_do_not_touch_who_vouched(home: House) -> None:
    """Whoever made the account could sign in as it, and change its password to look uninvolved."""
    ann = home.make("ann")
    home.make("root")
    home.accounts.set_password(ROOT_ACTOR, ROOT, "ann", PASSWORD)
    vouched_at = home.accounts.get("ann").vouched_at
    home.clock.pass_by(hours=1)
    actor = home.actor(home.enter("ann", enrolled=False))
    home.door.own_account.change_password(actor, ann.id, PASSWORD, NEW)
    offer = home.door.own_account.offer_second_factor(actor, ann.id)
    home.secrets["ann"] = offer.secret
    account = home.door.own_account.enrol(actor, ann.id, home.code("ann")).account
    assert account.vouched_at == vouched_at


def test_enrolling_takes_a_code_of_what_was_offered(home: House) -> None:
    ann = home.make("ann")
    actor = home.actor(home.enter("ann", enrolled=False))
    with pytest.raises(GatewayError):
        home.door.own_account.enrol(actor, ann.id, "000000")
    offer = home.door.own_account.offer_second_factor(actor, ann.id)
    home.secrets["ann"] = offer.secret
    assert not home.accounts.get("ann").enrolled
    enrolled = home.door.own_account.enrol(actor, ann.id, home.code("ann"))
    assert len(enrolled.recovery_codes) == len(enrolled.account.recovery) == 10
    (record,) = home.trail(AuditTag.SECOND_FACTOR_ENROLLED)
    shown = str(record) + repr(enrolled) + repr(offer)
    assert not [code for code in (*enrolled.recovery_codes, offer.secret) if code in shown]


def test_another_offer_leaves_the_factor_in_force_until_it_is_confirmed(home: House) -> None:
    ann = home.enrolled("ann")
    actor = home.actor(home.enter("ann"))
    home.door.own_account.offer_second_factor(actor, ann.id)
    assert home.enter("ann")


def test_new_recovery_codes_take_a_factor(home: House) -> None:
    ann = home.make("ann")
    actor = home.actor(home.enter("ann", enrolled=False))
    with pytest.raises(GatewayError) as refused:
        home.door.own_account.renew_recovery_codes(actor, ann.id)
    assert refused.value.kind is Kind.CONFLICT


def test_renewed_codes_are_in_place_of_the_old(home: House) -> None:
    ann = home.enrolled("ann")
    before = home.accounts.get("ann").recovery
    actor = home.actor(home.enter("ann"))
    renewed = home.door.own_account.renew_recovery_codes(actor, ann.id)
    assert not set(renewed.account.recovery) & set(before)
    assert home.trail(AuditTag.RECOVERY_CODES_RENEWED)


def test_an_account_that_is_gone(home: House) -> None:
    with pytest.raises(GatewayError) as refused:
        home.door.own_account.get("a-none")
    assert refused.value.kind is Kind.NOT_FOUND
