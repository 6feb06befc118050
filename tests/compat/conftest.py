"""Real parts for the tests of this folder."""

from tests.support.horde_lab import horde
from tests.support.sogo_lab import sogo

__all__ = ["horde", "sogo"]
