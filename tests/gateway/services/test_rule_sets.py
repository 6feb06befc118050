"""Compiled rules: found by version, never older than the rest of a decision; none that nobody can read."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import RuleSetVersion
from gateway.services.rule_sets import NO_RULES, RuleSets
from gateway.store import DatabaseStore
from mdm.device import AccessLevel
from mdm.rules import Mode
from tests.support.stores import ACME, NOON

BLOCK = {"id": "a", "name": "a", "effect": "block", "conditions": [], "created_at": "x", "changed_at": "y"}
FIRST = RuleSetVersion(ACME.id, 1, (BLOCK,), NOON, "root")


@pytest.fixture(autouse=True)
def _organisation(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)


def write(store: DatabaseStore, version: RuleSetVersion) -> None:
    with store.write() as transaction:
        transaction.rules.add(version)


def test_one_version_is_compiled_once(store: DatabaseStore) -> None:
    kept = RuleSets()
    with store.read() as transaction:
        assert kept.of(transaction, ACME) is NO_RULES[Mode.USHER]
    write(store, FIRST)
    with store.read() as transaction:
        first = kept.of(transaction, ACME)
        assert kept.of(transaction, ACME) is first
    assert [rule.effect for rule in first.rules] == [AccessLevel.BLOCK]
    write(store, replace(FIRST, version=2, documents=()))
    with store.read() as transaction:
        assert kept.of(transaction, ACME).rules == ()


def test_another_mode_is_another_set(store: DatabaseStore) -> None:
    kept, workmail = RuleSets(), replace(ACME, rules_mode=Mode.WORKMAIL)
    with store.read() as transaction:
        assert kept.of(transaction, workmail).mode is Mode.WORKMAIL
    write(store, FIRST)
    with store.read() as transaction:
        assert kept.of(transaction, ACME).mode is Mode.USHER
        assert kept.of(transaction, workmail).mode is Mode.WORKMAIL


def test_what_cannot_be_read_lets_nobody_in(store: DatabaseStore) -> None:
    odd = {"id": "b", "name": "b", "effect": "allow", "conditions": [{"criterion": "mood", "is": ["good"]}]}
    write(store, replace(FIRST, documents=(BLOCK, odd)))
    with store.read() as transaction, pytest.raises(GatewayError) as caught:
        RuleSets().of(transaction, ACME)
    assert caught.value.kind is Kind.UNAVAILABLE
