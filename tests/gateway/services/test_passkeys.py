"""Passkeys: registered by who signed in, good for both factors, worth nothing twice or copied (T1, T24)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import Admin
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import AdministratorState
from gateway.records.passkeys import Means
from gateway.services.administrators import AdministratorChanges
from gateway.services.passkeys import MOST, WRONG
from tests.support.accounts import HOME, ROOT, ROOT_ACTOR, House, house_in, stranger
from tests.support.authenticator import Authenticator, plain


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, Admin()) as made:
        yield made


def signed_in(house: House, name: str = "olga") -> tuple[str, Actor]:
    """An account with a password only, and who it is then."""
    account = house.make(name)
    return account.id, house.actor(house.enter(name, enrolled=False))


def with_passkey(house: House, name: str = "olga") -> tuple[str, Actor, Authenticator]:
    account, actor = signed_in(house, name)
    device = Authenticator()
    passkeys = house.door.passkeys
    passkeys.register(actor, account, "my phone", device.create(passkeys.offer(actor, account)))
    return account, actor, device


def enter(house: House, device: Authenticator) -> str:
    passkeys = house.door.passkeys
    return passkeys.sign_in(stranger(), device.get(passkeys.ask())).secret


def refused(house: House) -> str:
    return house.trail(AuditTag.SIGN_IN_FAILED)[-1].outcome


def test_registering_opens_what_a_password_alone_does_not(house: House) -> None:
    account, actor = signed_in(house)
    session = actor.credential
    passkeys = house.door.passkeys
    other = house.enter("olga", enrolled=False)
    assert house.authority(other).limits is not None
    passkeys.register(actor, account, "my phone", Authenticator().create(passkeys.offer(actor, account)))
    assert [each.id for each in house.door.signing_in.sessions(account)] == [session]
    assert house.door.signing_in.sessions(account)[0].means is Means.PASSKEY
    assert house.door.recognition.of(other, HOME) is None


def test_a_passkey_signs_in_for_both_factors_and_counts(house: House) -> None:
    account, _, device = with_passkey(house)
    secret = enter(house, device)
    assert house.authority(secret).limits is None
    assert [(each.label, each.uses) for each in house.door.passkeys.of(account)] == [("my phone", 1)]
    assert house.trail(AuditTag.SIGNED_IN)[-1].after["means"] == "passkey"


def test_the_password_alone_does_not_get_past_a_passkey(house: House) -> None:
    with_passkey(house)
    with pytest.raises(GatewayError) as error:
        house.enter("olga", enrolled=False)
    assert error.value.kind is Kind.UNAUTHENTICATED
    assert "passkey" in refused(house)


def test_an_answer_counts_once_and_within_five_minutes(house: House) -> None:
    _, _, device = with_passkey(house)
    passkeys = house.door.passkeys
    answer = device.get(passkeys.ask())
    passkeys.sign_in(stranger(), answer)
    old = device.get(passkeys.ask())
    house.clock.pass_by(minutes=6)
    for each in (answer, old):
        with pytest.raises(GatewayError) as error:
            passkeys.sign_in(stranger("203.0.113.9"), each)
        assert (error.value.kind, error.value.public) == (Kind.UNAUTHENTICATED, WRONG)


def test_a_count_that_went_back_is_refused_and_recorded(house: House) -> None:
    account, _, device = with_passkey(house)
    enter(house, device)
    device.uses = 0
    with pytest.raises(GatewayError):
        enter(house, device)
    assert "it may have been copied" in refused(house)
    assert house.trail(AuditTag.SIGN_IN_FAILED)[-1].target == account


def test_a_device_that_counts_nothing_is_taken(house: House) -> None:
    _, _, device = with_passkey(house)
    for _ in range(2):
        device.uses = -1
        enter(house, device)


def test_a_question_to_one_session_is_answered_in_no_other(house: House) -> None:
    account, actor, device = with_passkey(house)
    _, other, _ = with_passkey(house, "otto")
    passkeys = house.door.passkeys
    answer = device.get(passkeys.ask_again(actor, account))
    with pytest.raises(GatewayError) as error:
        passkeys.confirm(other, other.person, answer)
    assert error.value.kind is Kind.UNCONFIRMED
    offer = passkeys.offer(actor, account)
    with pytest.raises(GatewayError) as error:
        passkeys.register(other, other.person, "theirs", Authenticator().create(offer))
    assert error.value.kind is Kind.MALFORMED


def test_confirming_takes_ones_own_passkey(house: House) -> None:
    account, actor, device = with_passkey(house)
    _, _, another = with_passkey(house, "otto")
    passkeys = house.door.passkeys
    house.clock.pass_by(minutes=6)
    with pytest.raises(GatewayError) as error:
        passkeys.confirm(actor, account, another.get(passkeys.ask_again(actor, account)))
    assert error.value.kind is Kind.UNCONFIRMED
    passkeys.confirm(actor, account, device.get(passkeys.ask_again(actor, account)))
    session = house.door.signing_in.sessions(account)[0]
    assert session.confirmed_at == house.clock.now()


@pytest.mark.parametrize("kept_for", ["another", "nobody"])
def test_a_passkey_that_is_kept_for_somebody_else_signs_nobody_in(house: House, kept_for: str) -> None:
    account, actor, device = with_passkey(house)
    other, _, _ = with_passkey(house, "otto")
    device.account = plain(other.encode()) if kept_for == "another" else ""
    with pytest.raises(GatewayError) as error:
        enter(house, device)
    assert error.value.kind is Kind.UNAUTHENTICATED
    assert "kept for another account" in refused(house)
    asked = house.door.passkeys.ask_again(actor, account)
    if kept_for == "nobody":  # told which to show, an authenticator need not say for whom it is
        house.door.passkeys.confirm(actor, account, device.get(asked))
    else:
        with pytest.raises(GatewayError):
            house.door.passkeys.confirm(actor, account, device.get(asked))


def test_nobody_is_signed_in_whose_account_is_disabled(house: House) -> None:
    _, _, device = with_passkey(house)
    house.make("other")
    changes = AdministratorChanges(state=AdministratorState.DISABLED)
    house.accounts.change(ROOT_ACTOR, ROOT, "olga", changes)
    with pytest.raises(GatewayError):
        enter(house, device)
    assert "disabled" in refused(house)


def test_a_reset_takes_passkeys_too(house: House) -> None:
    account, _, device = with_passkey(house)
    house.accounts.reset_second_factor(ROOT_ACTOR, ROOT, "olga")
    assert list(house.door.passkeys.of(account)) == []
    with pytest.raises(GatewayError):
        enter(house, device)
    with_passkey(house, "otto")
    house.door.recovering.recover(ROOT_ACTOR, "otto")
    assert list(house.door.passkeys.of(house.accounts.get("otto").id)) == []


def test_names_change_and_removing_ends_other_sessions(house: House) -> None:
    account, actor, device = with_passkey(house)
    enter(house, device)
    passkeys = house.door.passkeys
    one = passkeys.of(account)[0]
    passkeys.rename(actor, account, one.id, "blue key")
    assert passkeys.of(account)[0].label == "blue key"
    _, other = signed_in(house, "otto")
    for act in (lambda: passkeys.rename(other, other.person, one.id, "x"),
                lambda: passkeys.remove(other, other.person, one.id)):  # fmt: skip
        with pytest.raises(GatewayError) as error:
            act()
        assert error.value.kind is Kind.NOT_FOUND
    passkeys.remove(actor, account, one.id)
    assert [each.id for each in house.door.signing_in.sessions(account)] == [actor.credential]


def test_an_account_has_room_for_some_and_each_once(house: House) -> None:
    account, actor, device = with_passkey(house)
    passkeys = house.door.passkeys
    with pytest.raises(GatewayError) as error:
        passkeys.register(actor, account, "again", device.create(passkeys.offer(actor, account)))
    assert error.value.kind is Kind.CONFLICT
    for number in range(1, MOST):
        offer = passkeys.offer(actor, account)
        passkeys.register(actor, account, f"key {number}", Authenticator().create(offer))
    with pytest.raises(GatewayError) as error:
        passkeys.offer(actor, account)
    assert error.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("answer", ["", "{}", "x" * 20_000, "[" * 16_000])
def test_what_is_no_answer_signs_nobody_in(house: House, answer: str) -> None:
    with pytest.raises(GatewayError) as error:
        house.door.passkeys.sign_in(stranger(), answer)
    assert error.value.kind is Kind.UNAUTHENTICATED


def test_guessing_has_to_wait(house: House) -> None:
    _, _, device = with_passkey(house)
    answer = device.get(house.door.passkeys.ask())
    house.door.passkeys.sign_in(stranger(), answer)
    kinds = []
    for _ in range(4):
        with pytest.raises(GatewayError) as error:
            house.door.passkeys.sign_in(stranger(), answer)
        kinds.append(error.value.kind)
    assert kinds[0] is Kind.UNAUTHENTICATED
    assert kinds[-1] is Kind.THROTTLED
