"""What the administration can say of the machine's own configuration (product 7.3, 9.1): mail servers and
certificates. Neither is kept in the database, so neither is changed from here: the file says what is.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from certs import chain
from certs.errors import CertificateError
from gateway.config import Backend, CertificateFiles, Config
from gateway.config.certificate_files import certificate_files
from gateway.health_watch import Backends
from gateway.records.machine import InstalledCertificate, MailServer
from gateway.services.ports import Clock


class ConfiguredMachine:
    """``gateway.records.machine.Machine`` of one configuration."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._backends = Backends(config.backends)

    def mail_servers(self) -> Sequence[MailServer]:
        """The backends, by name; nothing secret of them."""
        return [_shown(each) for _, each in sorted(self._config.backends.items())]

    async def answers(self, name: str) -> bool:
        """Whether the backend of this name gives an HTTP answer of its own, now."""
        return await self._backends.answers(name)

    def certificates(self) -> Sequence[InstalledCertificate]:
        """What is installed; empty where a front proxy has the certificates. Raises OSError for a folder that
        cannot be read."""
        return [self._installed(each) for each in certificate_files(self._config.tls)]

    def _installed(self, files: CertificateFiles) -> InstalledCertificate:
        path = Path(files.certificate)
        try:
            report = chain.inspect(chain.parse(path.read_bytes()), self._clock.now())
        except (CertificateError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return InstalledCertificate(str(path), chain.Level.FAULT.value, (said,))
        return InstalledCertificate(
            str(path),
            report.level.value,
            tuple(each.text for each in report.findings if each.level is not chain.Level.OK),
            report.subject,
            report.issuer,
            report.names,
            report.not_before,
            report.not_after,
            report.key,
        )


def _shown(backend: Backend) -> MailServer:
    parts = urlsplit(backend.url)
    return MailServer(
        backend.name,
        parts.hostname or "",
        backend.kind.value,
        backend.credentials.value,
        parts.scheme == "https",
        backend.verify,
    )
