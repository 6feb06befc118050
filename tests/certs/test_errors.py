"""The package's one error."""

from certs.errors import CertificateError


def test_its_text_is_for_people() -> None:
    assert str(CertificateError("the key is encrypted")) == "the key is encrypted"
