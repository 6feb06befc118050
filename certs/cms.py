"""Signing a document with the server's own certificate: CMS SignedData (RFC 5652; spec/autodiscover.md 11).

DER, with the document inside and not beside it, and the intermediates with it: iOS shows a configuration
profile as Verified when it can build the chain from what it is given. The moment of signing is written by
``cryptography`` from the machine's clock; no argument for it exists.
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from certs.chain import parse
from certs.errors import CertificateError
from certs.keys import PrivateKey, from_pem


def sign(document: bytes, chain: Sequence[x509.Certificate], key: PrivateKey) -> bytes:
    """The signed document; ``chain`` has the signer's certificate first.

    Raises:
        CertificateError: the key belongs to another certificate, or there is none.
    """
    if not chain or chain[0].public_key() != key.public_key():
        raise CertificateError("the key does not belong to the certificate")
    builder = PKCS7SignatureBuilder().set_data(document).add_signer(chain[0], key, SHA256())
    for certificate in chain[1:]:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.NoCapabilities])


def sign_with_pem(document: bytes, certificate: bytes, key: bytes) -> bytes:
    """The same with the contents of the files that a server has.

    Raises:
        CertificateError: as ``sign``, and for what is no certificate or key.
    """
    return sign(document, parse(certificate), from_pem(key))
