"""Signing a seal of the trail, and judging one (product 8, T26)."""

from collections.abc import Callable
from dataclasses import replace

from certs.errors import CertificateError
from gateway.errors import GatewayError, Kind
from gateway.records import Seal
from gateway.records.chain import signed_text
from gateway.services.audit_ports import Signing, Trusting


def sealed(seal: Seal, signer: Signing) -> Seal:
    """The seal with its signature."""
    return replace(seal, key=signer.name, signature=signer.sign(_text(seal)))


def is_genuine(seal: Seal, trusted: Trusting) -> bool:
    """Whether a trusted key signed exactly this."""
    try:
        return trusted.verify(seal.key, _text(seal), seal.signature)
    except ValueError:  # half a surrogate pair in a file that somebody made up
        return False


def signer_of(made: Callable[[], Signing]) -> Signing:
    """Read the key now; GatewayError UNAVAILABLE where that cannot be."""
    try:
        return made()
    except (OSError, CertificateError) as error:
        raise GatewayError(Kind.UNAVAILABLE, "The signing key of the audit trail cannot be read.") from error


def _text(seal: Seal) -> bytes:
    return signed_text(seal.kind, seal.sequence, seal.hash, seal.at, seal.count)
