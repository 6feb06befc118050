"""The rule engine (product 6, spec/workmail-api.md 1.6): its tables agree with its trace on anything."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.criteria import CRITERIA, Facts, Kind
from mdm.device import AccessLevel
from mdm.errors import RuleError
from mdm.rules import (
    NOTHING,
    VALUES_LIMIT,
    WORKMAIL_CRITERIA,
    WORKMAIL_VALUES_LIMIT,
    Condition,
    Mode,
    Outcome,
    Rule,
    RuleSet,
    check,
)

ALLOW, BLOCK, QUARANTINE = AccessLevel.ALLOW, AccessLevel.BLOCK, AccessLevel.QUARANTINE

TEXTS = ["iPhone", "ipad", "sam*", "*s2?", ">=16.1", "<17", "$NONE", "a"]
REPORTED = ["iPhone15,2", "iPad", "Samsung S24", "iOS 17.4", "16.1", "14.1", "", None, "a", "Android 9"]
NAMES = ["u-1", "u-2", "ann@example.org", "g-1", "g-2", "example.org", "activesync", "autodiscover"]
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"]
VALUES = {Kind.TEXT: TEXTS, Kind.NAME: NAMES, Kind.NETWORK: NETWORKS}


def rule(effect: AccessLevel, *conditions: Condition, identity: str = "r", enabled: bool = True) -> Rule:
    return Rule(identity, identity, effect, conditions, enabled=enabled)


def listed(criterion: str, *values: str) -> Condition:
    return Condition(criterion, values)


def excluded(criterion: str, *values: str) -> Condition:
    return Condition(criterion, values, negated=True)


def test_a_rule_without_conditions_matches_everything_and_no_rule_nothing() -> None:
    assert RuleSet([rule(ALLOW)]).ask(Facts()) == Outcome(ALLOW, ("r",))
    assert RuleSet([]).ask(Facts()) is NOTHING


def test_all_conditions_must_hold() -> None:
    both = RuleSet([rule(BLOCK, listed("device_type", "iPhone"), listed("os", "<17"))])
    assert both.ask(Facts(device_type="iPhone", os="iOS 16.7")).level is BLOCK
    assert both.ask(Facts(device_type="iPhone", os="iOS 17.1")).level is None
    assert both.ask(Facts(device_type="iPad", os="iOS 16.7")).level is None


def test_block_beats_quarantine_beats_allow_and_names_only_what_decided() -> None:
    rules = [rule(ALLOW, identity="a"), rule(QUARANTINE, identity="q"), rule(BLOCK, identity="b")]
    assert RuleSet(rules).ask(Facts()) == Outcome(BLOCK, ("b",))
    assert RuleSet(rules[:2]).ask(Facts()) == Outcome(QUARANTINE, ("q",))


def test_a_disabled_rule_is_not_asked_but_traced() -> None:
    rules = RuleSet([rule(BLOCK, enabled=False)])
    assert rules.ask(Facts()) is NOTHING
    assert [trace.matched for trace in rules.explain(Facts())] == [False]


def test_what_was_not_reported_matches_none_and_no_exclusion() -> None:
    unreported = RuleSet([rule(BLOCK, listed("os", "$NONE"))])
    assert unreported.ask(Facts()).level is BLOCK
    assert unreported.ask(Facts(os="iOS")).level is None
    not_android = RuleSet([rule(ALLOW, excluded("os", "android"))])
    assert not_android.ask(Facts(os="iOS")).level is ALLOW
    assert not_android.ask(Facts(os="Android 9")).level is None
    assert not_android.ask(Facts()).level is None


def test_an_exclusion_by_name_holds_for_whoever_is_in_none() -> None:
    outside = RuleSet([rule(BLOCK, excluded("group", "g-1"))])
    assert outside.ask(Facts()).level is BLOCK
    assert outside.ask(Facts(groups=frozenset({"g-1", "g-2"}))).level is None


def test_networks_of_both_versions() -> None:
    rules = RuleSet([rule(BLOCK, excluded("network", "10.0.0.0/8", "2001:db8::/32"))])
    assert rules.by_network
    assert rules.ask(Facts(network=ip_address("10.9.9.9"))).level is None
    assert rules.ask(Facts(network=ip_address("2001:db8::9"))).level is None
    assert rules.ask(Facts(network=ip_address("192.0.2.1"))).level is BLOCK
    assert rules.ask(Facts()).level is None
    assert not RuleSet([rule(BLOCK)]).by_network


def test_workmails_way_knows_prefixes_only() -> None:
    prefix = RuleSet([rule(BLOCK, listed("os", "<17"))], Mode.WORKMAIL)
    assert prefix.ask(Facts(os="iOS 16")).level is None
    assert prefix.ask(Facts(os="<17 it says")).level is BLOCK


@pytest.mark.parametrize(
    ("wrong", "mode", "place"),
    [
        (rule(BLOCK, listed("colour", "red")), Mode.USHER, "conditions.0.criterion"),
        (rule(BLOCK, listed("os", "a"), listed("os", "b")), Mode.USHER, "conditions.1.criterion"),
        (rule(BLOCK, listed("os")), Mode.USHER, "conditions.0.values"),
        (rule(BLOCK, listed("os", "")), Mode.USHER, "conditions.0.values"),
        (rule(BLOCK, listed("user", " ")), Mode.USHER, "conditions.0.values"),
        (rule(BLOCK, listed("network", "x")), Mode.USHER, "conditions.0.values"),
        (rule(BLOCK, listed("group", "g")), Mode.WORKMAIL, "conditions.0.criterion"),
        (rule(QUARANTINE), Mode.WORKMAIL, "effect"),
    ],
)
def test_a_wrong_rule_is_refused_by_place(wrong: Rule, mode: Mode, place: str) -> None:
    with pytest.raises(RuleError) as caught:
        RuleSet([wrong], mode)
    assert set(caught.value.faults) == {place}


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(RuleError) as caught:
        check(rule(BLOCK, listed("colour", "red"), listed("network", "x")))
    assert set(caught.value.faults) == {"conditions.0.criterion", "conditions.1.values"}


@pytest.mark.parametrize(
    ("mode", "limit"), [(Mode.USHER, VALUES_LIMIT), (Mode.WORKMAIL, WORKMAIL_VALUES_LIMIT)]
)
def test_the_limit_of_a_list_from_just_below_to_just_above(mode: Mode, limit: int) -> None:
    check(rule(BLOCK, listed("os", *map(str, range(limit)))), mode)
    with pytest.raises(RuleError):
        check(rule(BLOCK, listed("os", *map(str, range(limit + 1)))), mode)


@st.composite
def conditions(draw: st.DrawFn, mode: Mode) -> tuple[Condition, ...]:
    names = sorted(WORKMAIL_CRITERIA) if mode is Mode.WORKMAIL else sorted(CRITERIA)
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(names), st.booleans()), max_size=4, unique=True), label="chosen"
    )
    return tuple(
        Condition(
            name,
            tuple(
                draw(
                    st.lists(
                        st.sampled_from(CRITERIA[name].choices or VALUES[CRITERIA[name].kind]),
                        min_size=1,
                        max_size=3,
                    )
                )
            ),
            negated,
        )
        for name, negated in chosen
    )


def rule_lists(mode: Mode) -> st.SearchStrategy[list[Rule]]:
    effects = st.sampled_from([ALLOW, BLOCK] if mode is Mode.WORKMAIL else [ALLOW, BLOCK, QUARANTINE])
    parts = st.tuples(effects, conditions(mode), st.booleans())
    return st.lists(parts, max_size=6).map(
        lambda drawn: [
            rule(effect, *tests, identity=str(place), enabled=enabled)
            for place, (effect, tests, enabled) in enumerate(drawn)
        ]
    )


facts = st.builds(
    Facts,
    device_type=st.sampled_from(REPORTED),
    model=st.sampled_from(REPORTED),
    os=st.sampled_from(REPORTED),
    user_agent=st.sampled_from(REPORTED),
    protocol_version=st.sampled_from(["12.1", "14.1", "16.1", None]),
    user=st.sampled_from(["u-1", "u-2", "u-3"]),
    addresses=st.frozensets(st.sampled_from(["ann@example.org", "bob@example.org"])),
    groups=st.frozensets(st.sampled_from(["g-1", "g-2", "g-3"])),
    domain=st.sampled_from(["example.org", "example.net", ""]),
    network=st.sampled_from([ip_address(text) for text in ("10.1.2.3", "192.0.2.7", "2001:db8::1")] + [None]),
    protocol=st.sampled_from(["activesync", "autodiscover"]),
)


@given(st.data(), st.sampled_from(Mode), facts)
def test_the_tables_say_what_the_trace_says(data: st.DataObject, mode: Mode, asked: Facts) -> None:
    rules = RuleSet(data.draw(rule_lists(mode)), mode)
    matched = [trace.rule for trace in rules.explain(asked) if trace.matched]
    strictest = next(
        (level for level in (BLOCK, QUARANTINE, ALLOW) if level in {r.effect for r in matched}), None
    )
    decisive = tuple(found.id for found in matched if found.effect is strictest)
    assert rules.ask(asked) == Outcome(strictest, decisive)
    assert rules.matching(asked) == {found.id for found in matched}


@given(rule_lists(Mode.USHER), facts)
def test_order_makes_no_difference(rules: list[Rule], asked: Facts) -> None:
    there, back = RuleSet(rules).ask(asked), RuleSet(rules[::-1]).ask(asked)
    assert (there.level, set(there.decisive)) == (back.level, set(back.decisive))


def test_a_criterion_with_choices_takes_no_other_value() -> None:
    check(rule(BLOCK, listed("protocol", "AutoDiscover", "activesync")))
    with pytest.raises(RuleError) as caught:
        check(rule(BLOCK, listed("protocol", "imap")))
    assert caught.value.faults == {"conditions.0.values": "there is activesync and autodiscover only"}


def test_what_is_asked_for_and_who_asks_for_it() -> None:
    by_protocol = rule(BLOCK, listed("protocol", "autodiscover"), listed("os", "iOS"), identity="a")
    disabled = rule(BLOCK, listed("network", "10.0.0.0/8"), identity="b", enabled=False)
    rules = RuleSet([by_protocol, rule(ALLOW, listed("model", "x"), identity="c"), disabled])
    assert rules.criteria == {"protocol", "os", "model"}
    assert rules.naming("protocol").rules == (by_protocol,)
    assert not rules.by_network
