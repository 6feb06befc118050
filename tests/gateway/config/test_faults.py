"""Product 10: what is wrong with a setting is said of that setting."""

from pathlib import Path

import pytest

from gateway.config.faults import ADVERTISED_URLS, Fault, backend_faults, unreadable_files
from gateway.config.loading import ConfigError, load
from gateway.config.values import Backend

URL = "https://mail.example/Microsoft-Server-ActiveSync"


def keys(**settings: str) -> list[str]:
    return [key for key, _ in backend_faults(Backend("default", **{"url": URL, **settings}))]  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ADVERTISED_URLS)
def test_what_is_advertised_is_a_url_or_nothing(key: str) -> None:
    assert keys(**{key: "https://other.example/x"}) == []
    assert keys(**{key: ""}) == []
    assert keys(**{key: "other.example"}) == [key]
    assert keys(**{key: "ftp://other.example/"}) == [key]


@pytest.mark.parametrize("key", ["imap", "pop3", "smtp"])
def test_a_mail_server_is_a_host_and_a_port(key: str) -> None:
    assert keys(**{key: "mail.example:993"}) == []
    assert keys(**{key: "mail.example"}) == [key]


def test_what_domains_publish_has_its_form() -> None:
    good = {
        "mx": ("mx1.example",),
        "dkim": ("mail2026",),
        "spf": "v=spf1 mx -all",
        "dmarc": "v=DMARC1; p=none",
    }
    assert keys(**good) == []  # type: ignore[arg-type]  # lists as well
    assert keys(mx=("not a host",), dkim=("s1", "S 2"), spf="mx", dmarc="p=none") == [
        "mx",
        "dkim",
        "spf",
        "dmarc",
    ]  # type: ignore[arg-type]


@pytest.mark.parametrize("resolver", ["localhost:53", "unix:/run/resolver"])
def test_a_resolver_is_an_ip_address(resolver: str) -> None:
    environ = {
        "USHER_PUBLIC_HOST": "mail.example",
        "USHER_BACKENDS_DEFAULT_URL": URL,
        "USHER_TLS_CERTIFICATE": "/c",
        "USHER_TLS_KEY": "/k",
        "USHER_DNS_RESOLVERS": f"9.9.9.9:53,{resolver}",
    }
    with pytest.raises(ConfigError) as caught:
        load(None, environ, check_files=False)
    assert [fault.key for fault in caught.value.faults] == ["dns.resolvers"]


def test_a_fault_shows_its_line_where_it_has_one() -> None:
    assert str(Fault("a.b", "is wrong", 3)) == "a.b (line 3): is wrong"
    assert str(Fault("a.b", "is wrong")) == "a.b: is wrong"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    environ = {
        "USHER_PUBLIC_HOST": "mail.example",
        "USHER_BACKENDS_DEFAULT_URL": URL,
        "USHER_TLS_CERTIFICATE": str(tmp_path / "missing.pem"),
        "USHER_TLS_KEY": str(tmp_path),
    }
    faults = unreadable_files(load(None, environ, check_files=False))
    assert {fault.key for fault in faults} == {"tls.certificate", "tls.key"}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://exchange.example/autodiscover/autodiscover.xml", ""),
        ("http://exchange.example/autodiscover/autodiscover.xml", "https"),
        ("https://Usher.example:8443/autodiscover/autodiscover.xml", "leads back"),
        ("https://extra.example/", "leads back"),
        ("https://[", "Invalid IPv6"),
    ],
)
def test_discovery_is_not_redirected_to_this_gateway_nor_in_the_clear(url: str, problem: str) -> None:
    environ = {
        "USHER_PUBLIC_HOST": "usher.example",
        "USHER_EXTRA_HOSTS": "extra.example",
        "USHER_LISTEN_CLIENTS": "",
        "USHER_LISTEN_ADMIN": "",
        "USHER_LISTEN_PLAIN": "127.0.0.1:8080",
        "USHER_BACKENDS_DEFAULT_URL": URL,
        "USHER_BACKENDS_DEFAULT_AUTODISCOVER_URL": url,
    }
    if not problem:
        load(None, environ)
        return
    with pytest.raises(ConfigError) as caught:
        load(None, environ)
    (fault,) = caught.value.faults
    assert fault.key.lower() == "backends.default.autodiscover_url"
    assert problem in fault.problem


def _mail(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "usher.toml"
    backend = '[backends.default]\nurl = "https://mail.example/"\n'
    path.write_text('public_host = "mail.example"\n' + backend + "[mail]\n" + "\n".join(lines))
    with pytest.raises(ConfigError) as caught:
        load(path, {}, check_files=False)
    return str(caught.value)


def test_notices_need_a_sender_and_no_password_goes_in_the_clear(tmp_path: Path) -> None:
    assert "mail.sender" in _mail(tmp_path, 'host = "mx.example"')
    assert "no mail address" in _mail(
        tmp_path, 'host = "mx.example"', 'sender = "Usher <u@x.example>\\r\\nBcc: e"'
    )
    sender = ('host = "mx.example"', 'sender = "usher@example.org"')
    assert "mail.password_file" in _mail(tmp_path, *sender, 'user = "usher"')
    clear = ('user = "usher"', 'password_file = "/etc/x"', 'security = "none"')
    assert "read on the way" in _mail(tmp_path, *sender, *clear)
