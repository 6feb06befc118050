"""The private authority."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from certs import authority, csr, keys
from certs.chain import DEVELOPMENT, Level, inspect, parse
from certs.errors import CertificateError

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def request(*names: str) -> csr.Request:
    return csr.read(csr.write(keys.new_key(), names))


def test_a_root_says_what_it_is_and_signs_servers() -> None:
    root = authority.create("demo", NOW)
    assert DEVELOPMENT in root.certificate.subject.rfc4514_string()
    chain = authority.issue(root, request("localhost", "127.0.0.1"), NOW)
    assert len(chain) == 1
    report = inspect(chain, NOW, roots=[root.root], required=["localhost", "127.0.0.1"])
    assert report.level is Level.OK


def test_an_intermediate_is_sent_along_and_the_root_is_not() -> None:
    root = authority.create("demo", NOW)
    middle = authority.intermediate(root, "one", NOW, keys.new_key(keys.KeyKind.RSA))
    chain = authority.issue(middle, request("localhost"), NOW)
    assert [certificate.subject for certificate in chain[1:]] == [middle.certificate.subject]
    assert inspect(chain, NOW, roots=[root.root]).level is Level.OK


def test_nothing_outlives_its_issuer() -> None:
    root = authority.create("demo", NOW)
    late = root.root.not_valid_after_utc - timedelta(days=10)
    middle = authority.intermediate(root, "one", late)
    (server, _) = authority.issue(middle, request("localhost"), late)
    assert (
        server.not_valid_after_utc == middle.certificate.not_valid_after_utc == root.root.not_valid_after_utc
    )
    with pytest.raises(CertificateError, match="not valid at this time"):
        authority.issue(root, request("localhost"), root.root.not_valid_after_utc)


def test_server_certificates_live_as_long_as_phones_accept() -> None:
    (server,) = authority.issue(authority.create("demo", NOW), request("localhost"), NOW)
    assert server.not_valid_after_utc - server.not_valid_before_utc < timedelta(days=398)
    constraints = server.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not constraints.ca


def test_an_authority_is_written_and_read_back() -> None:
    root = authority.create("demo", NOW)
    again = authority.load(authority.to_pem(root.chain), keys.to_pem(root.key))
    assert again.chain == root.chain
    assert parse(authority.to_pem(root.chain)) == root.chain


def test_what_is_no_authority_is_refused() -> None:
    root = authority.create("demo", NOW)
    with pytest.raises(CertificateError, match="does not belong"):
        authority.load(authority.to_pem(root.chain), keys.to_pem(keys.new_key()))
    key = keys.new_key()
    chain = authority.issue(root, csr.read(csr.write(key, ["localhost"])), NOW)
    with pytest.raises(CertificateError, match="may not sign"):
        authority.load(authority.to_pem(chain), keys.to_pem(key))
