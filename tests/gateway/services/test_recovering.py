"""Getting back in from the machine, whatever is locked, lost or disabled (T2)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.records.administrators import AdministratorState
from gateway.services.administrators import AdministratorChanges
from gateway.store import DatabaseStore
from tests.support.accounts import ELSEWHERE, PASSWORD, ROOT, ROOT_ACTOR, House, house, stranger


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def test_a_recovered_account_signs_in_once_and_may_do_nothing_but_renew_itself(home: House) -> None:
    home.make("root")
    ann = home.enrolled("ann")
    disabled = AdministratorChanges(state=AdministratorState.DISABLED)
    before = home.enter("ann")
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", disabled)
    recovered = home.door.recovering.recover(ROOT_ACTOR, " ANN")
    assert home.door.recognition.of(before, "") is None
    signed = home.door.signing_in.sign_in(stranger(ELSEWHERE), "ann", recovered.password)
    assert [each.value for each in home.authority(signed.secret).limits or ()] == ["self"]
    with pytest.raises(GatewayError):
        home.door.signing_in.sign_in(stranger(ELSEWHERE), "ann", recovered.password)
    actor = home.actor(signed.secret)
    home.door.own_account.change_password(actor, ann.id, recovered.password, "Another-Horse-2")
    offer = home.door.own_account.offer_second_factor(actor, ann.id)
    home.secrets["ann"] = offer.secret
    home.door.own_account.enrol(actor, ann.id, home.code("ann"))
    assert home.authority(signed.secret).limits is None
    (record,) = home.trail(AuditTag.ADMINISTRATOR_RECOVERED)
    assert (record.actor.name, record.target) == ("cli:root", ann.id)
    assert recovered.password not in str(record) + repr(recovered)


def test_it_is_good_for_an_hour(home: House) -> None:
    home.make("ann")
    recovered = home.door.recovering.recover(ROOT_ACTOR, "ann")
    home.clock.pass_by(hours=1)
    with pytest.raises(GatewayError) as refused:
        home.door.signing_in.sign_in(stranger(), "ann", recovered.password)
    assert refused.value.kind is Kind.UNAUTHENTICATED


def test_it_takes_the_old_password_and_factor_away(home: House) -> None:
    home.enrolled("ann")
    home.door.recovering.recover(ROOT_ACTOR, "ann")
    account = home.accounts.get("ann")
    assert (account.enrolled, account.recovery, account.vouched_by) == (False, (), "")
    with pytest.raises(GatewayError):
        home.door.signing_in.sign_in(stranger(), "ann", PASSWORD, home.code("ann"))


def test_nobody_is_not_recovered(home: House) -> None:
    with pytest.raises(GatewayError) as refused:
        home.door.recovering.recover(ROOT_ACTOR, "nobody")
    assert refused.value.kind is Kind.NOT_FOUND
