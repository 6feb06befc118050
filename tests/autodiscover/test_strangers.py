"""Which domain a stranger means: a plain key or nothing (T12, T13)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiscover.strangers import LASTS, about_host, domain_of


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ann@Example.ORG", "example.org"),
        ("o'hara+tag@sub.example.org", "sub.example.org"),
        ("jörg@bücher.example", "bücher.example"),
        ("ann@example.org@other.org", ""),
        ("@example.org", ""),
        ("ann@", ""),
        ("example.org", ""),
        ("", ""),
        ("ann@.example.org", ""),
        ("ann@example.org/x", ""),
        ("ann@exam\0ple.org", ""),
        ("a\0nn@example.org", ""),
        ("ann@" + "a" * 250, "a" * 250),
        ("ann@" + "a" * 251, ""),
    ],
    ids=range(14),
)
def test_the_domain_of_an_address(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_a_host_stands_for_the_domain_behind_the_prefix_first() -> None:
    assert [each.domain for each in about_host("autoconfig.example.org", "autoconfig.")] == [
        "example.org",
        "autoconfig.example.org",
    ]
    assert [each.domain for each in about_host("example.org", "autoconfig.")] == ["example.org"]


@pytest.mark.parametrize("host", ["", "[::1]", "a b", "x\0y", "a/b", "x" * 300])
def test_no_host_name_asks_for_nothing(host: str) -> None:
    assert about_host(host, "autoconfig.") == ()


@settings(deadline=None)
@given(st.text())
def test_what_is_looked_up_is_plain_whatever_was_sent(text: str) -> None:
    for domain in (domain_of(text), *(each.domain for each in about_host(text, "x."))):
        assert len(domain) <= 254
        assert domain.isprintable()
        assert not set(domain) & set("/\\@?#%;: \t\r\n")


def test_what_is_told_strangers_lasts_a_short_while() -> None:
    assert dict(LASTS)["cache-control"] == "public, max-age=300"
