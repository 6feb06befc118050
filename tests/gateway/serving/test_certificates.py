"""One certificate read from its files (product 9.1, T10)."""

from datetime import timedelta
from pathlib import Path

import pytest

from certs import keys
from certs.errors import CertificateError
from gateway.config import CertificateFiles
from gateway.serving.certificates import Terms, read
from tests.support.handshakes import NOW, Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.put("a.test", "*.a.test")
    return made


def pair(files: Files) -> CertificateFiles:
    return CertificateFiles(files.certificate, files.key)


def test_its_names_are_known(files: Files) -> None:
    assert read(pair(files), Terms(NOW)).names == ("a.test", "*.a.test")


def test_certificate_and_key_may_stand_in_one_file(files: Files) -> None:
    both = files.certificate.with_name("both.pem")
    both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
    assert read(CertificateFiles(both, both), Terms(NOW)).names == ("a.test", "*.a.test")
    both.write_bytes(files.certificate.read_bytes())
    with pytest.raises(CertificateError, match=r"both\.pem: "):
        read(CertificateFiles(both, both), Terms(NOW))


def test_the_same_files_are_not_read_into_a_second_context(files: Files) -> None:
    before = read(pair(files), Terms(NOW))
    assert read(pair(files), Terms(NOW), before) is before
    files.put("b.test")
    assert read(pair(files), Terms(NOW), before).names == ("b.test",)


def test_the_reason_names_the_files(files: Files) -> None:
    files.key.write_bytes(keys.to_pem(keys.new_key()))
    with pytest.raises(CertificateError, match=r"server\.pem and .*server\.key: the key does not belong"):
        read(pair(files), Terms(NOW))


def test_names_of_clients_are_judged_in_place_of_its_own_where_given(files: Files) -> None:
    files.put("mail.acme.org")
    with pytest.raises(CertificateError, match="development authority"):
        read(pair(files), Terms(NOW))
    read(pair(files), Terms(NOW, names=("localhost",)))
    read(pair(files), Terms(NOW, forced=True))


def test_an_expired_one_is_for_the_forced_only(files: Files) -> None:
    files.put(now=NOW - timedelta(days=500))
    with pytest.raises(CertificateError, match="expired"):
        read(pair(files), Terms(NOW))
    read(pair(files), Terms(NOW, forced=True))
