"""The laboratory that the real clients of this folder look around in; see docs/clients.md."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import netlab_usher
from tests.support.netlab_usher import Lab


@pytest.fixture(scope="session", params=netlab_usher.FRONTS)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder: Path = tmp_path_factory.mktemp("netlab")
    with netlab_usher.lab(folder, request.param) as running:
        yield running
