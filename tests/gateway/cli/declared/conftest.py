"""The API of a desk within this process, for whoever asks."""

from collections.abc import Iterator

import pytest

from gateway.cli.api import Api, on_this_machine
from gateway.records.authority import MACHINE, Authority
from tests.support.desk import Desk

ROOT = Authority("root", appointments=MACHINE, confirmed=True)


@pytest.fixture
def api(desk: Desk) -> Iterator[Api]:
    with on_this_machine(desk.services, ROOT) as api:
        yield api
