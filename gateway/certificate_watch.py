"""Looks at the installed certificates once an hour (product 9.1), in the administration's process alone, so
that somebody hears of one that expires before the phones do.
"""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Protocol

from certs import chain
from certs.errors import CertificateError
from gateway.config import Tls
from gateway.config.certificate_files import certificate_files

EVERY_S = 3600.0
_log = logging.getLogger(__name__)


class Notes(Protocol):
    """``gateway.services.certificates.CertificateNotes``."""

    def note(self, name: str, serial: str, good_until: datetime) -> bool: ...


class CertificateWatch:
    """``gateway.worker.Rounds`` calls ``round`` again and again."""

    def __init__(self, tls: Tls, notes: Notes) -> None:
        self._tls = tls
        self._notes = notes

    async def round(self) -> None:
        """Look at every certificate that is configured.

        Raises:
            GatewayError: the database does not answer.
        """
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        try:
            listed = certificate_files(self._tls)
        except OSError as error:
            _log.warning("the folder of certificates cannot be read: %s", error.strerror)
            return
        for files in listed:
            self._judge(files.certificate)

    def _judge(self, path: Path) -> None:
        """One that cannot be read is the reload's matter, which says so."""
        try:
            leaf = chain.parse(path.read_bytes())[0]
        except (OSError, CertificateError):
            return
        if self._notes.note(str(path), f"{leaf.serial_number:x}", leaf.not_valid_after_utc):
            _log.warning("a certificate expires soon", extra={"file": str(path)})
