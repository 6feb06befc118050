"""TLS as the listeners speak it, and new certificates without a restart (product 9.1; perf.md 8, 2 and 8).

The listeners keep one context for their life. Every handshake is handed over to the context that was loaded
last, so a reload holds from the next handshake on and disturbs no connection: calling ``load_cert_chain`` a
second time instead would leave an old RSA certificate in force beside a new EC one. HTTP/1.1 is the only
protocol offered, because a single lost HTTP/2 connection would take every parked Ping on it along.
"""

import ssl
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from certs.chain import parse, unfit_reason
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


class ReloadableContext:
    """The context of a listener, whose certificate can be exchanged while it serves.

    Attributes:
        context: what the server is given, once.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        *,
        names: Iterable[str] = (),
        forced: bool = False,
        now: datetime,
    ) -> None:
        """``names`` are those that clients use; ``forced`` allows an expired certificate, and a self-signed
        or development one under public names.

        Raises:
            CertificateError: the files cannot be served, with the reason.
        """
        self._certificate = certificate
        self._key = key
        self._names = tuple(names)
        self._forced = forced
        self._current = self._load(now)
        self.context = server_context(certificate, key)
        self.context.sni_callback = self._hand_over

    def reload(self, now: datetime) -> str | None:
        """Serve what the files hold now; when that cannot be, keep what is served and return the reason."""
        try:
            self._current = self._load(now)
        except CertificateError as error:
            return str(error)
        return None

    def _hand_over(
        self, connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = self._current

    def _load(self, now: datetime) -> ssl.SSLContext:
        try:
            chain = parse(self._certificate.read_bytes())
            context = server_context(self._certificate, self._key)
        except OSError as error:
            raise CertificateError(f"{self._certificate} and {self._key}: {_reason(error)}") from error
        reason = None if self._forced else unfit_reason(chain, self._names, now)
        if reason is not None:
            raise CertificateError(f"{self._certificate}: {reason}")
        return context


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate"
    return error.strerror or str(error)
