"""Three npm libraries against the real gateway; by hand, since CI has no node: see docs/clients.md.

    .venv/bin/python -m pytest tests/clients/npm_clients.py

``autodiscover-activesync`` asks as phones do; ``ews-javascript-api`` is a port of Microsoft's EWS Managed API
and shows how that one searches (spec/autodiscover.md 6.2, 6.7); ``exchange-autodiscover`` speaks SOAP to all
places at once and asks for a setting named ``undefined`` (R9).
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.components import program
from tests.support.netlab import Peer
from tests.support.netlab_scenarios import (
    ACTIVESYNC_LIBRARY,
    EWS,
    MANAGED_API,
    PUBLIC,
    SCENARIOS,
    SOAP_LIBRARY,
    Scenario,
    finds,
    leaks,
)
from tests.support.netlab_usher import Lab

PARTS = Path(__file__).parent / "npm"
LIBRARIES = {
    "autodiscover-activesync": ACTIVESYNC_LIBRARY,
    "ews-javascript-api": MANAGED_API,
    "exchange-autodiscover": SOAP_LIBRARY,
}
ACTIVESYNC = f"https://{PUBLIC}/Microsoft-Server-ActiveSync"
CHANCE = ("exchange-autodiscover", "a web site at the apex, 200 everywhere")
"""The library asks everywhere at once and gives up if the page arrives first: found or not, no matter."""

CASES = [
    pytest.param(library, scenario, id=f"{library}-{scenario.name}")
    for library in LIBRARIES
    for scenario in SCENARIOS
]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def client(lab: Lab) -> Peer:
    home = lab.folder / "npm"
    shutil.copytree(PARTS, home)
    command = [program("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=home, check=True, timeout=240)
    environment = {"NODE_EXTRA_CA_CERTS": str(lab.authority), "NO_COLOR": "1"}
    peer = Peer(lab.inside.start(program("node"), str(home / "find.cjs"), environment=environment))
    assert peer.hear() == "ready"
    return peer


@pytest.mark.parametrize("lab", ["usher"], indirect=True)
@pytest.mark.parametrize(("library", "scenario"), CASES)
def test_finds_the_server(lab: Lab, client: Peer, library: str, scenario: Scenario) -> None:
    lab.tapped()
    asked = {"library": library, "address": scenario.address, "password": scenario.password}
    answer = client.ask(asked)
    client_name = LIBRARIES[library]
    server = ACTIVESYNC if client_name == ACTIVESYNC_LIBRARY else EWS
    if (library, scenario.name) != CHANCE:
        assert answer["url"] == (server if finds(client_name, scenario) else None), answer
    said = "".join(lab.tapped())
    assert leaks(said) == []
    assert "authorization:" not in said.lower()
