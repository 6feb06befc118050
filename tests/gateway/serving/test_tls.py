"""TLS on a real socket (product 9.1; perf.md 8)."""

import ssl
from pathlib import Path

import pytest
import uvloop

from gateway.serving.tls import server_context
from tests.support.handshakes import Files, connect, serving


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.put()
    return made


def test_only_http_1_1_is_offered(files: Files) -> None:
    context = server_context(files.certificate, files.key)
    with serving(context, uvloop.new_event_loop) as port, connect(port, files.client()) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        assert connection.version() == "TLSv1.3"


def test_tls_1_2_is_the_oldest_and_has_only_ciphers_with_forward_secrecy(files: Files) -> None:
    with serving(server_context(files.certificate, files.key), uvloop.new_event_loop) as port:
        client = files.client()
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        with connect(port, client) as connection:
            cipher = connection.cipher()
            assert cipher is not None
            assert cipher[0].startswith("ECDHE-")
        client.set_ciphers("AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
        with pytest.raises(OSError):
            connect(port, client)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(files: Files) -> None:
    with serving(server_context(files.certificate, files.key), uvloop.new_event_loop) as port:
        client = files.client()
        client.minimum_version = ssl.TLSVersion.TLSv1_1
        client.maximum_version = ssl.TLSVersion.TLSv1_1
        client.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(OSError):
            connect(port, client)
