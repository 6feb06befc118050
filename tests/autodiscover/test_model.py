"""Values of the discovery model."""

from dataclasses import FrozenInstanceError

import pytest

from autodiscover.model import Encryption, Endpoints, MailServer, UrlRedirect


def test_only_activesync_is_always_there() -> None:
    bare = Endpoints("https://usher.example/Microsoft-Server-ActiveSync")
    assert (bare.ews, bare.imap, bare.smtp, bare.web_mail) == (None, None, None, None)


def test_a_mail_server_uses_tls_from_the_first_byte_unless_told_otherwise() -> None:
    assert MailServer("imap.example", 993).encryption is Encryption.SSL


def test_values_are_frozen() -> None:
    server = MailServer("imap.example", 993)
    with pytest.raises(FrozenInstanceError):
        server.port = 143  # type: ignore[misc]  # what is being refused


@pytest.mark.parametrize(
    ("url", "suffix", "expected"),
    [
        (
            "https://a.example/autodiscover/autodiscover.xml",
            ".xml",
            "https://a.example/autodiscover/autodiscover.xml",
        ),
        (
            "https://a.example/AutoDiscover/Autodiscover.xml",
            ".xml",
            "https://a.example/AutoDiscover/Autodiscover.xml",
        ),
        (
            "https://a.example/autodiscover/autodiscover.xml",
            ".svc",
            "https://a.example/autodiscover/autodiscover.svc",
        ),
        ("https://a.example:8443/", ".json", "https://a.example:8443/autodiscover/autodiscover.json"),
        ("https://a.example", ".svc", "https://a.example/autodiscover/autodiscover.svc"),
    ],
    ids=range(5),
)
def test_a_url_redirect_keeps_its_host_and_takes_the_ending_that_a_format_needs(
    url: str, suffix: str, expected: str
) -> None:
    assert UrlRedirect(url).ending(suffix) == expected
