"""Lints: each finding by example, and never a false one (product 6, T32)."""

from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.criteria import Facts
from mdm.device import AccessLevel
from mdm.rule_lint import Finding, Lint, covers, idle, lint
from mdm.rules import Condition, Mode, Rule, RuleSet
from tests.mdm.test_rules import ALLOW, BLOCK, QUARANTINE, excluded, facts, listed, rule, rule_lists

LEVELS = st.sampled_from([ALLOW, BLOCK, QUARANTINE])


def found(*rules: Rule, default: AccessLevel = ALLOW, mode: Mode = Mode.USHER) -> tuple[Lint, ...]:
    return lint(RuleSet(rules, mode), default)


def one(effect: AccessLevel, identity: str, *conditions: Condition) -> Rule:
    return rule(effect, *conditions, identity=identity)


def test_what_is_well_is_not_remarked_on() -> None:
    assert found(one(BLOCK, "b", listed("os", "<16")), one(ALLOW, "a", listed("model", "iPhone"))) == ()


def test_a_rule_that_contradicts_itself() -> None:
    assert found(one(BLOCK, "b", listed("os", "iOS 17"), excluded("os", "ios"))) == (
        Lint(Finding.NEVER_MATCHES, "b"),
    )
    assert found(one(BLOCK, "b", listed("os", "ios"), excluded("os", "iOS 17"))) == ()


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (listed("os", "iOS 17.4"), listed("os", "ios")),
        (listed("os", "ios 17*"), listed("os", "ios")),
        (listed("os", "iOS 17"), listed("os", "ios*")),
        (listed("os", "iOS 17"), listed("os", "*")),
        (listed("os", ">=17"), listed("os", ">=16")),
        (listed("os", "<16.1"), listed("os", "<17.0")),
        (listed("network", "10.1.0.0/16"), listed("network", "10.0.0.0/8")),
        (listed("user", "Ann@example.org"), listed("user", "ann@example.org", "u-2")),
        (excluded("os", "a", "b"), excluded("os", "a")),
        (listed("os", "$NONE"), listed("os", "$NONE", "a")),
    ],
)
def test_a_wider_condition_covers_a_narrower_one(narrow: Condition, wide: Condition) -> None:
    assert covers(one(ALLOW, "w", wide), one(ALLOW, "n", narrow))
    assert covers(one(ALLOW, "w"), one(ALLOW, "n", narrow))
    assert not covers(one(ALLOW, "n", narrow), one(ALLOW, "w", wide))


@pytest.mark.parametrize(
    ("one_value", "other"),
    [(">=16.1", ">=16"), ("<17", ">16"), ("a?c", "ab"), ("$NONE", "*"), ("a*", "*b")],
)
def test_what_cannot_be_shown_is_not_claimed(one_value: str, other: str) -> None:
    assert not covers(one(ALLOW, "w", listed("os", other)), one(ALLOW, "n", listed("os", one_value)))


def test_a_shadowed_rule_and_its_shadow() -> None:
    wide, narrow = one(BLOCK, "w", listed("os", "ios")), one(ALLOW, "n", listed("os", "ios 17"))
    assert found(wide, narrow) == (Lint(Finding.SHADOWED, "n", "w"),)
    assert found(one(BLOCK, "w", listed("os", "ios")), one(BLOCK, "n", listed("os", "ios 17"))) == (
        Lint(Finding.REDUNDANT, "n", "w"),
    )
    twin = listed("os", "ios")
    assert found(one(BLOCK, "1", twin), one(BLOCK, "2", twin)) == (Lint(Finding.REDUNDANT, "2", "1"),)


def test_sets_that_stop_or_admit_everyone() -> None:
    assert Lint(Finding.LOCKS_OUT_EVERYONE, "b") in found(one(BLOCK, "b"))
    assert Lint(Finding.ADMITS_EVERYONE, "a") in found(one(ALLOW, "a"), default=BLOCK)
    assert Lint(Finding.NOBODY_ADMITTED) in found(default=QUARANTINE)
    assert Lint(Finding.NOBODY_ADMITTED) in found(default=ALLOW, mode=Mode.WORKMAIL)
    assert found(default=ALLOW) == ()


def test_a_rule_that_means_none_of_the_known_devices() -> None:
    rules = RuleSet([one(BLOCK, "b", listed("os", "Tizen"))])
    assert idle(rules, [Facts(os="iOS 17")]) == {"b"}
    endless = chain([Facts(os="iOS 17")], repeat(Facts(os="tizen 2")))
    assert idle(rules, endless) == frozenset(), "nobody is asked once all have been met"


@given(st.data(), st.sampled_from(Mode), facts, LEVELS)
def test_a_finding_is_never_wrong(
    data: st.DataObject, mode: Mode, asked: Facts, default: AccessLevel
) -> None:
    rules = RuleSet(data.draw(rule_lists(mode)), mode)
    matched = {trace.rule.id for trace in rules.explain(asked) if trace.matched}
    level = rules.ask(asked).level
    for said in lint(rules, default):
        match said.finding:
            case Finding.NEVER_MATCHES:
                assert said.rule not in matched
            case Finding.SHADOWED | Finding.REDUNDANT:
                assert said.rule not in matched or said.other in matched
            case Finding.LOCKS_OUT_EVERYONE:
                assert level is not ALLOW
            case Finding.ADMITS_EVERYONE:
                assert level is not None
            case Finding.NOBODY_ADMITTED:
                assert level is not ALLOW
            case Finding.MATCHES_NO_KNOWN_DEVICE:
                pytest.fail("nobody asked for that")


def test_only_pairs_with_a_changed_rule_are_compared_on_demand() -> None:
    wide = Rule("wide", "wide", AccessLevel.BLOCK, (Condition("os", ("iOS",)),))
    narrow = Rule("narrow", "narrow", AccessLevel.BLOCK, (Condition("os", ("iOS 16",)),))
    other = Rule("other", "other", AccessLevel.BLOCK, (Condition("os", ("Android",)),))
    rules = RuleSet([wide, narrow, other])
    told = lint(rules, AccessLevel.ALLOW, about={"narrow"})
    assert told == lint(rules, AccessLevel.ALLOW, about={"wide"}) == lint(rules, AccessLevel.ALLOW)
    assert [(each.rule, each.other) for each in told] == [("narrow", "wide")]
    assert lint(rules, AccessLevel.ALLOW, about={"other"}) == ()
