"""Rows of passkeys and of questions on every database: each question is taken once (T24)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records.passkeys import Passkey, Purpose, Question
from gateway.store import DatabaseStore
from tests.gateway.store.test_administrators import account
from tests.support.stores import NOON

LATER = NOON + timedelta(minutes=1)
ONE = Passkey("k-1", "a-ann", "phone", "credential-1", b"key", 3, NOON)
TWO = Passkey("k-2", "a-ann", "key", "credential-2", b"key", 0, LATER)
HIS = Passkey("k-3", "a-bob", "key", "credential-3", b"key", 0, NOON)


@pytest.fixture(autouse=True)
def _passkeys(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for name in ("ann", "bob"):
            transaction.administrators.add(account(name))
        for each in (TWO, ONE, HIS):
            transaction.passkeys.add(each)


def test_a_passkey_comes_back_as_it_was(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.passkeys.of("a-ann") == [ONE, TWO]
        assert transaction.passkeys.by_credential("credential-1") == ONE
        assert transaction.passkeys.by_credential("credential-9") is None


def test_a_use_counts_on_what_was_seen(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.passkeys.used("k-1", 3, 4, LATER)
        assert not transaction.passkeys.used("k-1", 3, 4, LATER)
        assert transaction.passkeys.of("a-ann")[0] == replace(ONE, uses=4, last_used_at=LATER)


def test_only_ones_own_is_renamed_and_removed(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert not transaction.passkeys.rename("a-bob", "k-1", "his")
        assert not transaction.passkeys.remove("a-bob", "k-1")
        assert transaction.passkeys.rename("a-ann", "k-1", "old phone")
        assert transaction.passkeys.remove("a-ann", "k-2")
        assert transaction.passkeys.of("a-ann") == [replace(ONE, label="old phone")]
        assert transaction.passkeys.remove_all("a-ann") == 1


def test_a_credential_is_one_accounts(store: DatabaseStore) -> None:
    with pytest.raises(GatewayError) as error, store.write() as transaction:
        transaction.passkeys.add(replace(HIS, id="k-4", credential="credential-1"))
    assert error.value.kind is Kind.CONFLICT


def test_passkeys_go_with_their_account(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.administrators.remove("a-bob")
        assert transaction.passkeys.by_credential("credential-3") is None


def test_questions_are_taken_once_pruned_and_bounded_for_strangers(store: DatabaseStore) -> None:
    held = Question("h" * 64, Purpose.CONFIRM, "s-1", NOON, {"nonce": "n"})
    with store.write() as transaction:
        transaction.questions.add(held, 2)
        for number in range(4):
            asked = Question(str(number) * 64, Purpose.SIGN_IN, "", NOON + timedelta(seconds=number))
            transaction.questions.add(asked, 2)
        assert [transaction.questions.take(each * 64) is not None for each in "0123h"] == [
            False,
            False,
            True,
            True,
            True,
        ]
        assert transaction.questions.take("h" * 64) is None
        transaction.questions.add(held, 2)
        assert transaction.questions.prune(LATER) == 1
