"""The application before a recording mail server, for whole stories."""

from tests.support.gateway import backend, gateway

__all__ = ["backend", "gateway"]
