"""Real parts for the tests of this folder."""

from tests.support.sogo_lab import sogo

__all__ = ["sogo"]
