"""The application of port 80."""

from gateway.config import Config
from gateway.endpoints.hosts import Certified, certified_names
from gateway.endpoints.redirect import PlainRedirect
from gateway.proxy.asgi import Message, Receive, Send


class Redirecting:
    """The application of the plain-HTTP listener; only names that a certificate has are redirected to."""

    def __init__(self, config: Config, certified: Certified | None = None) -> None:
        covers = certified or certified_names(config).__contains__
        self._app = PlainRedirect(config.public_host, covers, config.public_port, config.tls.acme_webroot)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def start(self) -> None:
        """Nothing to connect."""

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing to let go of."""


def redirect(config: Config, certified: Certified | None = None) -> Redirecting:
    """The application of port 80; ``certified`` tells whether a certificate in service has a folded name, by
    default what the files held at the start."""
    return Redirecting(config, certified)
