"""Is this chain what clients accept: self-signed, wrong name, expired, incomplete (product 9.1, T10)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import authority, csr, keys
from certs.chain import (
    WARNING_AHEAD,
    Level,
    Report,
    explain,
    inspect,
    parse,
    parse_roots,
    refuse_reason,
    unfit_reason,
)
from certs.errors import CertificateError

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROOT = authority.create("demo", NOW)
MIDDLE = authority.intermediate(ROOT, "one", NOW)


def issued(
    *names: str, by: authority.Authority = MIDDLE, now: datetime = NOW
) -> tuple[x509.Certificate, ...]:
    return authority.issue(by, csr.read(csr.write(keys.new_key(), names)), now)


def self_signed(name: str, extension: x509.ExtensionType | None = None, bits: int = 0) -> x509.Certificate:
    key = rsa.generate_private_key(65537, bits) if bits else keys.new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=90))
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256())


def faults(report: Report, topic: str) -> list[str]:
    return [
        finding.text for finding in report.findings if finding.topic == topic and finding.level is Level.FAULT
    ]


def look(chain: Sequence[x509.Certificate], now: datetime = NOW, **names: Sequence[str]) -> Report:
    return inspect(chain, now, roots=[ROOT.root], **names)


def test_a_complete_chain_is_all_well() -> None:
    report = look(issued("usher.example", "autodiscover.example.org"), required=["usher.example"])
    assert report.level is Level.OK
    assert report.names == ("usher.example", "autodiscover.example.org")
    assert report.key == "EC secp256r1"


def test_a_missing_intermediate_is_named_with_what_to_do() -> None:
    (text,) = faults(look(issued("usher.example")[:1]), "chain")
    assert "one is missing" in text or "is missing: put the intermediate" in text
    assert "put the intermediate certificates into the file" in text


def test_a_foreign_root_is_not_trusted() -> None:
    other = authority.create("other", NOW)
    assert "missing" in faults(look(issued("usher.example", by=other)), "chain")[0]
    sent_along = (*issued("usher.example", by=other), other.root)
    assert "not among the trusted roots" in faults(look(sent_along), "chain")[0]


def test_self_signed_is_said_so() -> None:
    assert faults(look([self_signed("usher.example")]), "chain") == ["self-signed: no client will trust it"]


def test_an_impostor_with_the_right_name_is_caught() -> None:
    impostor = authority.Authority(MIDDLE.chain, keys.new_key())
    assert faults(look(issued("usher.example", by=impostor)), "chain")


def test_required_names_are_faults_and_advised_ones_warnings() -> None:
    report = look(issued("usher.example"), required=["autodiscover.example.org"], advised=["example.org"])
    assert faults(report, "names") == ["autodiscover.example.org is missing: clients will refuse to connect"]
    assert [f.text for f in report.findings if f.level is Level.WARNING] == [
        "example.org is missing: needed where this host answers for it"
    ]


def test_a_common_name_alone_is_no_name() -> None:
    assert "no alternative name" in faults(look([self_signed("usher.example")]), "names")[0]


def test_dates_from_the_warning_to_the_end() -> None:
    chain = issued("usher.example")
    end = chain[0].not_valid_after_utc
    assert look(chain, end - WARNING_AHEAD).level is Level.OK
    assert look(chain, end - WARNING_AHEAD + timedelta(seconds=1)).level is Level.WARNING
    assert "expired on" in faults(look(chain, end), "dates")[0]
    assert "not valid at this time" in faults(look(chain, end + timedelta(seconds=1)), "chain")[0]
    assert "valid only from" in faults(look(chain, NOW - timedelta(days=1)), "dates")[0]


def test_weak_keys_and_wrong_purposes_are_faults() -> None:
    weak = self_signed("usher.example", bits=1024)
    assert "RSA key of 1024 bits" in faults(look([weak]), "key")[0]
    clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert "not for TLS servers" in faults(look([self_signed("usher.example", clients)]), "key")[0]


def test_the_report_reads_well() -> None:
    text = explain(look(issued("usher.example"), required=["usher.example", "other.example"]))
    assert "usher.example is covered" in text
    assert "FAULT    names  other.example is missing" in text


def test_rubbish_and_nothing_are_refused() -> None:
    with pytest.raises(CertificateError):
        parse(b"rubbish")
    with pytest.raises(CertificateError):
        inspect([], NOW)


def test_a_broken_root_in_the_collection_does_not_hide_the_others() -> None:
    good = authority.to_pem(ROOT.chain).decode()
    assert parse_roots(["rubbish", good, ""]) == ROOT.chain


PUBLIC, PRIVATE = ["mail.acme.org", "localhost"], ["localhost", "usher.example", "127.0.0.1"]


@pytest.mark.parametrize(
    ("chain", "word"),
    [([self_signed("mail.acme.org")], "self-signed"), (issued("mail.acme.org"), "development")],
)
def test_what_nobody_can_trust_is_not_shown_under_a_public_name(
    chain: Sequence[x509.Certificate], word: str
) -> None:
    reason = refuse_reason(chain, PUBLIC, NOW)
    assert reason is not None
    assert word in reason
    assert "mail.acme.org" in reason
    assert refuse_reason(chain, PRIVATE, NOW) is None


def company_issued() -> tuple[x509.Certificate, x509.Certificate]:
    key, name = keys.new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme root")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=90))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = builder.sign(key, SHA256())
    return (*issued("mail.acme.org", by=authority.Authority((root,), key)), root)


def test_a_companys_own_authority_is_its_own_affair_until_it_expires() -> None:
    leaf, _ = company_issued()
    assert refuse_reason([leaf], PUBLIC, NOW) is None
    assert "expired" in str(refuse_reason([leaf], PUBLIC, leaf.not_valid_after_utc))


def test_what_is_out_of_date_is_unfit_under_any_name() -> None:
    chain = issued("localhost")
    assert unfit_reason(chain, PRIVATE, NOW) is None
    assert unfit_reason(chain, PRIVATE, chain[0].not_valid_after_utc) == "the certificate has expired"
    assert "not valid yet" in str(unfit_reason(chain, PRIVATE, NOW - timedelta(days=1)))
    assert "development" in str(unfit_reason(chain, PUBLIC, NOW))
