"""What a rule can test (product 6.2; T32)."""

import fnmatch
import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.criteria import (
    CRITERIA,
    PATTERN_LIMIT,
    STARS_LIMIT,
    TEXT_LIMIT,
    Facts,
    Kind,
    Way,
    fold,
    read_network,
    read_pattern,
    version_in,
)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("iPhone", "iphone15c2", True),
        ("iPhone", "my iphone", False),
        ("=x", "=x1", True),
        ("*phone*", "my iphone 3", True),
        ("sam*s2?", "samsung s24", True),
        ("sam*s2?", "samsung s2", False),
        ("??", "ab", True),
        ("??", "abc", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*", "anything", True),
        (">=17.4", "ios 17.4.1 21e236", True),
        (">=17.4", "ios 17.3.9", False),
        ("<17", "ios 16.7", True),
        ("<17", "ios 17.0", False),
        ("<= 17", "ios 17.4", True),
        (">17", "ios 17.4", False),
        ("==16.1", "16.1", True),
        ("<3", "no number", False),
        ("$NONE", "none", False),
        ("$none", "$none and more", True),
    ],
)
def test_a_pattern_says_how_it_compares(pattern: str, value: str, fits: bool) -> None:
    assert read_pattern(pattern).matches(value) is fits


def test_only_none_matches_what_was_not_reported() -> None:
    assert read_pattern("$NONE").matches(None)
    assert not any(read_pattern(text).matches(None) for text in ("a", "*", "<9"))


def test_in_workmails_way_everything_but_none_is_a_prefix() -> None:
    assert read_pattern("<17*", prefix_only=True).matches("<17*x")
    assert read_pattern("$NONE", prefix_only=True).way is Way.NONE


def test_the_limits_of_a_pattern_from_just_below_to_just_above() -> None:
    assert read_pattern("a" * PATTERN_LIMIT)
    assert read_pattern("a".join("*" * STARS_LIMIT))
    for text in ("", "  ", "a" * (PATTERN_LIMIT + 1), "a".join("*" * (STARS_LIMIT + 1))):
        with pytest.raises(ValueError, match=r"\d"):
            read_pattern(text)


def test_a_long_value_is_looked_at_up_to_its_limit() -> None:
    (seen,) = CRITERIA["model"].read(Facts(model="a" * TEXT_LIMIT + "b"))
    assert seen == "a" * TEXT_LIMIT


def test_blank_is_not_reported() -> None:
    for blank in (None, "", "  "):
        assert CRITERIA["os"].read(Facts(os=blank)) == ()


@given(st.text(alphabet="ab?*", min_size=1, max_size=8), st.text(alphabet="ab", max_size=12))
def test_a_glob_is_what_everybody_takes_for_one(pattern: str, value: str) -> None:
    if not {"*", "?"} & set(pattern):
        pattern += "*"
    oracle = re.compile(fnmatch.translate(pattern))
    assert read_pattern(pattern).matches(value) is (oracle.match(value) is not None)


@given(st.lists(st.integers(0, 999), min_size=1, max_size=6))
def test_the_version_in_a_text(parts: list[int]) -> None:
    dotted = ".".join(map(str, parts))
    assert version_in(f"Android {dotted}-beta") == tuple(parts)


def test_no_version() -> None:
    assert version_in("Tizen") is None


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::1"])
def test_networks(text: str) -> None:
    assert ip_address(text.partition("/")[0]) in read_network(text)


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "example.org"])
def test_what_is_no_network_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no IPv4 or IPv6 network"):
        read_network(text)


def test_spellings_of_one_text_are_equal() -> None:
    assert fold("ｉＰｈｏｎｅ") == fold("IPHONE")  # fullwidth letters


def test_every_criterion_has_its_label_and_its_kind() -> None:
    assert {criterion.kind for criterion in CRITERIA.values()} == set(Kind)
    assert all(criterion.label and name == criterion.name for name, criterion in CRITERIA.items())
