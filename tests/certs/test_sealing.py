"""What is sealed opens with the same secret and in the same place, and nowhere else (T28)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.sealing import MINIMUM_SECRET, SealBroken, Sealer

SEALER = Sealer(b"s" * MINIMUM_SECRET)


@given(st.text(max_size=300), st.text(max_size=80))
def test_what_was_sealed_comes_back(plain: str, context: str) -> None:
    assert SEALER.open(SEALER.seal(plain, context), context) == plain


def test_the_same_text_is_never_sealed_alike() -> None:
    assert SEALER.seal("1234", "a") != SEALER.seal("1234", "a")
    assert b"1234" not in SEALER.seal("1234" * 8, "a")


def test_another_secret_or_another_place_opens_nothing() -> None:
    sealed = SEALER.seal("1234", "a")
    for sealer, context in ((Sealer(b"t" * MINIMUM_SECRET), "a"), (SEALER, "b")):
        with pytest.raises(SealBroken):
            sealer.open(sealed, context)


def test_a_changed_octet_opens_nothing() -> None:
    sealed = SEALER.seal("1234", "a")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            SEALER.open(changed, "a")


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_what_is_cut_off_opens_nothing(length: int) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal("1234", "a")[:length], "a")


def test_a_short_secret_is_none() -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(b"s" * (MINIMUM_SECRET - 1))
