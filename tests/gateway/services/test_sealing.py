"""Seals: the secret is read when something is to be sealed or opened, and its faults are told."""

import pytest

from certs.sealing import Sealer
from gateway.errors import GatewayError, Kind
from gateway.services.sealing import Sealing, Seals

ONE, OTHER = Sealer(b"1" * 32), Sealer(b"2" * 32)


def test_what_was_sealed_opens_in_its_own_context() -> None:
    seals = Seals(lambda: ONE)
    sealed = seals.seal("secret", "here")
    assert seals.open(sealed, "here") == "secret"
    with pytest.raises(GatewayError):
        seals.open(sealed, "there")


@pytest.mark.parametrize("kind", [Kind.CONFLICT, Kind.UNAVAILABLE])
def test_another_secret_is_what_the_caller_says(kind: Kind) -> None:
    with pytest.raises(GatewayError) as refused:
        Seals(lambda: OTHER).open(ONE.seal("secret", "here"), "here", kind)
    assert refused.value.kind is kind


@pytest.mark.parametrize("error", [FileNotFoundError(), ValueError("too short")])
def test_a_secret_that_cannot_be_read_is_told_when_it_is_needed(error: Exception) -> None:
    def unreadable() -> Sealing:
        raise error

    seals = Seals(unreadable)
    for act in (lambda: seals.seal("secret", "here"), lambda: seals.open(b"", "here")):
        with pytest.raises(GatewayError) as refused:
            act()
        assert refused.value.kind is Kind.UNAVAILABLE
