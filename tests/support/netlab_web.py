"""Somebody's web site at the bare domain: run inside the private network as ``python -m``.

It knows nothing of mail: every path is 404, or with ``--parked`` a page with 200, as parking pages and shops
answer. Usage: ``ADDRESS CERTIFICATE KEY [--parked]``; HTTPS on 443 and HTTP on 80.
"""

import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!DOCTYPE html><html><head><title>Flowers</title></head><body><p>Flowers!</body></html>\n"


class Site(BaseHTTPRequestHandler):
    """Answers every method alike; what is posted is read, so that the answer arrives."""

    protocol_version = "HTTP/1.1"
    status = HTTPStatus.NOT_FOUND

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(PAGE)

    do_GET = do_HEAD = do_POST = do_PROPFIND = answer  # noqa: N815  # the names that http.server calls


class Secure(ThreadingHTTPServer):
    """The TLS handshake is made in the connection's own thread: a client that stops there stops nobody."""

    context: ssl.SSLContext

    def finish_request(self, request: object, client_address: object) -> None:
        wrapped = self.context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
        super().finish_request(wrapped, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is none of a web site's worries."""


def main(address: str, certificate: str, key: str, *options: str) -> None:
    Site.status = HTTPStatus.OK if "--parked" in options else HTTPStatus.NOT_FOUND
    secure = Secure((address, 443), Site)
    secure.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.context.load_cert_chain(certificate, key)
    plain = ThreadingHTTPServer((address, 80), Site)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    secure.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
