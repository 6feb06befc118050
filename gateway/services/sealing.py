"""Sealing with the secret beside the database (T28): read when it is needed; a wrong one is told."""

from collections.abc import Callable
from typing import Protocol

from certs.sealing import SealBroken
from gateway.errors import GatewayError, Kind


class Sealing(Protocol):
    """``certs.sealing.Sealer`` as the services see it."""

    def seal(self, plain: str, context: str) -> bytes: ...
    def open(self, sealed: bytes, context: str) -> str: ...


class Seals:
    """Seals and opens; every method raises GatewayError UNAVAILABLE while the secret cannot be read."""

    def __init__(self, made: Callable[[], Sealing]) -> None:
        """``made`` reads the secret: OSError and ValueError as they come."""
        self._made = made

    def seal(self, plain: str, context: str) -> bytes:
        """``plain``, to be opened in this context alone."""
        return self._sealing().seal(plain, context)

    def open(self, sealed: bytes, context: str, broken: Kind = Kind.CONFLICT) -> str:
        """What was sealed; GatewayError ``broken`` where the secret is another one by now."""
        try:
            return self._sealing().open(sealed, context)
        except SealBroken:
            fault = "It was sealed with another secret than store.sealing_key_file holds now."
            raise GatewayError(broken, fault) from None

    def _sealing(self) -> Sealing:
        try:
            return self._made()
        except (OSError, ValueError) as error:
            raise GatewayError(Kind.UNAVAILABLE, "The sealing secret cannot be read.") from error
