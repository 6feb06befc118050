"""One certificate as it is served, read from its files and judged (product 9.1; T10).

Every context is made when the files are read and not at a client's first handshake: only then is a key that
does not fit a message at the start or at the reload, and not a phone that fails at night. A context costs
0.6 ms and 21 KiB (measured, EC), which the workers share until the file changes.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from certs.chain import Certificate, parse, unfit_reason
from certs.csr import names_of
from certs.errors import CertificateError
from gateway.config import CertificateFiles
from gateway.serving.tls import server_context


@dataclass(frozen=True, slots=True)
class Served:
    """A certificate in service.

    Attributes:
        names: what it covers, folded.
        digest: of both files, so that a reload makes nothing anew that has not changed.
    """

    files: CertificateFiles
    names: tuple[str, ...]
    digest: bytes
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Terms:
    """What a certificate has to meet.

    Attributes:
        names: those that clients use; None for the names that the certificate itself has.
        forced: allows an expired certificate, and a self-signed or development one under public names.
    """

    now: datetime
    names: tuple[str, ...] | None = None
    forced: bool = False


def read(files: CertificateFiles, terms: Terms, before: Served | None = None) -> Served:
    """The certificate of these files; ``before`` itself when they have not changed.

    Raises:
        CertificateError: it cannot be served, with the files and the reason.
    """
    try:
        octets = files.certificate.read_bytes()
        digest = sha256(octets + files.key.read_bytes()).digest()
        if before is not None and before.digest == digest:
            return before
        chain = parse(octets)
        context = server_context(files.certificate, files.key)
    except (OSError, CertificateError) as error:
        raise CertificateError(f"{told(files)}: {reason(error)}") from error
    names = names_of(chain[0].extensions)
    if fault := None if terms.forced else _unfit(chain, names, terms):
        raise CertificateError(f"{files.certificate}: {fault}")
    return Served(files, names, digest, context)


def told(files: CertificateFiles) -> str:
    """The files for people."""
    both = files.certificate != files.key
    return f"{files.certificate} and {files.key}" if both else str(files.certificate)


def reason(error: OSError | CertificateError) -> str:
    """Why files were refused, in words of this house where OpenSSL's say nothing."""
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def _unfit(chain: tuple[Certificate, ...], names: tuple[str, ...], terms: Terms) -> str | None:
    if terms.names is not None:
        return unfit_reason(chain, terms.names, terms.now)
    return unfit_reason(chain, names, terms.now) if names else "it has no alternative name"
