"""Password hashes (house.md 11.6, T3)."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.directory.passwords import (
    MAXIMUM_OCTETS,
    hash_password,
    is_acceptable,
    is_outdated,
    verify_password,
)

STORED = hash_password("Grüß-Gott-1")


def test_a_hash_verifies_its_password_and_no_other() -> None:
    assert verify_password("Grüß-Gott-1", STORED)
    assert not verify_password("Grüß-Gott-2", STORED)
    assert hash_password("Grüß-Gott-1") != STORED


def test_costs_are_those_that_were_decided() -> None:
    assert STORED.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(STORED)
    assert is_outdated(STORED.replace("t=2", "t=1"))


def test_the_same_letters_from_another_keyboard() -> None:
    assert verify_password(unicodedata.normalize("NFD", "Grüß-Gott-1"), STORED)


@pytest.mark.parametrize("password", ["", "\0", "a\0b", "x" * (MAXIMUM_OCTETS + 1), "é" * MAXIMUM_OCTETS])
def test_what_no_directory_may_be_shown(password: str) -> None:
    assert not is_acceptable(password)
    assert not verify_password(password, STORED)
    with pytest.raises(ValueError, match="usable"):
        hash_password(password)


def test_the_longest_password() -> None:
    longest = "x" * MAXIMUM_OCTETS
    assert verify_password(longest, hash_password(longest))


@pytest.mark.parametrize("stored", [None, "", "garbage", "$argon2id$v=19$m=19456,t=2,p=1$x"])
def test_without_a_usable_hash_nothing_matches(stored: str | None) -> None:
    assert not verify_password("the password of nobody", stored)


@given(st.text(max_size=40))
@settings(max_examples=15, deadline=None)
def test_any_text_is_answered_and_never_raises(password: str) -> None:
    assert not verify_password(password, STORED)
