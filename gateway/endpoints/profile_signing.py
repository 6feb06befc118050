"""Signs profiles with the certificate that clients see in the handshake (spec/autodiscover.md 11).

The files are read for each profile: it is fetched once in a device's life, and a certificate that was
renewed holds without a reload. Where a front proxy has the certificates there is nothing to sign with, and
a profile goes out unsigned; the device shows it as such and installs it all the same.
"""

from certs.chain import parse
from certs.cms import sign_with_pem
from certs.csr import names_of
from certs.errors import CertificateError
from certs.names import covers
from gateway.config import CertificateFiles, Tls
from gateway.config.certificate_files import certificate_files


class ProfileSigner:
    """Called in a thread with a profile."""

    def __init__(self, tls: Tls, host: str) -> None:
        """``host`` is the public host: the first certificate that has its name signs, else the first."""
        self._tls = tls
        self._host = host
        self._chosen: CertificateFiles | None = None

    def __call__(self, profile: bytes) -> bytes:
        """The profile in CMS SignedData; unsigned where no certificate is configured.

        Raises:
            OSError, certs.errors.CertificateError: the files cannot be read or used.
        """
        if not self._tls.configured:
            return profile
        chosen = self._chosen or self._choose()
        self._chosen = None  # another may have the name next time, should this one be gone
        signed = sign_with_pem(profile, chosen.certificate.read_bytes(), chosen.key.read_bytes())
        self._chosen = chosen
        return signed

    def _choose(self) -> CertificateFiles:
        every = certificate_files(self._tls)
        if not every:
            raise CertificateError(f"no certificate in {self._tls.folder}")
        return next((files for files in every if self._covers(files)), every[0])

    def _covers(self, files: CertificateFiles) -> bool:
        """A bad file is the listeners' business to tell; here it has no name."""
        try:
            names = names_of(parse(files.certificate.read_bytes())[0].extensions)
        except (OSError, CertificateError):
            return False
        return any(covers(name, self._host) for name in names)
