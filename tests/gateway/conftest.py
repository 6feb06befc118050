"""The application before a recording mail server, for the tests of its parts."""

from tests.support.gateway import backend, gateway

__all__ = ["backend", "gateway"]
