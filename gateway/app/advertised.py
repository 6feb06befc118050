"""What AutoDiscover may say of the configured backends (product 2.4): values, made once from the settings."""

from autodiscover import pox
from autodiscover.model import Encryption, Endpoints, MailServer, UrlRedirect
from gateway.config import ACTIVESYNC_PATH, Backend, Config

IMPLICIT_TLS = frozenset({993, 995, 465})
"""Mail ports on which TLS starts with the first byte; others start it in the dialogue."""


def route(config: Config, backend: Backend) -> Endpoints | UrlRedirect:
    """Where discovery leads a backend's users: to what is served here, or to a foreign server's answer."""
    return UrlRedirect(backend.autodiscover_url) if backend.autodiscover_url else endpoints(config, backend)


def endpoints(config: Config, backend: Backend) -> Endpoints:
    """What AutoDiscover may advertise of a backend: nothing that it does not serve (product 2.4)."""
    return Endpoints(
        activesync=config.origin + ACTIVESYNC_PATH,
        autodiscover=config.origin + pox.PATH,
        ews=backend.ews_url or None,
        mapi=backend.mapi_url or None,
        oab=backend.oab_url or None,
        imap=_mail_server(backend.imap),
        pop3=_mail_server(backend.pop3),
        smtp=_mail_server(backend.smtp),
        web_mail=backend.web_mail or None,
        caldav=backend.caldav_url or None,
        carddav=backend.carddav_url or None,
    )


def _mail_server(text: str) -> MailServer | None:
    host, _, port = text.rpartition(":")
    if not host:
        return None
    encryption = Encryption.SSL if int(port) in IMPLICIT_TLS else Encryption.TLS
    return MailServer(host, int(port), encryption)
