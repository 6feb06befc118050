"""Rows of API tokens on every database: found by digest, seen within reach, revoked for good."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records.administrators import ApiToken
from gateway.records.authority import Permission, Reach
from gateway.store import DatabaseStore
from tests.gateway.store.test_administrators import AT_ACME, AT_GLOBEX, ROOT, account
from tests.support.stores import ACME, GLOBEX, NOON

TOKEN = ApiToken(
    "t-1",
    "ci",
    "d" * 64,
    "a-ann",
    NOON,
    "ann",
    NOON + timedelta(days=1),
    limits=frozenset({Permission.USER_READ, Permission.WIPE_FULL}),
    appointments=(AT_ACME,),
    networks=("192.0.2.0/24", "2001:db8::/32"),
    follows=True,
    destructive=True,
)
PLAIN = ApiToken("t-2", "plain", "e" * 64, "a-bob", NOON, "bob", NOON + timedelta(days=1))


@pytest.fixture(autouse=True)
def _accounts(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
        transaction.administrators.add(account("ann", AT_ACME))
        transaction.administrators.add(account("bob", AT_GLOBEX, ROOT))
        for token in (TOKEN, PLAIN):
            transaction.api_tokens.add(token)


def test_a_token_comes_back_as_it_was(store: DatabaseStore) -> None:
    with store.read() as transaction:
        tokens = transaction.api_tokens
        assert tokens.get("t-1") == tokens.by_digest("d" * 64) == TOKEN
        assert tokens.by_digest("D" * 64) is None
        assert tokens.list() == [TOKEN, PLAIN]
        assert tokens.list(after="t-1") == [PLAIN]
        assert tokens.list(limit=1) == [TOKEN]
        assert tokens.of("a-bob") == [PLAIN]


def test_a_digest_is_given_once(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.api_tokens.add(replace(TOKEN, id="t-3"))


def test_a_use_is_noted_unless_a_later_one_is(store: DatabaseStore) -> None:
    later = NOON + timedelta(minutes=5)
    with store.write() as transaction:
        for at in (NOON, later, NOON):
            transaction.api_tokens.used("t-1", at)
        assert transaction.api_tokens.get("t-1") == replace(TOKEN, last_used_at=later)


def test_what_is_revoked_stays_listed(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.api_tokens.revoke("t-1")
        assert transaction.api_tokens.by_digest("d" * 64) == replace(TOKEN, revoked=True)


def test_a_token_is_within_reach_as_its_maker_is(store: DatabaseStore) -> None:
    for reached, seen in ((ACME, [TOKEN]), (GLOBEX, [])):
        narrowed = store.within(Reach(organisations=frozenset({reached.id})))
        with narrowed.read() as transaction:
            assert transaction.api_tokens.list() == seen
            assert (transaction.api_tokens.get("t-1") is None) is not bool(seen)
            assert transaction.api_tokens.by_digest("d" * 64) == TOKEN


def test_a_token_goes_with_its_account(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.administrators.remove("a-ann")
        assert transaction.api_tokens.list() == [PLAIN]
