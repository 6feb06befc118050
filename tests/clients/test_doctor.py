"""``usher doctor`` in the laboratory of the real clients: it must foretell what each of them finds.

The other files of this folder prove what Thunderbird, exchangelib and two npm libraries do in every scenario
(``netlab_scenarios.finds``); here the doctor walks the same domains on the real ports and says so beforehand.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.netlab_scenarios import (
    ACTIVESYNC_LIBRARY,
    BY_NAME,
    EXCHANGELIB,
    MANAGED_API,
    PUBLIC,
    SCENARIOS,
    THUNDERBIRD,
    Scenario,
    finds,
    leaks,
)
from tests.support.netlab_usher import Lab

CLIENTS = (THUNDERBIRD, EXCHANGELIB, MANAGED_API, ACTIVESYNC_LIBRARY)
CONFIGURED = "configures itself"
FOUND_OUT = {
    "a web site at the apex, 200 everywhere": "http.apex_html",
    "port 80 only": "net.refused",
    "CNAME to a host without a certificate for the name": "tls.alias_without_certificate",
    "SRV to another site": "dns.no_record",
    "wrong password": "auth.wrong_password",
    "no record at all": "dns.no_record",
}
"""The finding that explains the scenario."""

pytestmark = pytest.mark.timeout(300)
without_nginx = pytest.mark.parametrize("lab", ["usher"], indirect=True)


@dataclass
class Examinations:
    """One report for each scenario, with its exit code and what it said to port 80."""

    lab: Lab
    _known: dict[str, tuple[dict[str, Any], int, str]] = field(default_factory=dict)

    def of(self, scenario: Scenario) -> tuple[dict[str, Any], int, str]:
        if scenario.name not in self._known:
            self.lab.tapped()
            report, code = self._examine(scenario)
            self._known[scenario.name] = report, code, "".join(self.lab.tapped())
        return self._known[scenario.name]

    def _examine(self, scenario: Scenario) -> tuple[dict[str, Any], int]:
        secret = self.lab.folder / "password"
        secret.write_text(f"{scenario.password}\n")
        wish = [scenario.address, "--password-file", str(secret), "--ca", str(self.lab.authority)]
        command = [sys.executable, "-m", "gateway", "doctor", *wish, "--trust", PUBLIC, "--device", "--json"]
        child = self.lab.inside.start(*command)
        assert child.stdout is not None
        text = child.stdout.read()
        assert leaks(text) == []
        return json.loads(text), child.wait(60)


@pytest.fixture(scope="module")
def examinations(lab: Lab) -> Examinations:
    return Examinations(lab)


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """What the report says of each family, by the family's name."""
    return {node["title"].partition(":")[0]: node["fact"] for node in report["tree"]}


@without_nginx
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_foretells_what_the_real_clients_find(examinations: Examinations, scenario: Scenario) -> None:
    report, _, _ = examinations.of(scenario)
    told = outcomes(report)
    hopeful = {client for client in CLIENTS if told[client] == CONFIGURED}
    assert hopeful == {client for client in CLIENTS if finds(client, scenario)}


def test_a_healthy_domain_has_nothing_to_mend(lab: Lab, examinations: Examinations) -> None:
    report, code, _ = examinations.of(BY_NAME["everything that a domain should publish"])
    assert report["counts"]["fail"] == 0
    assert outcomes(report)["phone"] == CONFIGURED
    if lab.front == "usher":
        assert (report["findings"], report["counts"]["warn"], code) == ([], 0, 0)
    else:  # nginx's port 80 leads to the public host whatever the name
        assert {finding["code"] for finding in report["findings"]} <= {"redirect.foreign_host"}


@without_nginx
@pytest.mark.parametrize("name", FOUND_OUT)
def test_names_what_is_wrong(examinations: Examinations, name: str) -> None:
    report, code, _ = examinations.of(BY_NAME[name])
    assert FOUND_OUT[name] in {finding["code"] for finding in report["findings"]}
    assert code == (0 if report["healthy"] else 1)


@without_nginx
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_says_no_password_over_port_80(examinations: Examinations, scenario: Scenario) -> None:
    _, _, said = examinations.of(scenario)
    assert leaks(said) == []
    assert "authorization:" not in said.lower()
