"""What is wrong with a certificate chain, in the words that tell an administrator what to mend (product 2.6).

The verdict is ``certs.chain``'s; here it is only sorted, because each fault has another remedy: a missing
intermediate is one line in a file, a name that is not covered a new certificate.
"""

import ssl
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from certs import chain
from certs.names import covers
from gateway.probes.answers import Chain, Reason


def distrust(
    sent: Chain, name: str, roots: Sequence[chain.Certificate], now: datetime
) -> tuple[Reason, str] | None:
    """Why a client refuses this chain for this name, and in words; None when it accepts it."""
    report = chain.inspect(sent, now, roots=roots, required=(name,))
    faults = {each.topic: each.text for each in report.findings if each.level is chain.Level.FAULT}
    if not faults:
        return None
    if chain.is_self_signed(sent[0]):
        return Reason.TLS_SELF_SIGNED, faults.get("chain", next(iter(faults.values())))
    if "dates" in faults:
        return Reason.TLS_EXPIRED, faults["dates"]
    if "chain" in faults:
        return _broken(sent), faults["chain"]
    if not any(covers(pattern, name) for pattern in report.names):
        held = ", ".join(report.names) or "no name at all"
        return Reason.TLS_NAME, f"the certificate is for {held}, not for {name}"
    return Reason.TLS_WEAK, next(iter(faults.values()))


def _broken(sent: Chain) -> Reason:
    """A server that sends its own certificate alone has forgotten the intermediates; a longer chain that
    leads nowhere has a root that nobody knows."""
    return Reason.TLS_INCOMPLETE if len(sent) == 1 else Reason.TLS_UNTRUSTED


@lru_cache(maxsize=8)
def roots(ca: Path | None) -> tuple[chain.Certificate, ...]:
    """The authorities of a PEM file, or those that this machine trusts.

    Raises:
        CertificateError, OSError: the file is not there or holds no certificate.
    """
    if ca is not None:
        return chain.parse(ca.read_bytes())
    trusted = context(None)
    loaded = [ssl.DER_cert_to_PEM_cert(each) for each in trusted.get_ca_certs(binary_form=True)]
    if not loaded:
        folder = ssl.get_default_verify_paths().capath
        loaded = [path.read_text() for path in Path(folder).glob("*.pem")] if folder else []
    return chain.parse_roots(loaded)


@lru_cache(maxsize=8)
def context(ca: Path | None) -> ssl.SSLContext:
    """A strict client's settings, trusting the same authorities as ``roots``."""
    return ssl.create_default_context(cafile=ca)
