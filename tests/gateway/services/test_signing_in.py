"""Sessions: opened by password and code, confirmed, ended (product 7.7; T24)."""

from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.records.administrators import AdministratorState
from gateway.records.authority import Appointment, Role
from gateway.services.administrators import AdministratorChanges
from gateway.services.signing_in import WRONG
from gateway.store import DatabaseStore
from tests.support.accounts import ELSEWHERE, HOME, PASSWORD, ROOT, ROOT_ACTOR, House, house, stranger
from tests.support.stores import ACME


@pytest.fixture(name="home")
def _home(store: DatabaseStore) -> House:
    return house(store)


def sign_in(home: House, name: str, password: str = PASSWORD, code: str = "", address: str = HOME) -> str:
    return home.door.signing_in.sign_in(stranger(address), name, password, code).secret


def refusal(home: House, name: str, password: str = PASSWORD, code: str = "") -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        sign_in(home, name, password, code)
    return refused.value


def test_password_and_code_open_a_session(home: House) -> None:
    ann = home.enrolled("ann")
    signed = home.door.signing_in.sign_in(stranger(), " ANN ", PASSWORD, home.code("ann"))
    session, now = signed.session, home.clock.now()
    assert signed.secret.startswith("ushs_")
    assert (session.administrator, session.address, session.user_agent) == (ann.id, HOME, "a browser")
    assert (session.created_at, session.confirmed_at) == (now, now)
    assert session.ends_at == now + timedelta(hours=12)
    record = home.trail(AuditTag.SIGNED_IN)[-1]
    assert (record.actor.name, record.actor.credential) == ("ann", session.id)
    assert record.after == {"session": session.id, "second_factor": True, "means": "password"}


def test_each_sign_in_is_a_session_of_its_own(home: House) -> None:
    home.enrolled("ann")
    first, second = home.enter("ann"), home.enter("ann")
    assert first != second
    assert len(home.door.signing_in.sessions(home.accounts.get("ann").id)) == 3


def test_whatever_is_wrong_the_answer_is_one(home: House) -> None:
    home.make("root")
    ann = home.enrolled("ann")
    recovery = "ABCD-EFGH-IJKL-MNOP"
    errors = [
        refusal(home, "nobody"),
        refusal(home, "ann", "Wrong-Horse-1", home.code("ann")),
        refusal(home, "ann", code="000000"),
        refusal(home, "root", "Wrong-Horse-1"),
    ]
    home.clock.pass_by(days=2)
    errors += [refusal(home, "ann", code=""), refusal(home, "ann", code=recovery)]
    disabled = AdministratorChanges(state=AdministratorState.DISABLED)
    home.accounts.change(ROOT_ACTOR, ROOT, "ann", disabled)
    errors.append(refusal(home, "ann", code=home.code("ann")))
    assert {(error.kind, error.public) for error in errors} == {(Kind.UNAUTHENTICATED, WRONG)}
    told = [(each.target, each.actor.name, each.outcome) for each in home.trail(AuditTag.SIGN_IN_FAILED)]
    assert told[:3] == [
        ("unknown", "unknown", "refused: password"),
        (ann.id, "ann", "refused: password"),
        (ann.id, "ann", "refused: second factor"),
    ]
    assert told[-1] == (ann.id, "ann", "refused: the account is disabled")


def test_nothing_that_was_typed_is_in_the_trail(home: House) -> None:
    home.enrolled("ann")
    for name in ("Secret-Typed-As-Name-1", "ann"):
        refusal(home, name, "Canary-Typed-1", "987654")
    trail = str(home.trail())
    for word in ("secret-typed-as-name", "Secret-Typed", "Canary-Typed", "987654"):
        assert word not in trail


def test_without_an_appointment_nobody_signs_in(home: House) -> None:
    home.make("ann", Appointment(Role.VIEWER, ACME.id))
    with home.store.write() as transaction:
        transaction.directory.remove_organisation(ACME.id)
    assert refusal(home, "ann").public == WRONG


def test_a_code_is_shown_once(home: House) -> None:
    home.enrolled("ann")
    code = home.code("ann")
    assert sign_in(home, "ann", code=code)
    assert refusal(home, "ann", code=code).public == WRONG


def test_a_recovery_code_opens_once(home: House) -> None:
    account = home.make("ann")
    actor = home.actor(home.enter("ann", enrolled=False))
    home.secrets["ann"] = home.door.own_account.offer_second_factor(actor, account.id).secret
    codes = home.door.own_account.enrol(actor, account.id, home.code("ann")).recovery_codes
    assert sign_in(home, "ann", code=codes[0].lower())
    assert refusal(home, "ann", code=codes[0]).public == WRONG
    assert sign_in(home, "ann", code=codes[1])
    assert len(home.accounts.get("ann").recovery) == 8


def test_the_digest_alone_is_kept(home: House, store: DatabaseStore) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    with store.read() as transaction:
        assert all(secret not in repr(vars_of(each)) for each in transaction.sessions.of("a-" + "0" * 32))


def vars_of(session: object) -> list[object]:
    return [getattr(session, name) for name in session.__slots__]  # type: ignore[attr-defined]


@pytest.mark.parametrize("enrolled", [True, False])
def test_a_session_is_confirmed_again_by_what_the_account_has(home: House, enrolled: bool) -> None:
    ann = home.enrolled("ann") if enrolled else home.make("ann")
    secret = home.enter("ann", enrolled=enrolled)
    home.clock.pass_by(minutes=6)
    assert not home.authority(secret).confirmed
    proof = {"code": home.code("ann")} if enrolled else {"password": PASSWORD}
    credential = home.authority(secret).credential
    session = home.door.signing_in.confirm(home.actor(secret), credential, **proof)
    assert session.confirmed_at == home.clock.now()
    assert home.authority(secret).confirmed
    assert [each.target for each in home.trail(AuditTag.SESSION_CONFIRMED)] == [ann.id]


PROOFS = [{}, {"password": PASSWORD}, {"password": "Wrong-Horse-1"}, {"code": "000000"}, {"password": ""}]
"""A right password is none where there is a second factor: a thief of the session may have it too (T9)."""


@pytest.mark.parametrize("proof", PROOFS)
def test_a_wrong_proof_confirms_nothing(home: House, proof: dict[str, str]) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    home.clock.pass_by(minutes=6)
    with pytest.raises(GatewayError) as refused:
        home.door.signing_in.confirm(home.actor(secret), home.authority(secret).credential, **proof)
    assert refused.value.kind is Kind.UNCONFIRMED
    assert not home.authority(secret).confirmed
    assert home.trail(AuditTag.SIGN_IN_FAILED)


def test_a_code_that_confirmed_signs_nobody_in(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    code = home.code("ann")
    home.door.signing_in.confirm(home.actor(secret), home.authority(secret).credential, code=code)
    assert refusal(home, "ann", code=code).public == WRONG


def test_proofs_are_slowed_down_as_sign_ins_are(home: House) -> None:
    home.enrolled("ann")
    secret = home.enter("ann")
    kinds = []
    for _ in range(5):
        with pytest.raises(GatewayError) as refused:
            home.door.signing_in.confirm(
                home.actor(secret), home.authority(secret).credential, password="Wrong-Horse-1"
            )
        kinds.append(refused.value.kind)
    assert kinds == [Kind.UNCONFIRMED] * 3 + [Kind.THROTTLED] * 2


def test_a_session_that_is_gone_confirms_nothing(home: House) -> None:
    with pytest.raises(GatewayError) as refused:
        home.door.signing_in.confirm(stranger(), "s-none", password=PASSWORD)
    assert refused.value.kind is Kind.UNAUTHENTICATED


def test_sessions_are_ended_by_whose_they_are(home: House) -> None:
    ann, bob = home.enrolled("ann"), home.enrolled("bob")
    mine, his = home.enter("ann"), home.enter("bob")
    his_session = home.authority(his).credential
    with pytest.raises(GatewayError) as refused:
        home.door.signing_in.end(home.actor(mine), ann.id, his_session)
    assert refused.value.kind is Kind.NOT_FOUND
    home.door.signing_in.end(home.actor(his), bob.id, his_session)
    assert home.door.recognition.of(his, HOME) is None
    assert home.authority(mine)
    assert home.trail(AuditTag.SESSION_ENDED)[-1].after == {"session": his_session}


def test_those_that_are_over_are_not_listed_and_go_with_the_next_sign_in(home: House) -> None:
    ann = home.enrolled("ann")
    home.enter("ann")
    home.clock.pass_by(minutes=31)
    assert home.door.signing_in.sessions(ann.id) == []
    home.enter("ann", ELSEWHERE)
    with home.store.read() as transaction:
        assert len(transaction.sessions.of(ann.id)) == 1
