"""TLS as the listeners speak it, and new certificates without a restart (product 9.1; perf.md 8, 2 and 8).

HTTP/1.1 is the only protocol offered, because a single lost HTTP/2 connection would take every parked Ping
on it along.
"""

import ssl
from pathlib import Path

from certs.errors import CertificateError

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others."""

PROTOCOLS = ("http/1.1",)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context that serves one certificate.

    Raises:
        OSError: a file cannot be read, or OpenSSL refuses it (``ssl.SSLError`` is one).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(list(PROTOCOLS))
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _no_password() -> str:
    """Without this OpenSSL would ask at the terminal, and a start would hang there."""
    raise CertificateError("the private key is encrypted")
