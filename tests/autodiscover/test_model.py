"""Values of the discovery model."""

from dataclasses import FrozenInstanceError

import pytest

from autodiscover.model import Encryption, Endpoints, MailServer


def test_only_activesync_is_always_there() -> None:
    bare = Endpoints("https://usher.example/Microsoft-Server-ActiveSync")
    assert (bare.ews, bare.imap, bare.smtp, bare.web_mail) == (None, None, None, None)


def test_a_mail_server_uses_tls_from_the_first_byte_unless_told_otherwise() -> None:
    assert MailServer("imap.example", 993).encryption is Encryption.SSL


def test_values_are_frozen() -> None:
    server = MailServer("imap.example", 993)
    with pytest.raises(FrozenInstanceError):
        server.port = 143  # type: ignore[misc]  # what is being refused
