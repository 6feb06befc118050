"""The installed certificates are looked at (product 9.1)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.certificate_watch import CertificateWatch
from gateway.chance import SystemClock
from gateway.config import Tls
from tests.support.certificates import server_files


class Notes:
    """What was noted."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, datetime]] = []

    def note(self, name: str, serial: str, good_until: datetime) -> bool:
        self.noted.append((name, serial, good_until))
        return True


async def test_each_certificate_is_noted_with_its_end(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "mail.example.org")
    notes = Notes()
    await CertificateWatch(Tls(certificate, key), notes).round()
    ((name, serial, good_until),) = notes.noted
    assert (name, bool(int(serial, 16))) == (str(certificate), True)
    assert good_until > SystemClock().now() + timedelta(days=1)
    assert good_until.tzinfo is UTC


async def test_one_that_cannot_be_read_is_not_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    good, key = server_files(tmp_path, "mail.example.org")
    (folder / "a.pem").write_text("no certificate")
    (folder / "b.pem").write_bytes(good.read_bytes() + key.read_bytes())
    notes = Notes()
    await CertificateWatch(Tls(folder=folder), notes).round()
    assert [name for name, _, _ in notes.noted] == [str(folder / "b.pem")]
    await CertificateWatch(Tls(folder=tmp_path / "gone"), notes).round()
    await CertificateWatch(Tls(), notes).round()
    assert len(notes.noted) == 1
