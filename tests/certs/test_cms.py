"""CMS signatures, verified by OpenSSL as iOS would: the chain from what is inside (RFC 5652)."""

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certs import authority, cms, csr, keys
from certs.chain import parse
from certs.errors import CertificateError
from certs.keys import KeyKind
from tests.support.certificates import server_files

DOCUMENT = b'<?xml version="1.0"?>\n<plist>\r\nJ\xc3\xb6rg\n</plist>\n'


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("command", ["smime", "cms"])
@pytest.mark.parametrize("kind", list(KeyKind), ids=lambda kind: kind.value)
def test_openssl_finds_the_very_bytes_and_a_good_signature(
    tmp_path: Path, kind: KeyKind, command: str
) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    root = authority.create("test", now)
    key = keys.new_key(kind)
    chain = authority.issue(root, csr.read(csr.write(key, ("usher.example",))), now)
    (tmp_path / "signed").write_bytes(cms.sign(DOCUMENT, chain, key))
    (tmp_path / "ca.pem").write_bytes(authority.to_pem(root.chain[-1:]))
    verified = openssl(
        *(command, "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "signed"),
        *("-CAfile", tmp_path / "ca.pem", "-purpose", "any", "-out", tmp_path / "out"),
    )
    assert verified.returncode == 0, verified.stderr
    assert (tmp_path / "out").read_bytes() == DOCUMENT


def test_the_intermediates_travel_along(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "usher.example")
    signed = cms.sign_with_pem(DOCUMENT, certificate.read_bytes(), key.read_bytes())
    (tmp_path / "signed").write_bytes(signed)
    shown = openssl("pkcs7", "-inform", "DER", "-in", tmp_path / "signed", "-print_certs")
    assert parse(shown.stdout)
    assert len(parse(shown.stdout)) == len(parse(certificate.read_bytes()))


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "usher.example")
    signed = cms.sign_with_pem(DOCUMENT, certificate.read_bytes(), key.read_bytes())
    (tmp_path / "signed").write_bytes(signed.replace(b"plist", b"PLIST"))
    verified = openssl(
        *("smime", "-verify", "-inform", "DER", "-in", tmp_path / "signed"),
        *("-CAfile", tmp_path / "ca.pem", "-purpose", "any"),
    )
    assert verified.returncode != 0


def test_what_does_not_belong_together_signs_nothing(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "usher.example")
    other = keys.to_pem(keys.new_key())
    with pytest.raises(CertificateError):
        cms.sign_with_pem(DOCUMENT, certificate.read_bytes(), other)
    with pytest.raises(CertificateError):
        cms.sign_with_pem(DOCUMENT, b"nothing", key.read_bytes())
    with pytest.raises(CertificateError):
        cms.sign(DOCUMENT, (), keys.new_key())
