"""What the commands on certificates know of the directory and of the files."""

from pathlib import Path

import pytest

from certs.errors import CertificateError
from gateway.cli.served import certificates, served_domains
from gateway.config import load
from tests.support.many_domains import PUBLIC, settled


def test_the_domains_of_every_organisation(tmp_path: Path) -> None:
    config = load(settled(tmp_path, "a.test", "b.test"), {})
    assert served_domains(config) == ("a.test", "b.test")


def test_no_database_is_no_domain_and_is_not_made(tmp_path: Path) -> None:
    config = load(settled(tmp_path), {})
    (tmp_path / "usher.db").unlink()
    assert served_domains(config) == ()
    assert not (tmp_path / "usher.db").exists()


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    config = load(settled(tmp_path), {})
    (tmp_path / "usher.db").write_bytes(b"x" * 5000)
    with pytest.raises(CertificateError, match="cannot be read"):
        served_domains(config)


def test_each_name_has_its_file_and_bad_files_their_reason(tmp_path: Path) -> None:
    config = load(settled(tmp_path, "a.test", "b.test"), {})
    (tmp_path / "certs/b.test/fullchain.pem").write_text("rubbish")
    chosen, bad = certificates(config)
    found = chosen.find("autodiscover.a.test")
    assert found is not None and found.key == tmp_path / "certs/a.test/privkey.pem"
    assert PUBLIC in chosen and "autodiscover.b.test" not in chosen
    assert list(bad.values()) == ["no readable PEM certificate"]
