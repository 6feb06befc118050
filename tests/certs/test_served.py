"""What a real TLS server sends, over a real socket."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certs import authority, csr, keys
from certs.errors import CertificateError
from certs.served import served_chain

NOW = datetime.now(UTC)  # noqa: TID251  # OpenSSL in the server looks at the real clock


class Server:
    """A TLS server for one connection."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.names: list[str | None] = []
        if context is not None:
            context.sni_callback = lambda _connection, name, _context: self.names.append(name)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            if self._context is None:
                connection.sendall(b"220 this is not TLS\r\n")
                return
            with self._context.wrap_socket(connection, server_side=True) as tls, suppress(OSError):
                tls.recv(1)

    def look(self, name: str) -> tuple[object, ...]:
        with socket.create_connection(self._listener.getsockname()) as client:
            return served_chain(name, client.sendall, lambda: client.recv(1000))

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


def context(tmp_path: Path, chain: tuple[object, ...], key: keys.PrivateKey) -> ssl.SSLContext:
    (tmp_path / "chain.pem").write_bytes(authority.to_pem(chain))  # type: ignore[arg-type]  # certificates
    (tmp_path / "key.pem").write_bytes(keys.to_pem(key))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    return made


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("name", "announced"), [("usher.example", "usher.example"), ("127.0.0.1", None)])
def test_the_chain_is_seen_as_it_is_sent(
    tmp_path: Path, newest: ssl.TLSVersion, name: str, announced: str | None
) -> None:
    key = keys.new_key()
    middle = authority.intermediate(authority.create("demo", NOW), "one", NOW)
    chain = authority.issue(middle, csr.read(csr.write(key, ["usher.example"])), NOW)
    tls = context(tmp_path, chain, key)
    tls.maximum_version = newest
    server = Server(tls)
    try:
        assert server.look(name) == chain
        assert server.names == [announced]
    finally:
        server.close()


def test_a_server_without_tls_is_said_so() -> None:
    server = Server(None)
    try:
        with pytest.raises(CertificateError, match="does not speak TLS"):
            server.look("usher.example")
    finally:
        server.close()


def test_a_server_that_hangs_up_is_said_so() -> None:
    with pytest.raises(CertificateError, match="closed the connection"):
        served_chain("usher.example", lambda _octets: None, lambda: b"")
