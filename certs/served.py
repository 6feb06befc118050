"""What a server really sends in its handshake, trusted or not (product 9.1).

The handshake runs in memory; whoever calls moves the bytes, so that this package opens no socket.
"""

from collections.abc import Callable, Generator
from typing import cast

from cryptography import x509
from OpenSSL import SSL

from certs.errors import CertificateError
from certs.names import as_address

ROUNDS = 20
"""Exchanges after which a handshake has failed; TLS 1.3 needs one, TLS 1.2 two."""

PIECE = 65536

Chain = tuple[x509.Certificate, ...]


def served_chain(name: str, send: Callable[[bytes], object], receive: Callable[[], bytes]) -> Chain:
    """The certificates that the server sends for a host name, its own first.

    ``send`` takes all the bytes it is given; ``receive`` returns what the server sent, no bytes when it
    closed the connection. The handshake is completed, so that the server logs no error.

    Raises:
        CertificateError: the server speaks no TLS 1.2 or later, or sends no certificate.
    """
    steps = handshake(name)
    try:
        send(next(steps))
        while True:
            send(steps.send(receive()))
    except StopIteration as end:
        chain, last = end.value
        send(last)
        return cast(Chain, chain)


def handshake(name: str) -> Generator[bytes, bytes, tuple[Chain, bytes]]:
    """The same for who moves the bytes in another way: yields what to send and takes what came.

    It returns the chain and the bytes that still have to be sent.

    Raises:
        CertificateError: as ``served_chain``.
    """
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    connection = SSL.Connection(context, None)
    if as_address(name) is None:
        connection.set_tlsext_host_name(name.encode("ascii"))
    connection.set_connect_state()
    for _ in range(ROUNDS):
        if _advance(connection):
            break
        answer = yield _outgoing(connection)
        if not answer:
            raise CertificateError("the server closed the connection during the handshake")
        connection.bio_write(answer)
    chain = connection.get_peer_cert_chain()
    if not chain:
        raise CertificateError("the server sent no certificate")
    return tuple(certificate.to_cryptography() for certificate in chain), _outgoing(connection)


def _advance(connection: SSL.Connection) -> bool:
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return False
    except SSL.Error as error:
        raise CertificateError("the server does not speak TLS 1.2 or later") from error
    return True


def _outgoing(connection: SSL.Connection) -> bytes:
    try:
        return connection.bio_read(PIECE)
    except SSL.WantReadError:
        return b""
