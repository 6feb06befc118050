"""Policies to start from."""

import pytest

from mdm.families import FAMILIES, Answer, answer_of
from mdm.layers import partial
from mdm.policy import SWITCHES, Policy
from mdm.templates import BY_NAME, TEMPLATES, Template


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_each_is_a_policy_in_canonical_form_with_its_source(template: Template) -> None:
    assert partial(template.document) == template.document
    assert template.title and len(template.source) > 20


def test_names_are_theirs_alone() -> None:
    assert len(BY_NAME) == len(TEMPLATES)


def test_exchange_starts_with_what_is_sent_by_default_and_lets_anybody_in() -> None:
    exchange = Policy.from_document(BY_NAME["exchange-default"].document)
    bare = Policy()
    assert all(exchange.value(name) == bare.value(name) for name in exchange.settings)
    assert exchange.allow_non_provisionable


def test_only_exchange_serves_devices_without_a_policy() -> None:
    lax = [each.name for each in TEMPLATES if each.document.get("allow_non_provisionable")]
    assert lax == ["exchange-default"]
    assert not any(BY_NAME["nist-minded"].document.get(switch) for switch in SWITCHES)


def test_what_is_asked_of_own_phones_is_ignored_by_no_phone() -> None:
    asked = BY_NAME["own-phones"].document["settings"]
    phones = [family for family in FAMILIES if family.name in ("ios", "gmail", "samsung", "android")]
    assert not [
        (name, family.name)
        for name in asked
        for family in phones
        if answer_of(family, name) is Answer.IGNORES
    ]
