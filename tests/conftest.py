"""Test files share base names across packages, so each is imported by its path."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # tests import tests.support.*


def pytest_configure(config: pytest.Config) -> None:
    config.option.importmode = "importlib"
