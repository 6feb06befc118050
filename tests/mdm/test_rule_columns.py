"""Criteria over a whole set of rules, compiled."""

from ipaddress import ip_address

import pytest

from mdm.criteria import CRITERIA, Facts
from mdm.rule_columns import Column, column

EVERYTHING = 0b111


def at(address: str) -> Facts:
    return Facts(network=ip_address(address))


def of(criterion: str, *values: str, negated: bool = False, prefix_only: bool = False) -> Column:
    """The second of three rules alone speaks of the criterion."""
    made = column(CRITERIA[criterion], prefix_only=prefix_only)
    made.require(values, 0b010, negated=negated)
    return made


@pytest.mark.parametrize(
    ("criterion", "value", "fits", "fits_not"),
    [
        ("model", "iPhone", Facts(model="iphone 15 Pro"), Facts(model="Not an iPhone")),
        ("model", "*15*", Facts(model="iphone 15 Pro"), Facts(model="iPhone 14")),
        ("user", "u-1", Facts(user="u-1"), Facts(user="u-2")),
        (
            "network",
            "192.0.2.0/24",
            at("192.0.2.7"),
            at("192.0.3.7"),
        ),
        (
            "network",
            "2001:db8::/32",
            at("2001:db8::7"),
            at("192.0.2.7"),
        ),
    ],
)
def test_a_value_turns_into_the_rules_that_it_satisfies(
    criterion: str, value: str, fits: Facts, fits_not: Facts
) -> None:
    listed, excluded = of(criterion, value), of(criterion, value, negated=True)
    assert listed.satisfied(fits, EVERYTHING) == EVERYTHING
    assert listed.satisfied(fits_not, EVERYTHING) == 0b101
    assert excluded.satisfied(fits, EVERYTHING) == 0b101
    assert excluded.satisfied(fits_not, EVERYTHING) == EVERYTHING


@pytest.mark.parametrize(("criterion", "value"), [("model", "iPhone"), ("network", "192.0.2.0/24")])
@pytest.mark.parametrize("negated", [False, True])
def test_no_list_holds_for_what_is_not_known(criterion: str, value: str, negated: bool) -> None:
    assert of(criterion, value, negated=negated).satisfied(Facts(), EVERYTHING) == 0b101


def test_workmails_patterns_are_prefixes() -> None:
    facts = Facts(model="my *phone")
    assert of("model", "*phone").satisfied(facts, EVERYTHING) == EVERYTHING
    assert of("model", "*phone", prefix_only=True).satisfied(facts, EVERYTHING) == 0b101
