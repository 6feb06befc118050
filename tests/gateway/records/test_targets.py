"""Whither the gateway may send by itself (T27)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.targets import LONGEST_URL, Target, forbidden, read_target

PRIVATE = (
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "::1",
    "fd00::1",
    "100.64.0.1",
    "192.0.2.1",
)
NEVER = (
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2001:0:53aa:64c::1",
    "fec0::1",
    "no address",
    "",
)


@pytest.mark.parametrize("address", ("8.8.8.8", "2606:4700::1111"))
def test_a_public_address_is_sent_to(address: str) -> None:
    assert forbidden(address) == ""


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_one_is_not(address: str) -> None:
    assert forbidden(address) == "is within a private network"


@pytest.mark.parametrize("address", ("127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd00::1"))
def test_unless_it_is_allowed(address: str) -> None:
    assert forbidden(address, allow_private=True) == ""


@pytest.mark.parametrize("address", NEVER)
def test_some_never_are(address: str) -> None:
    assert forbidden(address)
    assert forbidden(address, allow_private=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    (
        ("https://hooks.example.org/in?a=b", Target("", "hooks.example.org", 443, True)),
        ("https://hooks.example.org:8443/", Target("", "hooks.example.org", 8443, True)),
        ("https://[2606:4700::1111]/", Target("", "2606:4700::1111", 443, True)),
        ("HTTPS://Hooks.Example.org", Target("", "hooks.example.org", 443, True)),
    ),
)
def test_a_good_url_is_taken_apart(url: str, expected: Target) -> None:
    found = read_target(url)
    assert (found.host, found.port, found.secure) == (expected.host, expected.port, expected.secure)
    assert found.url == url


@pytest.mark.parametrize(
    "url",
    (
        "",
        "hooks.example.org",
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://hooks.example.org/",
        "https://",
        "https:///path",
        "https://user@hooks.example.org/",
        "https://user:pass@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://hooks.example.org\\@127.0.0.1/",
        "https://hooks.example.org/#fragment",
        "https://hooks.example.org/#",
        "https://hooks.example.org/\r\nHost: other",
        "https://hooks.example.org/a b",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:25/",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:x/",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.0x1/",
        "https://hooks.example.1/",
        "https://1.2.3.4.5/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data",
        "https://١٢٧.0.0.1/",
        "https://hööks.example.org/",
        "https://hooks%2eexample.org/",
        "https://hooks..example.org/",
        "https://hooks.example.org/" + "a" * LONGEST_URL,
    ),
)
def test_any_other_is_refused_with_words(url: str) -> None:
    with pytest.raises(ValueError):
        read_target(url)


def test_plain_http_goes_no_further_than_this_machine() -> None:
    assert read_target("http://127.0.0.1:8080/", allow_private=True).secure is False
    assert read_target("http://localhost/", allow_private=True).port == 80
    for url in ("http://10.0.0.1:8080/", "http://hooks.example.org/", "http://127.0.0.1.example.org/"):
        with pytest.raises(ValueError):
            read_target(url, allow_private=True)


def test_a_private_receiver_may_have_any_port_and_no_domain() -> None:
    assert read_target("https://intranet:94/", allow_private=True).port == 94
    with pytest.raises(ValueError):
        read_target("https://169.254.169.254/", allow_private=True)


@given(st.text(max_size=60))
def test_no_text_is_worse_than_a_refusal(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.org{text}"):
        try:
            found = read_target(url)
        except ValueError:
            continue
        assert found.secure
        assert "@" not in found.host
