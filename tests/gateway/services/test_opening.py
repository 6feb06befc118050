"""A session begins with a secret of its own, and is worth what opened it (T24)."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records.passkeys import Means
from gateway.services.acts import Entry
from gateway.services.credential_checks import SessionRules
from gateway.services.opening import Opening, Refused, strong, usable
from tests.support.accounts import house_in, stranger
from tests.support.stores import Keys


def test_what_stands_for_both_factors_is_strong(tmp_path: Path) -> None:
    with house_in(tmp_path) as house:
        account = house.make("olga")
        opening = Opening(house.store, house.clock, Keys(), SessionRules())
        signed = opening.open(stranger(), account, Means.PROVIDER, lambda entry: usable(entry, account.id))
        assert signed.secret not in repr(signed)
        assert strong(account, signed.session)
        assert not strong(account, replace(signed.session, means=Means.PASSWORD))
        assert strong(replace(account, totp=b"x"), replace(signed.session, means=Means.PASSWORD))


def test_what_is_not_proven_opens_nothing(tmp_path: Path) -> None:
    def unproven(entry: Entry) -> None:
        raise Refused("no proof")

    with house_in(tmp_path) as house:
        account = house.make("olga")
        opening = Opening(house.store, house.clock, Keys(), SessionRules())
        with pytest.raises(Refused):
            opening.open(stranger(), account, Means.PASSKEY, unproven)  # type: ignore[arg-type, return-value]
        assert house.door.signing_in.sessions(account.id) == []
        with pytest.raises(GatewayError) as error:
            house.accounts.get("nobody")
        assert error.value.kind is Kind.NOT_FOUND
