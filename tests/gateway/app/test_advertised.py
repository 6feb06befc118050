"""What AutoDiscover may say of a backend: nothing that it does not serve (product 2.4)."""

from dataclasses import replace
from pathlib import Path

from gateway.app import endpoints
from gateway.config import Backend, Limits
from tests.support.inhabited import configured
from tests.support.offering import OFFERING


def test_autodiscover_advertises_what_the_backend_serves_and_nothing_else(tmp_path: Path) -> None:
    config = configured(tmp_path, OFFERING, Limits())
    found = endpoints(config, OFFERING)
    assert found.activesync == "https://usher.example/Microsoft-Server-ActiveSync"
    assert found.ews == OFFERING.ews_url
    assert found.imap is not None
    assert found.smtp is not None
    assert (found.imap.host, found.imap.port, found.imap.encryption.value) == ("mail.example", 993, "SSL")
    assert (found.smtp.port, found.smtp.encryption.value) == (587, "TLS")
    bare = endpoints(replace(config, public_port=8443), Backend("default", "https://mail.example/"))
    assert bare.activesync == "https://usher.example:8443/Microsoft-Server-ActiveSync"
    assert (bare.ews, bare.imap, bare.smtp) == (None, None, None)
