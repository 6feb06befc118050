"""Which certificate signs, and when."""

import subprocess
from pathlib import Path

import pytest

from certs.errors import CertificateError
from gateway.config import CertificateFiles, Tls
from gateway.endpoints.profile_signing import ProfileSigner
from tests.support.certificates import server_files

PROFILE = b"<plist/>"


def made(folder: Path, *names: str) -> CertificateFiles:
    folder.mkdir()
    return CertificateFiles(*server_files(folder, *names))


def signer_of(signed: bytes, folder: Path) -> str:
    (folder / "signed").write_bytes(signed)
    arguments = ["openssl", "pkcs7", "-inform", "DER", "-in", str(folder / "signed"), "-print_certs"]
    pem = subprocess.run(arguments, capture_output=True, check=True, timeout=60).stdout
    shown = ["openssl", "x509", "-noout", "-ext", "subjectAltName"]
    return subprocess.run(shown, input=pem, capture_output=True, check=True, timeout=60).stdout.decode()


def test_the_certificate_of_the_public_host_signs(tmp_path: Path) -> None:
    other, own = made(tmp_path / "a", "mail.example"), made(tmp_path / "b", "usher.example")
    tls = Tls(other.certificate, other.key, certificates=(own,))
    assert "usher.example" in signer_of(ProfileSigner(tls, "usher.example")(PROFILE), tmp_path)
    assert "mail.example" in signer_of(ProfileSigner(tls, "nowhere.example")(PROFILE), tmp_path)


def test_a_renewed_certificate_holds_at_once(tmp_path: Path) -> None:
    files = made(tmp_path / "a", "usher.example")
    signer = ProfileSigner(Tls(files.certificate, files.key), "usher.example")
    signer(PROFILE)
    server_files(tmp_path / "a", "usher.example", "new.example")
    assert "new.example" in signer_of(signer(PROFILE), tmp_path)
    files.key.write_bytes(b"broken")
    with pytest.raises(CertificateError):
        signer(PROFILE)
    files.key.unlink()
    with pytest.raises(OSError, match="No such file"):
        signer(PROFILE)


def test_a_bad_file_in_the_folder_keeps_nobody_from_signing(tmp_path: Path) -> None:
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "bad.pem").write_text("no certificate")
    (folder / "gone.pem").symlink_to(tmp_path / "nowhere.pem")
    with pytest.raises(CertificateError):
        ProfileSigner(Tls(folder=folder), "usher.example")(PROFILE)
    own = made(tmp_path / "own", "usher.example")
    (folder / "usher.pem").write_bytes(own.certificate.read_bytes() + own.key.read_bytes())
    signer = ProfileSigner(Tls(folder=folder), "usher.example")
    assert "usher.example" in signer_of(signer(PROFILE), tmp_path)
    (folder / "usher.pem").rename(folder / "usher-2.pem")
    with pytest.raises(OSError, match="No such file"):
        signer(PROFILE)
    assert "usher.example" in signer_of(signer(PROFILE), tmp_path)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="no certificate in"):
        ProfileSigner(Tls(folder=tmp_path), "usher.example")(PROFILE)


def test_without_a_certificate_a_profile_stays_as_it_is() -> None:
    assert ProfileSigner(Tls(), "usher.example")(PROFILE) == PROFILE
