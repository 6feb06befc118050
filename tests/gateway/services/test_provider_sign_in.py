"""Only who is known gets in by a provider, once, and from where it began (T24). What a real provider says is
in tests/gateway/endpoints/console/test_provider.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.chance import Secrets
from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.records.administrators import AdministratorState
from gateway.services.administrators import AdministratorChanges
from gateway.services.credential_checks import Checks, SessionRules
from gateway.services.opening import Opening
from gateway.services.provider_sign_in import Answer, ProviderSignIn
from gateway.services.sign_in_delays import Delays
from tests.support.accounts import ROOT, ROOT_ACTOR, House, house_in, stranger

ISSUER = "https://login.example"


@dataclass
class Told:
    """A provider that says what a test wants."""

    issuer: str = ISSUER
    by_mail: bool = False
    says: dict[str, Any] = field(default_factory=lambda: {"sub": "olga-there"})
    state: str = ""

    def address(self, state: str, nonce: str, verifier: str, now: datetime) -> str:
        self.state = state
        return f"{ISSUER}/?state={state}"

    def answered(self, issuer: str, now: datetime) -> bool:
        return issuer in ("", ISSUER)

    def claims(self, code: str, verifier: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        return self.says


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path) as made:
        made.make("olga")
        known = AdministratorChanges(issuer=ISSUER, subject="olga-there")
        made.accounts.change(ROOT_ACTOR, ROOT, "olga", known)
        yield made


def desk(house: House, told: Told | None) -> ProviderSignIn:
    store, clock, keys = house.store, house.clock, Secrets()
    checks = Checks(store, clock, Delays(), lambda: clock.now().timestamp())
    opening = Opening(store, clock, keys, SessionRules())
    return ProviderSignIn(store, clock, keys, (lambda: told) if told else None, checks, opening)


def enter(signing: ProviderSignIn, told: Told) -> str:
    begun = signing.begin("/console/")
    signed, following = signing.complete(stranger(), Answer(told.state, "code", ""), begun.secret)
    assert following == "/console/"
    assert begun.secret not in repr(begun)
    return signed.secret


def test_the_providers_word_stands_for_both_factors(house: House) -> None:
    told = Told()
    assert house.authority(enter(desk(house, told), told)).limits is None
    assert house.trail(AuditTag.SIGNED_IN)[-1].after["means"] == "provider"


def test_a_disabled_account_stays_out(house: House) -> None:
    house.make("other")
    changes = AdministratorChanges(state=AdministratorState.DISABLED)
    house.accounts.change(ROOT_ACTOR, ROOT, "olga", changes)
    told = Told()
    with pytest.raises(GatewayError) as error:
        enter(desk(house, told), told)
    assert error.value.kind is Kind.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("by_mail", "says"),
    [
        (False, {"sub": "a", "email": "ann@acme.example", "email_verified": True}),
        (True, {"sub": "a", "email": "ann@acme.example"}),
        (True, {"sub": "a", "email": "ann@acme.example", "email_verified": "true"}),
        (True, {"sub": "a", "email": "", "email_verified": True}),
        (True, {"sub": "a", "email": "both@acme.example", "email_verified": True}),
        (True, {"sub": "a", "email": "olga@acme.example", "email_verified": True}),
    ],
    ids=["switched off", "unverified", "verified in words", "empty", "of two", "of another's user"],
)
def test_an_address_alone_opens_nothing(house: House, by_mail: bool, says: dict[str, Any]) -> None:
    for name, address in (("ann", "ann"), ("bob", "both"), ("carol", "both"), ("dan", "")):
        house.make(name)
        changes = AdministratorChanges(address=f"{address}@acme.example" if address else "")
        house.accounts.change(ROOT_ACTOR, ROOT, name, changes)
    house.accounts.change(ROOT_ACTOR, ROOT, "olga", AdministratorChanges(address="olga@acme.example"))
    told = Told(by_mail=by_mail, says=says)
    with pytest.raises(GatewayError) as error:
        enter(desk(house, told), told)
    assert error.value.kind is Kind.UNAUTHENTICATED


def test_a_verified_address_links_and_the_trail_says_so(house: House) -> None:
    house.make("ann")
    house.accounts.change(ROOT_ACTOR, ROOT, "ann", AdministratorChanges(address="ann@acme.example"))
    told = Told(by_mail=True, says={"sub": "a", "email": "Ann@ACME.example", "email_verified": True})
    enter(desk(house, told), told)
    assert house.trail(AuditTag.IDENTITY_ADOPTED)[-1].after["subject"] == "a"
    told.says = {"sub": "a"}
    enter(desk(house, told), told)


def test_a_question_is_bound_to_its_browser_and_old_after_five_minutes(house: House) -> None:
    told = Told()
    signing = desk(house, told)
    begun = signing.begin("/console/")
    with pytest.raises(GatewayError):
        signing.complete(stranger(), Answer(told.state, "code", ""), "another browser's")
    house.clock.pass_by(minutes=6)
    with pytest.raises(GatewayError) as error:
        signing.complete(stranger(), Answer(told.state, "code", ""), begun.secret)
    assert error.value.kind is Kind.UNAUTHENTICATED


def test_a_provider_that_is_away_or_missing_is_said(house: House) -> None:
    class Away(Told):
        def address(self, state: str, nonce: str, verifier: str, now: datetime) -> str:
            raise OSError

    for told, kind in ((Away(), Kind.UNAVAILABLE), (None, Kind.NOT_FOUND)):
        with pytest.raises(GatewayError) as error:
            desk(house, told).begin("/console/")
        assert error.value.kind is kind


def test_who_did_not_begin_fails_at_nothing_and_holds_nobody_up(house: House) -> None:
    """Any page can send its readers to the way back, as often as it likes."""
    told = Told()
    signing = desk(house, told)
    begun = signing.begin("/console/")
    for _ in range(100):
        with pytest.raises(GatewayError) as error:
            signing.complete(stranger(), Answer(told.state, "code", ""), "")
        assert error.value.kind is Kind.UNAUTHENTICATED
    assert house.trail(AuditTag.SIGN_IN_FAILED) == []
    assert signing.complete(stranger(), Answer(told.state, "code", ISSUER), begun.secret)


@pytest.mark.parametrize(("code", "issuer"), [("", ""), ("code", "https://evil.example"), ("c" * 5000, "")])
def test_an_answer_that_is_none_or_anothers_opens_nothing(house: House, code: str, issuer: str) -> None:
    told = Told()
    signing = desk(house, told)
    begun = signing.begin("/console/")
    with pytest.raises(GatewayError) as error:
        signing.complete(stranger(), Answer(told.state, code, issuer), begun.secret)
    assert error.value.kind is Kind.UNAUTHENTICATED
    assert len(house.trail(AuditTag.SIGN_IN_FAILED)) == 1
