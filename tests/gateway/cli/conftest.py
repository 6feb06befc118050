"""A gateway's configuration and database on disk, and its commands as an operator calls them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.services.tenants import Settings
from mdm.device import Device
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD


@pytest.fixture
def acme(desk: Desk) -> str:
    desk.services.tenants.create_organisation(ADMIN, "acme", Settings(name="Acme"))
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.example")
    return "acme"


@pytest.fixture
def ann(desk: Desk, acme: str) -> str:
    desk.services.users.create(ADMIN, acme, "ann@acme.example", password=PASSWORD)
    return "ann@acme.example"


@pytest.fixture
def usher(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Usher:
    """Runs ``usher`` with this configuration; ``code`` is the exit code that is expected."""
    monkeypatch.setenv("USHER_CONFIG", str(desk.path))

    def run(*arguments: str, code: int = 0, typed: str | None = None) -> Result:
        result = CliRunner().invoke(main, list(arguments), input=typed)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def asked(usher: Usher) -> Callable[..., Any]:
    """Runs ``usher`` with ``--json`` and reads the answer."""
    return lambda *arguments: json.loads(usher(*arguments, "--json").stdout)


@pytest.fixture
def ordered(usher: Usher, desk: Desk, ann: str) -> Device:
    """Ann's phone, which is to be wiped."""
    phone = desk.phone(ann)
    usher("device", "wipe", ann)
    found = desk.services.devices.get(phone.key)
    assert found is not None
    return found
