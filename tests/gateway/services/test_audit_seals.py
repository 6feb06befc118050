"""Seals: signed over everything they say."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from certs.errors import CertificateError
from certs.signing import Signer
from gateway.errors import GatewayError, Kind
from gateway.records import CHECKPOINT, Seal
from gateway.services.audit_seals import is_genuine, sealed, signer_of
from tests.support.stores import NOON
from tests.support.trails import signer

SEAL = sealed(Seal(CHECKPOINT, 7, "h" * 64, NOON, 3), signer())
OTHER = {"kind": "archive", "sequence": 8, "hash": "i", "at": NOON + timedelta(microseconds=1), "count": 4}


def test_it_is_genuine() -> None:
    assert is_genuine(SEAL, signer())


@pytest.mark.parametrize("name", [field.name for field in fields(Seal)])
def test_nothing_in_it_can_be_another(name: str) -> None:
    other: object = OTHER.get(name, "\ud800")
    assert not is_genuine(replace(SEAL, **{name: other}), signer())  # type: ignore[arg-type]


def test_half_a_character_is_a_forgery_and_no_accident() -> None:
    assert not is_genuine(replace(SEAL, hash="\ud800"), signer())


@pytest.mark.parametrize("error", [FileNotFoundError(), CertificateError("no key")])
def test_without_a_key_nothing_is_signed(error: Exception) -> None:
    def missing() -> Signer:
        raise error

    with pytest.raises(GatewayError) as caught:
        signer_of(missing)
    assert caught.value.kind is Kind.UNAVAILABLE
