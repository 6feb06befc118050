"""exchangelib against the real gateway, in every scenario (spec/autodiscover.md 6.3): SOAP only.

One process asks for all of them, as a program would that serves many people; its cache is emptied each time.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.netlab import Peer
from tests.support.netlab_scenarios import BY_NAME, EWS, PASSWORD, SCENARIOS, Scenario, leaks
from tests.support.netlab_usher import Lab

PATH = "/autodiscover/autodiscover.svc"
FINDABLE = [scenario for scenario in SCENARIOS if scenario.found]

pytestmark = pytest.mark.timeout(300)
without_nginx = pytest.mark.parametrize("lab", ["usher"], indirect=True)


@dataclass
class Searches:
    """One search for each scenario, and what it said to port 80 meanwhile."""

    lab: Lab
    client: Peer
    _known: dict[str, tuple[dict[str, Any], list[str]]] = field(default_factory=dict)

    def ask(self, address: str, password: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.ask({"address": address, "password": password})
        return found

    def of(self, scenario: Scenario) -> tuple[dict[str, Any], list[str]]:
        if scenario.name not in self._known:
            self.lab.tapped()
            found = self.ask(scenario.address, scenario.password)
            self._known[scenario.name] = found, self.lab.tapped()
        return self._known[scenario.name]


@pytest.fixture(scope="module")
def searches(lab: Lab) -> Searches:
    """exchangelib in the private network, with a folder of its own for its cache on disk."""
    home = lab.folder / "exchangelib"
    home.mkdir()
    environment = {"REQUESTS_CA_BUNDLE": str(lab.authority), "TMPDIR": str(home)}
    return Searches(lab, lab.inside.peer("tests.support.exchangelib_driver", environment))


@pytest.mark.parametrize("scenario", FINDABLE, ids=lambda scenario: scenario.name)
def test_finds_the_server(searches: Searches, scenario: Scenario) -> None:
    found, _ = searches.of(scenario)
    assert found == {"url": EWS, "address": scenario.mailbox, "endpoint": EWS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_password_goes_over_port_80(searches: Searches, scenario: Scenario) -> None:
    _, plain = searches.of(scenario)
    said = "".join(plain)
    assert leaks(said) == []
    assert "authorization:" not in said.lower()
    if scenario.plain:
        assert f"GET {PATH} HTTP/1.1" in said


@without_nginx
def test_a_wrong_password_is_an_error_and_locks_nobody_out(searches: Searches) -> None:
    scenario = BY_NAME["wrong password"]
    for _ in range(6):
        assert searches.ask(scenario.address, scenario.password)["error"] == "UnauthorizedError"
    assert searches.ask(scenario.address, PASSWORD)["url"] == EWS


@without_nginx
def test_finds_nothing_where_nothing_is_published(searches: Searches) -> None:
    found, _ = searches.of(BY_NAME["no record at all"])
    assert found["error"] == "AutoDiscoverFailed"


@without_nginx
def test_no_password_is_in_any_log(searches: Searches, lab: Lab) -> None:
    searches.of(BY_NAME["autodiscover only"])
    lab.asked()
    assert leaks(lab.log) == []
