"""Which names a certificate needs, and which name covers which."""

import pytest

from certs.errors import CertificateError
from certs.names import MAXIMUM_LENGTH, advised, covers, hosts_of, is_public, normalise, required


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Mail.Example.ORG.", "mail.example.org"),
        (" localhost ", "localhost"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.example.org", "*.example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("a_b.example", "a_b.example"),
    ],
)
def test_names_take_the_form_that_certificates_carry(name: str, normal: str) -> None:
    assert normalise(name) == normal


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        "-a.example",
        "a-.example",
        "a b",
        "a/b",
        "x" * 64 + ".example",
        "é" * 70,
        "a.*.example",
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CertificateError):
        normalise(name)


def test_the_longest_name_and_one_longer() -> None:
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(normalise(longest)) == MAXIMUM_LENGTH
    with pytest.raises(CertificateError):
        normalise(longest + "d")


def test_every_domain_needs_its_autodiscover_name() -> None:
    assert required("usher.example", ["example.org", "Example.NET"]) == (
        "usher.example",
        "autodiscover.example.org",
        "autodiscover.example.net",
    )


def test_bare_domains_are_advised_and_nothing_is_listed_twice() -> None:
    assert advised("example.org", ["example.org"]) == (
        "example.org",
        "autodiscover.example.org",
        "autoconfig.example.org",
    )


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("a.example.org", "a.example.org", True),
        ("*.example.org", "a.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.org", "example.org", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("*.0.0.1", "127.0.0.1", False),
        ("a.example.org", "b.example.org", False),
    ],
)
def test_a_star_stands_for_exactly_one_label(pattern: str, name: str, covered: bool) -> None:
    assert covers(pattern, name) is covered


@pytest.mark.parametrize("name", ["mail.acme.org", "8.8.8.8", "xn--bcher-kva.ch"])
def test_public_names(name: str) -> None:
    assert is_public(name)


@pytest.mark.parametrize(
    "name",
    ["localhost", "mail", "mail.local", "usher.example", "127.0.0.1", "::1", "10.1.2.3", "a.home.arpa"],
)
def test_names_that_only_this_network_knows(name: str) -> None:
    assert not is_public(name)


def test_the_hosts_of_a_domain_are_all_that_its_clients_ask() -> None:
    assert hosts_of("example.org") == (
        "example.org",
        "autodiscover.example.org",
        "autoconfig.example.org",
        "ua-auto-config.example.org",
    )
