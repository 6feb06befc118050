"""The whole application and a recording mail server for every attack."""

from tests.support.gateway import backend, gateway

__all__ = ["backend", "gateway"]
