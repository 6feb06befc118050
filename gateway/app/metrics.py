"""What ``/metrics`` is made of: the board, the database, and the certificates on the disk."""

import time
from datetime import UTC, datetime

from certs import chain
from certs.errors import CertificateError
from gateway.board import Board
from gateway.config import Config
from gateway.config.certificate_files import certificate_files
from gateway.endpoints.metrics import Metrics, MetricsPage
from gateway.services.figures import StoreFigures
from gateway.services.ports import Store

CERTIFICATES_EVERY_S = 300.0
DAY_S = 86400.0


class FirstToExpire:
    """Reads the certificates of the configuration now and then: a thousand of them take a second."""

    def __init__(self, config: Config) -> None:
        self._tls = config.tls
        self._until = float("-inf")
        self._expires: datetime | None = None

    def days_left(self) -> float | None:
        """Days until the first of them runs out, below 0 when it has; None where there is none."""
        now = time.monotonic()
        if now >= self._until:
            self._expires, self._until = self._read(), now + CERTIFICATES_EVERY_S
        if self._expires is None:
            return None
        return (self._expires.timestamp() - time.time()) / DAY_S

    def _read(self) -> datetime | None:
        ends = []
        try:
            for files in certificate_files(self._tls):
                ends.append(_end(files.certificate.read_bytes()))
        except OSError:
            return None
        return min((end for end in ends if end is not None), default=None)


def _end(pem: bytes) -> datetime | None:
    try:
        return chain.parse(pem)[0].not_valid_after_utc.astimezone(UTC)
    except (CertificateError, ValueError, IndexError):
        return None


def metrics(config: Config, store: Store, board: Board | None) -> MetricsPage:
    """The exposition of this gateway; without a board, of its database alone."""
    figures = Metrics(
        board.all if board else tuple,
        StoreFigures(store, time.monotonic).counts,
        FirstToExpire(config).days_left,
    )
    return MetricsPage(figures, open_to_all=config.admin.open_metrics)
